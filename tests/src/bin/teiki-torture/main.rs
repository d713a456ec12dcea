//! `teiki-torture`: days of a shop in which everything that can break does, and a judge after each.
//!
//! ```text
//! teiki-torture [--store sqlite|postgres] [--rounds 40] [--minutes 30] [--seed N]
//! ```
//!
//! Without `--store` both, one after the other. Ends with 1 at the first violation; the store, the certificates and
//! what every engine logged are then left where the report says.

use clap::Parser;
use std::process::ExitCode;
use std::time::Duration;
use teiki_tests::stores::StoreKind;
use teiki_tests::torture::{self, Settings};

#[derive(Parser)]
#[command(about = "Days of a shop in which everything that can break does, and a judge after each")]
struct Arguments {
    /// sqlite or postgres; both if left out.
    #[arg(long, value_parser = store)]
    store: Option<StoreKind>,
    /// Days on each store.
    #[arg(long, default_value_t = 40)]
    rounds: u32,
    /// No new day begins on a store after so many minutes.
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// Seed of all draws; a new one if left out.
    #[arg(long)]
    seed: Option<u64>,
    /// Subscriptions, each due every day.
    #[arg(long, default_value_t = 16)]
    subscriptions: usize,
    /// Things that happen to the engines in a day.
    #[arg(long, default_value_t = 8)]
    blows: u32,
}

fn store(text: &str) -> Result<StoreKind, String> {
    match text {
        "sqlite" => Ok(StoreKind::Sqlite),
        "postgres" => Ok(StoreKind::Postgres),
        _ => Err("write sqlite or postgres".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let stores = arguments.store.map_or_else(|| vec![StoreKind::Sqlite, StoreKind::Postgres], |store| vec![store]);
    println!("seed {seed}; the same draws again with --seed {seed}");
    let mut violations = 0;
    for store in stores {
        let settings = Settings {
            store,
            rounds: arguments.rounds,
            within: Duration::from_secs(arguments.minutes * 60),
            seed,
            subscriptions: arguments.subscriptions,
            blows: arguments.blows,
        };
        match torture::run(&settings, |report| println!("{}", report.line())).await {
            Ok(report) => {
                println!("{report}");
                violations += report.violations.len();
            }
            Err(error) => {
                eprintln!("the days on {store:?} ended early: {error}");
                return ExitCode::from(2);
            }
        }
    }
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
