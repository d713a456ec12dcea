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
    schedule::start(&app);
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
    println!(
        "Teiki serves on http://{address}/ (受注一覧 http://{address}/orders, カード管理 http://{address}/cards); Ctrl-C stops it."
    );
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
