//! Wake-ups from other engines on the same PostgreSQL store. Nothing depends on them.

use super::classify::describe;
use super::sequence_postgres::CHANNEL;
use super::sequencer::Sequencer;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Hears of events placed by other engines. When it fails, polling finds them a little later.
pub(super) async fn listen(sequencer: Sequencer, pool: PgPool, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let hear = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            loop {
                let heard = listener.recv().await?;
                // The channel is shared by all schemas of a database, so the number is only a reason to look.
                if let Ok(position) = heard.payload().parse() {
                    sequencer.heard_of(position);
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            end = hear => {
                let end: Result<(), sqlx::Error> = end;
                if let Err(error) = end {
                    tracing::debug!(error = %describe(&error), "not listening for a moment");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(Duration::from_secs(1)) => {}
        }
    }
}
