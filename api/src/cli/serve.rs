//! `teiki serve`: the API, the pages and the workers, until a signal.

use super::{CliError, start};
use crate::app::App;
use crate::http;
use crate::workers::schedule;
use std::sync::Arc;
use teiki_infrastructure::config::Config;
use tokio::net::TcpListener;

pub(super) async fn run(config: Config) -> Result<(), CliError> {
    // The address first: a wrong one is told before any work begins.
    let listener = bind(&config.listen).await?;
    let app = start(config).await?;
    // What a crash kept out of the history is put there before anybody looks.
    crate::accounts::write_history(&app).await.map_err(CliError::other)?;
    schedule::start(&app);
    crate::bulk::resume(&app);
    let result = until_signal(app.clone(), listener).await;
    app.stop().await;
    result
}

/// Takes the address to serve on.
pub(crate) async fn bind(listen: &str) -> Result<TcpListener, CliError> {
    http::bind(listen).await.map_err(|error| CliError::Other(error.to_string()))
}

/// Serves until Ctrl-C or a termination signal; a second one does not wait for what is still under way.
pub(crate) async fn until_signal(app: Arc<App>, listener: TcpListener) -> Result<(), CliError> {
    let address = listener.local_addr().map_err(|error| CliError::Other(error.to_string()))?;
    // Before anybody is told that it serves: who reads that line may stop it at once.
    let mut signals = Signals::listen()?;
    println!(
        "Teiki serves on http://{address}/ (受注一覧 http://{address}/orders, カード管理 http://{address}/cards); Ctrl-C stops it."
    );
    let stop = app.stopping().clone();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signals.next().await;
            stop.cancel();
            signals.next().await;
            tracing::warn!("stopped at once; what was under way is found and resolved at the next start");
            std::process::exit(1);
        }
    });
    http::serve(app, listener, stop).await;
    Ok(())
}

/// The signals that end the server.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};
        let on = |kind| {
            signal(kind).map_err(|error| CliError::Other(format!("signals of the system cannot be heard: {error}")))
        };
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    #[allow(clippy::unnecessary_wraps)] // as on Unix
    fn listen() -> Result<Self, CliError> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
