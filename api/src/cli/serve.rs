//! `teiki serve`: the API, the pages and the workers, until a signal.

use super::{CliError, start};
use crate::app::App;
use crate::http;
use crate::payments::FirstSeen;
use crate::workers::{night_run, recovery_round};
use chrono::Days;
use std::sync::Arc;
use std::time::Duration;
use teiki_domain::business_day::tokyo_midnight;
use teiki_infrastructure::config::Config;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// The run starts this long after midnight, so that a clock a little ahead never charges a day early.
const AFTER_MIDNIGHT: chrono::Duration = chrono::Duration::seconds(10);
/// Pause between rounds of asking about unknown outcomes.
const RECOVERY_EVERY: Duration = Duration::from_secs(30);
/// Pause before a run that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(60);

pub(super) async fn run(config: Config) -> Result<(), CliError> {
    // The address first: a wrong one is told before any work begins.
    let listener = bind(&config.listen).await?;
    let app = start(config).await?;
    spawn_workers(&app);
    let result = until_signal(app.clone(), listener).await;
    app.stop().await;
    result
}

/// Takes the address to serve on.
pub(crate) async fn bind(listen: &str) -> Result<TcpListener, CliError> {
    http::bind(listen).await.map_err(|error| CliError::Other(error.to_string()))
}

/// Serves until Ctrl-C or a termination signal.
pub(crate) async fn until_signal(app: Arc<App>, listener: TcpListener) -> Result<(), CliError> {
    let address = listener.local_addr().map_err(|error| CliError::Other(error.to_string()))?;
    println!("Teiki serves on http://{address}/ (受注一覧 http://{address}/orders, カード管理 http://{address}/cards); Ctrl-C stops it.");
    let stop = app.stopping().clone();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signal().await;
            stop.cancel();
        }
    });
    http::serve(app, listener, stop).await.map_err(|error| CliError::Other(error.to_string()))
}

async fn signal() {
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// The renewals of each night and the asking about unknown outcomes. Both end with the engine, after what is under
/// way: a call that was sent gets its outcome on record.
fn spawn_workers(app: &Arc<App>) {
    let nights = app.clone();
    app.spawn(async move { every_night(&nights).await });
    let asking = app.clone();
    app.spawn(async move { keep_asking(&asking).await });
}

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
                tracing::info!(resolved = report.resolved, open = report.still_open, "outcomes at Paygent became known");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "asking about unknown outcomes failed and is tried again"),
        }
    }
}
