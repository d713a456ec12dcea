//! The night run: the real program renews everything that is due, and the ledger of the simulator must agree.

use crate::commits::SingleRows;
use crate::place::Place;
use crate::report::{Table, Targets, rate, whole};
use crate::{Failure, Sizes, process, seed};
use std::time::Duration;
use teiki_infrastructure::event_store::{Storage, StorageOptions};
use teiki_tests::stores::StoreKind;

/// A renewal makes three commits of its own, so one for every ten single rows leaves two thirds of the machine for
/// everything else: Paygent's side, the log, the tables.
const COMMITS_PER_RENEWAL: f64 = 10.0;
const GROWTH: f64 = 1.10;
const MEMORY_KIB: u64 = 150 * 1024;

/// One run.
struct Run {
    due: usize,
    commits: f64,
    used: process::Used,
    paygent: Duration,
    machine: Duration,
}

impl Run {
    fn renewals(&self) -> f64 {
        rate(self.due as u64, self.used.wall)
    }

    fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1000.0 / self.due as f64
    }
}

/// Runs both sizes; returns the place of the larger one.
pub(crate) async fn measure(kind: StoreKind, sizes: &Sizes, targets: &mut Targets) -> Result<Place, Failure> {
    println!("## Night run on {}\n", crate::name(kind));
    let (small, place) = run(kind, sizes.due.0, sizes).await?;
    place.close().await;
    let (large, place) = run(kind, sizes.due.1, sizes).await?;
    print(&[&small, &large]);
    let name = crate::name(kind);
    if kind == StoreKind::Postgres {
        for run in [&small, &large] {
            let per = run.commits / run.renewals();
            targets.add(
                format!(
                    "{name}, {} due: one renewal in the time of at most 10 single-row commits",
                    whole(run.due as f64)
                ),
                format!("{per:.1}"),
                per <= COMMITS_PER_RENEWAL,
            );
        }
    }
    for (what, ratio) in [
        ("engine's processor time", large.each(large.used.processor) / small.each(small.used.processor)),
        ("time", large.each(large.used.wall) / small.each(small.used.wall)),
    ] {
        let sizes = format!("{} / {}", whole(large.due as f64), whole(small.due as f64));
        targets.add(
            format!("{name}: {what} of a renewal, {sizes}, at most 1.10"),
            format!("{ratio:.2}"),
            ratio <= GROWTH,
        );
    }
    let peak = small.used.peak_kib.max(large.used.peak_kib);
    targets.add(format!("{name}: memory of the engine at most 150 MiB"), mib(peak), peak <= MEMORY_KIB);
    Ok(place)
}

/// A night without measuring anything, for the log it leaves behind.
pub(crate) async fn only(kind: StoreKind, due: usize) -> Result<Place, Failure> {
    let place = Place::new(kind).await?;
    seed::seed(&place, due).await?;
    let command = place.teiki(&["renew", "--json"]);
    let (printed, _) = tokio::task::spawn_blocking(|| process::run(command)).await??;
    check(&place, due, &printed).await?;
    Ok(place)
}

async fn run(kind: StoreKind, due: usize, sizes: &Sizes) -> Result<(Run, Place), Failure> {
    let place = Place::new(kind).await?;
    seed::seed(&place, due).await?;
    let mut single = SingleRows::beside(&place).await?;
    if due == sizes.due.0 {
        println!("Durability: {}\n", single.durability().await?);
    }
    for _ in 0..sizes.commit_rounds {
        single.measure(sizes.commits_for).await?;
    }
    let (machine, paygent) = (process::machine_time()?, process::processor_time(place.paygent.id())?);
    let command = place.teiki(&["renew", "--json"]);
    let (printed, used) = tokio::task::spawn_blocking(|| process::run(command)).await??;
    let machine = process::machine_time()?.saturating_sub(machine);
    let paygent = process::processor_time(place.paygent.id())?.saturating_sub(paygent);
    for _ in 0..sizes.commit_rounds {
        single.measure(sizes.commits_for).await?;
    }
    let commits = single.rate();
    single.close().await;
    check(&place, due, &printed).await?;
    Ok((Run { due, commits, used, paygent, machine }, place))
}

/// Every due subscription has one order, every order one captured payment, and nothing was charged twice.
async fn check(place: &Place, due: usize, printed: &str) -> Result<(), Failure> {
    let summary: serde_json::Value = serde_json::from_str(printed)?;
    let ledger = place.paygent.get("/ledger").await?;
    let storage = Storage::open(&place.url, &StorageOptions::default()).await?;
    let count = "SELECT COUNT(*) FROM order_list WHERE payment_status = 'captured' AND transaction_id IS NOT NULL";
    let orders: i64 = match &storage {
        Storage::Sqlite(sqlite) => sqlx::query_scalar(count).fetch_one(&sqlite.readers).await?,
        Storage::Postgres(pool) => sqlx::query_scalar(count).fetch_one(pool).await?,
    };
    storage.close().await;
    let number = |value: &serde_json::Value, name: &str| value.get(name).and_then(serde_json::Value::as_u64);
    let wanted = Some(due as u64);
    for (what, found, wanted) in [
        ("orders generated", number(&summary, "generated"), wanted),
        ("orders captured", number(&summary, "captured"), wanted),
        ("paid orders in the order list", u64::try_from(orders).ok(), wanted),
        ("payments in the simulator's ledger", number(&ledger, "payments"), wanted),
        ("authorisations in the simulator's ledger", number(&ledger, "authorisations"), wanted),
        ("transaction IDs charged twice", number(&ledger, "doubled_trading_ids"), Some(0)),
    ] {
        if found != wanted {
            return Err(format!("{what}: {found:?} instead of {wanted:?}; the run said {printed}").into());
        }
    }
    Ok(())
}

fn mib(kib: u64) -> String {
    format!("{:.0} MiB", kib as f64 / 1024.0)
}

fn print(runs: &[&Run]) {
    let mut table = Table::new(&[
        "due",
        "took",
        "renewals/s",
        "single-row commits/s",
        "commits per renewal",
        "engine memory",
        "time each",
        "engine CPU each",
        "simulator CPU each",
        "other CPU each",
    ]);
    for run in runs {
        let other = run.machine.saturating_sub(run.used.processor).saturating_sub(run.paygent);
        table.row(vec![
            whole(run.due as f64),
            format!("{:.1} s", run.used.wall.as_secs_f64()),
            whole(run.renewals()),
            whole(run.commits),
            format!("{:.1}", run.commits / run.renewals()),
            mib(run.used.peak_kib),
            format!("{:.2} ms", run.each(run.used.wall)),
            format!("{:.2} ms", run.each(run.used.processor)),
            format!("{:.2} ms", run.each(run.paygent)),
            format!("{:.2} ms", run.each(other)),
        ]);
    }
    table.print();
}
