//! Sends the events of each shop to its webhooks: one process of several, each endpoint by itself.
//!
//! Nothing here hangs on the tables that can be rebuilt: each endpoint follows the log with a cursor of its own.

mod endpoint;

use crate::app::App;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::collections::HashSet;
use std::time::Duration;
use teiki_infrastructure::webhooks::{LEASE, Sender, deliveries, endpoints};
use teiki_infrastructure::worker_lease::{BEAT_EVERY, WorkerLease};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Pause between two looks for endpoints, and after trouble.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often old deliveries are forgotten, and how old they become.
const FORGET_EVERY: Duration = Duration::from_secs(3600);
const KEEP_DAYS: i64 = 30;

/// Sends until the engine stops.
pub async fn keep_sending(app: &App) {
    let mut lease = WorkerLease::new(app.storage.clone(), LEASE);
    while !app.stopping().is_cancelled() {
        match endpoints::active(&app.storage).await {
            // Without endpoints nobody needs to hold the work.
            Ok(active) if active.is_empty() => {}
            Ok(_) => match lease.try_take().await {
                Ok(Some(fence)) => lead(app, &lease, fence).await,
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "webhooks are not sent for the moment"),
            },
            Err(error) => tracing::error!(%error, "webhooks are not sent for the moment"),
        }
        tokio::select! {
            () = app.stopping().cancelled() => {}
            () = app.webhooks_changed().notified() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// Sends for as long as this process has the work.
async fn lead(app: &App, lease: &WorkerLease, fence: i64) {
    let sender = match Sender::new(crate::webhooks::allowed(app), &app.config.webhook_ca) {
        Ok(sender) => sender,
        Err(error) => return tracing::error!(%error, "webhooks are not sent"),
    };
    // Ends with the engine, and when the work goes to another process.
    let end = app.stopping().child_token();
    let _end = end.clone().drop_guard();
    let mut forget_at = Instant::now();
    let mut beat_at = Instant::now() + BEAT_EVERY;
    let mut sending: HashSet<String> = HashSet::new();
    let mut work = FuturesUnordered::new();
    loop {
        match beside(&mut work, &mut sending, endpoints::active(&app.storage)).await {
            Ok(active) => {
                for row in active {
                    if sending.insert(row.endpoint_id.clone()) {
                        work.push(one(app, &sender, row.endpoint_id, fence, end.clone()));
                    }
                }
            }
            Err(error) => tracing::error!(%error, "new webhooks cannot be looked for"),
        }
        beside(&mut work, &mut sending, async {
            tokio::select! {
                () = app.webhooks_changed().notified() => {}
                () = sleep(LOOK_EVERY) => {}
                () = app.stopping().cancelled() => {}
            }
        })
        .await;
        if app.stopping().is_cancelled() {
            break;
        }
        if Instant::now() >= beat_at {
            match beside(&mut work, &mut sending, lease.beat(fence)).await {
                Ok(true) => beat_at = Instant::now() + BEAT_EVERY,
                Ok(false) => {
                    end.cancel();
                    tracing::warn!("another process sends the webhooks now");
                    break;
                }
                Err(error) => tracing::error!(%error, "webhooks are sent without showing so"),
            }
        }
        if Instant::now() >= forget_at {
            forget_at = Instant::now() + FORGET_EVERY;
            let before = app.clock.now() - chrono::Duration::days(KEEP_DAYS);
            if let Err(error) = beside(&mut work, &mut sending, deliveries::forget(&app.storage, before)).await {
                tracing::error!(%error, "old deliveries cannot be forgotten");
            }
        }
    }
    while work.next().await.is_some() {}
    if let Err(error) = lease.release(fence).await {
        tracing::warn!(%error, "another process takes the webhooks over a little later");
    }
}

/// Does `what` while the endpoints go on. Never anything else is awaited beside them: an endpoint that has the store's only
/// writer, or is next in its queue, and is not polled would keep everybody from writing, and us from ending the wait.
async fn beside<T>(
    work: &mut FuturesUnordered<impl Future<Output = String>>,
    sending: &mut HashSet<String>,
    what: impl Future<Output = T>,
) -> T {
    let mut what = std::pin::pin!(what);
    loop {
        tokio::select! {
            result = &mut what => return result,
            Some(ended) = work.next() => { sending.remove(&ended); }
        }
    }
}

/// One endpoint until it is removed or disabled, or this process is to stop sending; returns its id.
async fn one(app: &App, sender: &Sender, endpoint_id: String, fence: i64, end: CancellationToken) -> String {
    if let Err(error) = endpoint::follow(app, sender, &endpoint_id, fence, &end).await {
        tracing::error!(webhook = endpoint_id, %error, "a webhook cannot be sent for the moment");
        tokio::select! {
            () = end.cancelled() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
    endpoint_id
}
