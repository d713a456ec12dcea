//! R1: the worker of `teiki serve` wakes just after 00:00 in Tokyo, by the clock and not before.

use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};
use teiki::app::App;
use teiki::workers::schedule;
use teiki_domain::payment_method::SaleMode;
use teiki_projections::order_list::{self, OrderFilter};
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

fn tokyo(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("{text}+09:00")).unwrap().with_timezone(&Utc)
}

async fn orders(app: &App) -> usize {
    app.settle().await.unwrap();
    order_list::list(&app.storage, &OrderFilter::default(), None, 100).await.unwrap().rows.len()
}

/// Waits until so many orders are listed; the deadline only ends a test that has failed.
async fn until(app: &App, wanted: usize) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while orders(app).await < wanted {
        assert!(Instant::now() < deadline, "{wanted} orders did not appear");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_the_night_run_starts_just_after_midnight_in_tokyo() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:1", "2026-04-01".parse().unwrap(), 1_000).await;
    schedule::start(&app);
    until(&app, 1).await;
    // One second before midnight in Tokyo it is still the old day, although in UTC nothing special is near.
    app.clock.set(tokyo("2026-04-01T23:59:59"));
    assert_eq!(app.clock.now().to_rfc3339(), "2026-04-01T14:59:59+00:00");
    assert_eq!(app.clock.today().to_string(), "2026-04-01");
    assert_eq!(orders(&app).await, 1);
    app.clock.set(tokyo("2026-04-02T00:00:11"));
    until(&app, 2).await;
    // The engine sleeps through two nights: both are made up for.
    app.clock.set(tokyo("2026-04-04T08:30:00"));
    until(&app, 4).await;
    app.stop().await;
    stage.close().await;
}
