//! Work that only one process of several does at a time.
//!
//! No clock of another machine takes part: a process takes work over when the holder's beat did not change while it
//! watched for [`TAKE_OVER_AFTER`] on its own steady clock. A holder that was stopped and wakes late is kept out by the
//! fence, which every later write names.

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};
use std::time::{Duration, Instant};

/// How often a holder shows that it lives.
pub const BEAT_EVERY: Duration = Duration::from_secs(2);
/// A holder that showed nothing for so long has lost its work.
pub const TAKE_OVER_AFTER: Duration = Duration::from_secs(8);

/// Leases cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("who does the work of {name} cannot be read or written ({reason}); it goes on when the store is back")]
pub struct LeaseError {
    name: &'static str,
    reason: String,
}

/// One process's claim to one kind of work.
#[derive(Debug)]
pub struct WorkerLease {
    storage: Storage,
    name: &'static str,
    me: String,
    watched: Option<(i64, i64, Instant)>,
}

impl WorkerLease {
    /// A process that may do the work `name`; it does not hold it yet.
    pub fn new(storage: Storage, name: &'static str) -> Self {
        Self { storage, name, me: hex::encode(rand::random::<[u8; 16]>()), watched: None }
    }

    fn error(&self, error: &sqlx::Error) -> LeaseError {
        LeaseError { name: self.name, reason: in_words(error).0 }
    }

    /// Takes the work if nobody has it or its holder is gone; the fence to name in every write from then on.
    pub async fn try_take(&mut self) -> Result<Option<i64>, LeaseError> {
        const NEW: &str =
            "INSERT INTO worker_leases (name, holder, fence, beat) VALUES ($1, $2, 1, 0) ON CONFLICT (name) DO NOTHING";
        const TAKE: &str = "UPDATE worker_leases SET holder = $2, fence = fence + 1, beat = 0 \
            WHERE name = $1 AND fence = $3 AND beat = $4";
        let rows: Result<Vec<(String, i64, i64)>, _> =
            fetch!(&self.storage, "SELECT holder, fence, beat FROM worker_leases WHERE name = $1", self.name);
        let (fence, taken) = match rows.map_err(|error| self.error(&error))?.pop() {
            None => (1, execute!(&self.storage, NEW, self.name, &self.me)),
            Some((holder, fence, beat)) => {
                let gone = match self.watched {
                    Some((known_fence, known_beat, since)) if (known_fence, known_beat) == (fence, beat) => {
                        since.elapsed() >= TAKE_OVER_AFTER
                    }
                    _ => {
                        self.watched = Some((fence, beat, Instant::now()));
                        false
                    }
                };
                if !holder.is_empty() && !gone {
                    return Ok(None);
                }
                (fence + 1, execute!(&self.storage, TAKE, self.name, &self.me, fence, beat))
            }
        };
        let taken = taken.map_err(|error| self.error(&error))?.0 == 1;
        self.watched = None;
        Ok(taken.then_some(fence))
    }

    /// Shows that the holder lives; false when somebody else has the work by now.
    pub async fn beat(&self, fence: i64) -> Result<bool, LeaseError> {
        const BEAT: &str = "UPDATE worker_leases SET beat = beat + 1 WHERE name = $1 AND fence = $2 AND holder = $3";
        let changed = execute!(&self.storage, BEAT, self.name, fence, &self.me);
        Ok(changed.map_err(|error| self.error(&error))?.0 == 1)
    }

    /// Gives the work back, so that another process need not wait.
    pub async fn release(&self, fence: i64) -> Result<(), LeaseError> {
        const GIVE: &str = "UPDATE worker_leases SET holder = '' WHERE name = $1 AND fence = $2 AND holder = $3";
        execute!(&self.storage, GIVE, self.name, fence, &self.me).map(drop).map_err(|error| self.error(&error))
    }
}
