//! The short form of `make torture`: a few days on each store in which everything breaks (W0-W15), with the same seed
//! every time. A program of its own, because it restarts the database server: what ran beside it would lose its
//! connections too.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;
use teiki_tests::stores::StoreKind;
use teiki_tests::torture::{Settings, run};

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_w0_to_w15_after_every_day_both_sides_know_the_same_payments() {
    after_every_day_both_sides_know_the_same_payments(StoreKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_w0_to_w15_after_every_day_both_sides_know_the_same_payments() {
    after_every_day_both_sides_know_the_same_payments(StoreKind::Postgres).await;
}

async fn after_every_day_both_sides_know_the_same_payments(store: StoreKind) {
    let settings = Settings {
        store,
        rounds: 3,
        // Only so that a machine that stands still does not hold up the check for ever.
        within: Duration::from_secs(600),
        seed: 20_260_402,
        subscriptions: 12,
        blows: 6,
    };
    let report = run(&settings, |report| println!("{}", report.line())).await.expect("the days are lived");
    assert_eq!(report.violations, Vec::<String>::new(), "{report}");
    assert_eq!(report.rounds, 3, "{report}");
    // A judge who was shown nothing has judged nothing.
    assert_eq!(report.orders, 36, "{report}");
    assert!(report.blows.sum() >= 6 && report.paygent.sum() >= 6 && report.commands.sum() >= 12, "{report}");
}
