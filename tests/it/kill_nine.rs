//! R1-R6 under kill -9: whatever moment the engine dies at, every due subscription has exactly one order for its
//! date, and Paygent's ledger exactly one payment for each authorised attempt.

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::time::Duration;
use teiki_domain::payment_method::SaleMode;
use teiki_tests::judge;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// Subscriptions due each night.
const SUBSCRIPTIONS: usize = 40;
/// How long Paygent takes for each telegram: with it a run has a middle to be killed in.
const LATENCY: Duration = Duration::from_millis(15);

/// `TEIKI_KILL_ROUNDS` and `TEIKI_KILL_SEED` repeat or lengthen the test.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

async fn rounds(kind: StoreKind) {
    let seed = setting("TEIKI_KILL_SEED", 20_260_401);
    let count = setting("TEIKI_KILL_ROUNDS", 50);
    println!("seed {seed}, {count} rounds; repeat with TEIKI_KILL_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let first_day: NaiveDate = "2026-04-01".parse().unwrap();
    let mut stage = Stage::with(kind, "2026-04-01", |simulated| simulated.latency = LATENCY).await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for i in 0..SUBSCRIPTIONS {
        // One in eight is declined: a failure must survive a crash as well as a success.
        enrol(&app, &stage.simulator, i, if i % 8 == 7 { "8205" } else { "1111" }).await;
        subscribe(&app, i, "days:1", first_day, 1_000 + i as i64).await;
    }
    app.stop().await;
    // Short only from here on: setting up on a busy machine must not fail for it.
    stage.timeout_ms = 200;

    // The first night is left alone, to learn how long a night takes here.
    let began = std::time::Instant::now();
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let whole = began.elapsed();
    let mut killed = 0;
    for round in 1..=count {
        let today = first_day.checked_add_days(Days::new(round)).unwrap();
        stage.set_day(today);
        // One to three kills, each at a random moment of the run; then one run that is left alone.
        for _ in 0..random.random_range(1..=3) {
            let mut child = stage.teiki(&["renew"]).spawn().unwrap();
            let moment = whole.mul_f64(random.random_range(0.02..0.95));
            if tokio::time::timeout(moment, child.wait()).await.is_err() {
                child.start_kill().unwrap();
                child.wait().await.unwrap();
                killed += 1;
            }
        }
        let output = stage.teiki(&["renew", "--json"]).output().await.unwrap();
        assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));

        let app = stage.app().await;
        let orders = judge::judge(&stage, &app).await;
        assert_eq!(orders, SUBSCRIPTIONS * (round as usize + 1), "round {round} (seed {seed})");
        let stories = judge::stories(&app).await;
        for i in 0..SUBSCRIPTIONS {
            let id = teiki_domain::ids::OrderId::for_generation(&subscription(i), today);
            let story = &stories[id.as_str()];
            assert_eq!(story.failed.len(), usize::from(i % 8 == 7), "{id}: {story:?}");
        }
        app.stop().await;
    }
    println!("{count} rounds, {killed} kills");
    assert!(killed >= count, "only {killed} kills met a running engine: the moments are chosen too late");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_r6_killed_at_any_moment_on_sqlite() {
    rounds(StoreKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_r6_killed_at_any_moment_on_postgres() {
    rounds(StoreKind::Postgres).await;
}
