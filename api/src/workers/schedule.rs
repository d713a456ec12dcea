//! When work happens by itself in `teiki serve`: the renewals of each night, the asking about unknown outcomes.

use super::{night_run, recovery_round};
use crate::app::App;
use crate::payments::FirstSeen;
use chrono::Days;
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use teiki_domain::business_day::tokyo_midnight;
use tokio::sync::Mutex;

/// The run starts this long after midnight, so that a clock a little ahead never charges a day early.
const AFTER_MIDNIGHT: chrono::Duration = chrono::Duration::seconds(10);
/// Pause between rounds of asking about unknown outcomes.
const RECOVERY_EVERY: Duration = Duration::from_secs(30);
/// Pause before a run that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// Starts both. They end with the engine, after what is under way: a call that was sent gets its outcome on record.
pub fn start(app: &Arc<App>) {
    let nights = app.clone();
    app.spawn(async move { again_after_panic(&nights, "the night run", || every_night(&nights)).await });
    let asking = app.clone();
    app.spawn(
        async move { again_after_panic(&asking, "asking about unknown outcomes", || keep_asking(&asking)).await },
    );
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
            Ok(summary) => tracing::info!(%today, ?summary, "the night run is done"),
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

async fn keep_asking(app: &App) {
    let seen = Arc::new(Mutex::new(FirstSeen::default()));
    loop {
        tokio::select! {
            () = app.stopping().cancelled() => return,
            () = tokio::time::sleep(RECOVERY_EVERY) => {}
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
