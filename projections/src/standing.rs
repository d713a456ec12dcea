//! Where every projection stands, and waiting until they stand where they are needed.

use crate::checkpoints::{self, Checkpoint, STOPPED};
use crate::connection::Reading;
use crate::error::{Doing as _, ProjectionError};
use crate::projection::Projection;
use crate::runner::Projections;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Where a projection stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// Its name; that of a rebuild under way ends in `__next` or `__check`.
    pub name: String,
    /// Version of its tables.
    pub version: i64,
    /// The last position it has folded.
    pub position: i64,
    /// How often its tables were made anew, from 1.
    pub generation: i64,
    /// `running`, `stopped` or `rebuilding`.
    pub status: String,
    /// Why it stopped, with the position of the event.
    pub error: Option<String>,
}

impl Projections {
    pub(crate) async fn checkpoint(&self, name: &str) -> Result<Option<Checkpoint>, ProjectionError> {
        const DOING: &str = "reading a checkpoint";
        let mut reading = Reading::from(&self.inner.storage).await.doing(DOING)?;
        checkpoints::get(&mut reading.conn(), name).await.doing(DOING)
    }

    async fn checkpoints(&self) -> Result<Vec<Checkpoint>, ProjectionError> {
        const DOING: &str = "reading the checkpoints";
        let mut reading = Reading::from(&self.inner.storage).await.doing(DOING)?;
        checkpoints::all(&mut reading.conn()).await.doing(DOING)
    }

    /// Where everything stands, also rebuilds under way.
    pub async fn status(&self) -> Result<Vec<Status>, ProjectionError> {
        let all = self.checkpoints().await?.into_iter().map(|c| Status {
            name: c.name,
            version: c.version,
            position: c.position,
            generation: c.generation,
            status: c.status,
            error: c.error,
        });
        Ok(all.collect())
    }

    /// Each projection's position, by name.
    pub async fn positions(&self) -> Result<Vec<(String, i64)>, ProjectionError> {
        let names = self.names();
        let all = self.checkpoints().await?.into_iter().filter(|c| names.contains(&c.name.as_str()));
        Ok(all.map(|c| (c.name, c.position)).collect())
    }

    /// The position that all of these projections have passed.
    pub async fn position_of(&self, names: &[&str]) -> Result<i64, ProjectionError> {
        let mut least = i64::MAX;
        for (projection, checkpoint) in self.standing().await? {
            if names.contains(&projection.name()) {
                least = least.min(checkpoint.position);
            }
        }
        Ok(if least == i64::MAX { 0 } else { least })
    }

    /// Our projections beside their checkpoints.
    pub(crate) async fn standing(&self) -> Result<Vec<(&Arc<dyn Projection>, Checkpoint)>, ProjectionError> {
        let mut stored = self.checkpoints().await?;
        let mut standing = vec![];
        for projection in &self.inner.projections {
            let place = stored.iter().position(|checkpoint| checkpoint.name == projection.name());
            let checkpoint = place.map(|place| stored.swap_remove(place));
            let checkpoint =
                checkpoint.ok_or_else(|| ProjectionError::NotRegistered { name: projection.name().to_owned() })?;
            standing.push((projection, checkpoint));
        }
        Ok(standing)
    }

    /// Waits until every projection has passed `position`, whichever process moves them.
    ///
    /// # Errors
    /// [`ProjectionError::Stopped`] when one stands before it and cannot go on, [`ProjectionError::NotInTime`] after
    /// `timeout`.
    pub async fn wait_for(&self, position: i64, timeout: Duration) -> Result<(), ProjectionError> {
        self.wait_for_these(&self.names(), position, timeout).await
    }

    /// As [`wait_for`](Self::wait_for), for some projections only: one that stands still holds up nobody who does not
    /// read it.
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_for_these(
        &self,
        names: &[&str],
        position: i64,
        timeout: Duration,
    ) -> Result<(), ProjectionError> {
        let deadline = Instant::now() + timeout;
        let mut reached = self.inner.reached.subscribe();
        self.inner.hurry.notify_one();
        let mut pause = Duration::from_millis(2);
        loop {
            // One that stopped before this process came is about to be tried once more. Noted before the checkpoints are
            // read, so that one that is tried in between does not count as stopped.
            let untried = self.inner.untried.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut all = self.standing().await?;
            all.retain(|(projection, _)| names.contains(&projection.name()));
            let mut least = i64::MAX;
            for (projection, checkpoint) in all {
                least = least.min(checkpoint.position);
                if checkpoint.position >= position {
                    continue;
                }
                if checkpoint.version != projection.version() {
                    let ours = projection.version();
                    return Err(ProjectionError::OtherVersion {
                        name: checkpoint.name,
                        stored: checkpoint.version,
                        ours,
                    });
                }
                if checkpoint.status == STOPPED && !untried.contains(projection.name()) {
                    let error = checkpoint.error.unwrap_or_default();
                    let position = checkpoint.position;
                    return Err(ProjectionError::Stopped { name: checkpoint.name, position, error });
                }
            }
            if least >= position {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ProjectionError::NotInTime { position, reached: least });
            }
            let next_look = deadline.min(Instant::now() + pause);
            pause = (pause * 2).min(Duration::from_millis(100));
            tokio::select! {
                // Woken by this process' own runner, else looking again by itself.
                _ = reached.wait_for(|reached| *reached >= position) => {}
                () = tokio::time::sleep_until(next_look) => {}
            }
        }
    }
}
