//! `teiki-bench`: what the machine can do at most, and what Teiki does of it, side by side in one run.
//!
//! ```text
//! teiki-bench [--quick] [--store sqlite|postgres] [--part night|replay|rebuild]
//! ```
//!
//! Rates are only comparable inside one run; the ratios are what to rely on. `--quick` shows in under a minute that
//! everything works, with numbers too small to mean anything.

mod commits;
mod night;
mod place;
mod process;
mod rebuild;
mod replay;
mod report;
mod seed;

use place::Place;
use report::Targets;
use std::process::ExitCode;
use std::time::Duration;
use teiki_tests::stores::StoreKind;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How much is measured.
struct Sizes {
    /// Due subscriptions of the small and of the large night.
    due: (usize, usize),
    /// Rounds of single-row commits before and after each night.
    commit_rounds: usize,
    /// How long a round lasts.
    commits_for: Duration,
    /// Rounds of replaying.
    replay_rounds: usize,
}

const FULL: Sizes =
    Sizes { due: (10_000, 40_000), commit_rounds: 3, commits_for: Duration::from_secs(2), replay_rounds: 7 };
const QUICK: Sizes =
    Sizes { due: (200, 800), commit_rounds: 1, commits_for: Duration::from_millis(300), replay_rounds: 2 };

/// What is asked for.
struct Arguments {
    sizes: Sizes,
    stores: Vec<StoreKind>,
    parts: Vec<String>,
}

const USAGE: &str = "use: teiki-bench [--quick] [--store sqlite|postgres] [--part night|replay|rebuild]";

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, Failure> {
    let mut arguments = Arguments { sizes: FULL, stores: vec![], parts: vec![] };
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--quick" => arguments.sizes = QUICK,
            "--store" => match given.next().as_deref() {
                Some("sqlite") => arguments.stores.push(StoreKind::Sqlite),
                Some("postgres") => arguments.stores.push(StoreKind::Postgres),
                _ => return Err(USAGE.into()),
            },
            "--part" => match given.next() {
                Some(part) if ["night", "replay", "rebuild"].contains(&part.as_str()) => arguments.parts.push(part),
                _ => return Err(USAGE.into()),
            },
            _ => return Err(USAGE.into()),
        }
    }
    if arguments.stores.is_empty() {
        arguments.stores = vec![StoreKind::Postgres, StoreKind::Sqlite];
    }
    Ok(arguments)
}

fn name(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Sqlite => "SQLite",
        StoreKind::Postgres => "PostgreSQL",
    }
}

fn main() -> ExitCode {
    let result = arguments(std::env::args().skip(1)).and_then(|arguments| {
        // The control port is plain HTTP, but the client wants to know its way to speak TLS all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&arguments))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("teiki-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { sizes, stores, parts } = arguments;
    let asked = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("# teiki-bench on {cores} cores, {} renewals at once\n", place::CONCURRENCY);
    let mut targets = Targets::default();
    for kind in stores {
        // Replay and rebuild read the log that the larger night left behind.
        let place = match asked("night") {
            true => night::measure(*kind, sizes, &mut targets).await?,
            false => night::only(*kind, sizes.due.1).await?,
        };
        if asked("replay") {
            replay::measure(&place, sizes, &mut targets).await?;
        }
        if asked("rebuild") {
            rebuild::measure(&place, &mut targets).await?;
        }
        Place::close(place).await;
    }
    targets.print();
    if sizes.due == QUICK.due {
        println!("These numbers are too small to mean anything; run without --quick.");
    }
    Ok(())
}
