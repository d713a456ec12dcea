//! When work happens by itself in `teiki serve`: the renewals of each night with the retries and the reconciliation
//! after them, the asking about unknown outcomes, Paygent's notices, the webhooks, the mails.

use super::{mails, night_run, notices, reconcile, recovery_round, retries, webhooks};
use crate::app::App;
use crate::http::idempotency::KEPT_DAYS;
use crate::payments::FirstSeen;
use chrono::{Days, NaiveDate};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use teiki_domain::business_day::tokyo_midnight;
use teiki_infrastructure::idempotency_keys;
use tokio::sync::Mutex;

/// The run starts this long after midnight, so that a clock a little ahead never charges a day early.
const AFTER_MIDNIGHT: chrono::Duration = chrono::Duration::seconds(10);
/// Longest pause between rounds of asking about unknown outcomes and of notices.
const ROUND_EVERY: Duration = Duration::from_secs(30);
/// Notices are fetched everywhere at least so often, also where Paygent sends them by itself: one that never arrives
/// leaves no hole before the next one does.
const FETCH_EVERY: Duration = Duration::from_secs(600);
/// Days before today that the nightly reconciliation looks back: outcomes settle within two.
const RECONCILE_DAYS: u64 = 2;
/// Pause before a run that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// Pause between two rounds of asking. As long as a call can be under way there is nothing to ask.
fn round_every(app: &App) -> Duration {
    app.payments.in_flight_limit().clamp(Duration::from_millis(200), ROUND_EVERY)
}

/// Starts all of it. They end with the engine, after what is under way: a call that was sent gets its outcome on record.
pub fn start(app: &Arc<App>) {
    let nights = app.clone();
    app.spawn(async move { again_after_panic(&nights, "the night run", || every_night(&nights)).await });
    let asking = app.clone();
    app.spawn(
        async move { again_after_panic(&asking, "asking about unknown outcomes", || keep_asking(&asking)).await },
    );
    let news = app.clone();
    app.spawn(async move { again_after_panic(&news, "the notices", || keep_listening(&news)).await });
    let hooks = app.clone();
    app.spawn(async move { again_after_panic(&hooks, "the webhooks", || webhooks::keep_sending(&hooks)).await });
    let letters = app.clone();
    app.spawn(async move { again_after_panic(&letters, "the mails", || mails::keep_sending(&letters)).await });
}

/// A worker that panics begins anew: nobody would notice that the nights are over until the orders are missed.
async fn again_after_panic<F: Future<Output = ()>>(app: &App, what: &str, work: impl Fn() -> F) {
    while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
        tracing::error!(what, "a worker failed without an error of its own and is started again");
        tokio::select! {
            () = app.stopping().cancelled() => return,
            () = tokio::time::sleep(RETRY_AFTER) => {}
        }
    }
}

/// R1: just after 00:00 in Tokyo, every day.
async fn every_night(app: &App) {
    loop {
        // At the start too: nights missed while the engine was down are caught up at once (R6).
        let today = app.clock.today();
        match night_run::run(app, today, Arc::new(|_, _| {})).await {
            Ok(summary) => {
                tracing::info!(%today, ?summary, "the night run is done");
                after_the_night(app, today).await;
            }
            Err(night_run::RunError::Stopped) => return,
            Err(error) => {
                tracing::error!(%today, %error, "the night run failed and is tried again");
                tokio::select! {
                    () = app.stopping().cancelled() => return,
                    () = tokio::time::sleep(RETRY_AFTER) => continue,
                }
            }
        }
        let Some(tomorrow) = today.checked_add_days(Days::new(1)) else { return };
        tokio::select! {
            () = app.stopping().cancelled() => return,
            () = app.clock.sleep_until(tokyo_midnight(tomorrow) + AFTER_MIDNIGHT) => {}
        }
    }
}

/// What follows the renewals: retries, our log held against Paygent's books, and forgetting what was kept long enough.
async fn after_the_night(app: &App, today: NaiveDate) {
    let kept_since = app.clock.now() - chrono::Duration::days(KEPT_DAYS);
    if let Err(error) = idempotency_keys::sweep(&app.storage, kept_since).await {
        tracing::error!(%error, "old idempotency keys were not forgotten; the next night does");
    }
    match retries::run(app, today).await {
        Ok(retried) if retried != retries::Retried::default() => tracing::info!(?retried, "the retries are done"),
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "the retries failed; the next night tries them"),
    }
    let since = tokyo_midnight(today.checked_sub_days(Days::new(RECONCILE_DAYS)).unwrap_or(today));
    match reconcile::run(app, since, true, |_, _| {}).await {
        Ok(compared) => {
            for difference in &compared.differences {
                tracing::warn!(?difference, "our log and Paygent's books differ");
            }
            tracing::info!(asked = compared.asked, differences = compared.differences.len(), "reconciled with Paygent");
        }
        Err(error) => tracing::error!(%error, "the reconciliation failed; run `teiki reconcile`"),
    }
}

async fn keep_listening(app: &App) {
    let mut fetched_all: Option<Instant> = None;
    loop {
        tokio::select! {
            () = app.stopping().cancelled() => return,
            () = app.notices_waiting().notified() => {}
            () = tokio::time::sleep(round_every(app)) => {}
        }
        crate::metrics::tidy();
        let fetch_all = fetched_all.is_none_or(|at| at.elapsed() >= FETCH_EVERY);
        match notices::run(app, fetch_all).await {
            Ok(handled) => {
                if fetch_all {
                    fetched_all = Some(Instant::now());
                }
                if handled.handled > 0 {
                    tracing::info!(?handled, "notices of Paygent were handled");
                }
            }
            Err(error) => tracing::error!(%error, "handling Paygent's notices failed and is tried again"),
        }
    }
}

async fn keep_asking(app: &App) {
    let seen = Arc::new(Mutex::new(FirstSeen::default()));
    // A crash may have come between a card change and the attempts it causes.
    if let Err(error) = retries::missed_card_changes(app).await {
        tracing::error!(%error, "attempts after card changes could not be looked for; the next start does");
    }
    loop {
        tokio::select! {
            () = app.stopping().cancelled() => return,
            () = tokio::time::sleep(round_every(app)) => {}
        }
        match recovery_round::run(app, &seen).await {
            Ok(report) if report.resolved > 0 => {
                tracing::info!(
                    resolved = report.resolved,
                    open = report.still_open,
                    "outcomes at Paygent became known"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "asking about unknown outcomes failed and is tried again"),
        }
    }
}
