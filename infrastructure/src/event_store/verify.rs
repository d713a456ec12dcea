//! Holding the log against itself and against the streams: nothing changed, missing, swapped or added.

use super::Storage;
use super::chain::{GENESIS, Hash, Link};
use super::log_reader::{COLUMNS, LogError, LogEvent, LogReader, from_postgres, from_sqlite, log_error};
use super::sequence_sqlite::hash_of;
use super::sequenced_rows::canonical_parts;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// Events looked at in one step.
const PAGE: i64 = 2_000;

/// The log is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last position.
    pub head: i64,
    /// The hash of the whole chain. Kept elsewhere, it shows later that this part of the log is still the same.
    pub hash: [u8; 32],
}

/// The log is not whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event log is broken at position {position}: {why}; restore the store from a backup taken before that")]
pub struct Broken {
    /// The first position that is wrong.
    pub position: i64,
    /// What is wrong with it.
    pub why: String,
}

/// Looks at one event of a log whose chain holds so far, and says what is wrong with it.
pub type Judge = fn(&LogEvent) -> Result<(), String>;

/// Why a log did not pass.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not whole.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// It could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A row of the log beside the stored event it was made from.
struct Pair {
    logged: LogEvent,
    stored: Option<Stored>,
}

struct Stored {
    event_type: String,
    event_version: String,
    payload: String,
    metadata: String,
    recorded_at: String,
}

impl LogReader {
    /// Recomputes the chain from the first event and compares every row with the stored event it was made from.
    /// `progress` is told the position reached, after every few thousand events. Events that are placed meanwhile
    /// are not looked at.
    ///
    /// Who can write to the database can also write a whole new chain; only a head and hash kept elsewhere
    /// ([`Verified`]) show that.
    pub async fn verify(&self, progress: impl FnMut(i64)) -> Result<Verified, VerifyError> {
        self.verify_with(progress, |_| Ok(())).await
    }

    /// As [`Self::verify`], with a look at every event by `judge`.
    pub async fn verify_with(&self, mut progress: impl FnMut(i64), judge: Judge) -> Result<Verified, VerifyError> {
        let (head, kept_hash) = self.kept_end().await?;
        let (mut position, mut check) = (0, Check { hash: GENESIS, streams: HashMap::new(), judge });
        while position < head {
            let mut pairs = self.pairs(position, PAGE).await?;
            pairs.truncate(usize::try_from(head - position).unwrap_or(usize::MAX));
            if pairs.is_empty() {
                return Err(broken(position + 1, "it and everything after it is missing"));
            }
            // Hashing a page takes long enough to be kept away from the threads that serve everybody.
            (position, check) = tokio::task::spawn_blocking(move || check.page(pairs, position))
                .await
                .map_err(|error| LogError::Failed { after: position, reason: error.to_string() })??;
            progress(position);
        }
        let hash = check.hash;
        if hash != kept_hash {
            return Err(broken(head, "its hash is not the one the log was left with"));
        }
        if let Some(position) = self.beyond(head).await? {
            return Err(broken(position, "it was added behind the end of the log"));
        }
        if let Some(stream) = self.unplaced().await? {
            return Err(broken(head + 1, &format!("the stored event {stream} was passed over, it has no position")));
        }
        if let Some(stream) = self.without_predecessor().await? {
            let why = format!("the stored event {stream} waits for a position, but the one before it is missing");
            return Err(broken(head + 1, &why));
        }
        Ok(Verified { head, hash })
    }

    /// Where the sequencer left the log: its last position and hash, as far as it is to be read.
    pub async fn kept_end(&self) -> Result<(i64, Hash), LogError> {
        const SQL: &str = "SELECT position, hash FROM sequencer_state WHERE only_row = 1";
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let end = sqlx::query(SQL).try_map(|row: SqliteRow| Ok((row.try_get(0)?, hash_of(&row, 1)?)));
                end.fetch_one(&sqlite.readers).await
            }
            Storage::Postgres(pool) => sqlx::query_as(SQL).fetch_one(pool).await,
        };
        read.map_err(|error| log_error(0, &error))
    }

    async fn pairs(&self, after: i64, limit: i64) -> Result<Vec<Pair>, LogError> {
        const JOINED: &str = "FROM event_log l LEFT JOIN events e ON e.aggregate_type = l.aggregate_type \
            AND e.aggregate_id = l.aggregate_id AND e.sequence = l.sequence \
            WHERE l.position > $1 ORDER BY l.position LIMIT $2";
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let sql = format!(
                    "SELECT {COLUMNS}, e.event_type, e.event_version, e.payload, e.metadata, e.recorded_at {JOINED}"
                );
                let asked = sqlx::query(&sql).bind(after).bind(limit).try_map(|row: SqliteRow| {
                    let stored = match row.try_get(10)? {
                        Some(event_type) => Some(Stored {
                            event_type,
                            event_version: row.try_get(11)?,
                            payload: row.try_get(12)?,
                            metadata: row.try_get(13)?,
                            recorded_at: row.try_get(14)?,
                        }),
                        None => None,
                    };
                    Ok(Pair { logged: from_sqlite(row)?, stored })
                });
                asked.fetch_all(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                let sql = format!(
                    "SELECT {COLUMNS}, e.event_type, e.event_version, e.payload::text, e.metadata::text, \
                     to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') {JOINED}"
                );
                let asked = sqlx::query(&sql).bind(after).bind(limit).try_map(|row: sqlx::postgres::PgRow| {
                    let stored = match row.try_get(10)? {
                        Some(event_type) => Some(Stored {
                            event_type,
                            event_version: row.try_get(11)?,
                            payload: row.try_get(12)?,
                            metadata: row.try_get(13)?,
                            recorded_at: row.try_get(14)?,
                        }),
                        None => None,
                    };
                    Ok(Pair { logged: from_postgres(row)?, stored })
                });
                asked.fetch_all(pool).await
            }
        };
        read.map_err(|error| log_error(after, &error))
    }

    /// A row behind the end at which the log was left, unless the sequencer has moved on meanwhile.
    async fn beyond(&self, head: i64) -> Result<Option<i64>, LogError> {
        const SQL: &str = "SELECT min(l.position) FROM event_log l, sequencer_state s WHERE l.position > $1 \
            AND l.position > s.position";
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => sqlx::query_scalar(SQL).bind(head).fetch_one(&sqlite.readers).await,
            Storage::Postgres(pool) => sqlx::query_scalar(SQL).bind(head).fetch_one(pool).await,
        };
        read.map_err(|error| log_error(head, &error))
    }

    /// A stored event that waits to be placed though its stream has no event before it. An event is only ever appended
    /// behind one that is committed, so this is never a matter of the moment.
    async fn without_predecessor(&self) -> Result<Option<String>, LogError> {
        const WAITING: &str = "SELECT e.aggregate_type || ' ' || e.aggregate_id || ', sequence ' || e.sequence \
            FROM events e, sequencer_state s WHERE e.sequence <> 1 AND NOT EXISTS (SELECT 1 FROM events p \
            WHERE p.aggregate_type = e.aggregate_type AND p.aggregate_id = e.aggregate_id \
            AND p.sequence = e.sequence - 1) AND";
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let sql = format!("{WAITING} e.rowid > s.last_rowid LIMIT 1");
                sqlx::query_scalar(&sql).fetch_optional(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                let sql = format!("{WAITING} (e.xid, e.arrival) > (s.last_xid, s.last_arrival) LIMIT 1");
                sqlx::query_scalar(&sql).fetch_optional(pool).await
            }
        };
        read.map_err(|error| log_error(0, &error))
    }

    /// A stored event the sequencer went past without placing it.
    async fn unplaced(&self) -> Result<Option<String>, LogError> {
        const MISSING: &str = "SELECT e.aggregate_type || ' ' || e.aggregate_id || ', sequence ' || e.sequence \
            FROM events e, sequencer_state s WHERE NOT EXISTS (SELECT 1 FROM event_log l \
            WHERE l.aggregate_type = e.aggregate_type AND l.aggregate_id = e.aggregate_id \
            AND l.sequence = e.sequence) AND";
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let sql = format!("{MISSING} e.rowid <= s.last_rowid LIMIT 1");
                sqlx::query_scalar(&sql).fetch_optional(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                let sql = format!(
                    "{MISSING} (e.arrival <= s.first_arrival OR (e.xid, e.arrival) <= (s.last_xid, s.last_arrival)) \
                     LIMIT 1"
                );
                sqlx::query_scalar(&sql).fetch_optional(pool).await
            }
        };
        read.map_err(|error| log_error(0, &error))
    }
}

/// What is known of the log up to some position.
struct Check {
    hash: Hash,
    /// The last sequence of every stream.
    streams: HashMap<String, i64>,
    judge: Judge,
}

impl Check {
    /// Checks a page that follows `position`; returns where it ends.
    fn page(mut self, pairs: Vec<Pair>, mut position: i64) -> Result<(i64, Self), VerifyError> {
        for Pair { logged, stored } in pairs {
            position += 1;
            if logged.position != position {
                return Err(broken(position, "it is missing"));
            }
            self.hash = link(&logged).hash(&self.hash);
            if self.hash != logged.hash {
                return Err(broken(
                    position,
                    "its hash does not fit; it, or the event before it, was changed or moved",
                ));
            }
            is_as_stored(&logged, stored).map_err(|why| broken(position, why))?;
            let last = self.streams.entry(format!("{} {}", logged.aggregate_type, logged.aggregate_id)).or_default();
            *last += 1;
            if logged.sequence != *last {
                let stream = format!("{} {}", logged.aggregate_type, logged.aggregate_id);
                let why = format!("{stream} continues with sequence {} instead of {last}", logged.sequence);
                return Err(broken(position, &why));
            }
            (self.judge)(&logged).map_err(|why| broken(position, &why))?;
        }
        Ok((position, self))
    }
}

fn is_as_stored(logged: &LogEvent, stored: Option<Stored>) -> Result<(), &'static str> {
    let Some(stored) = stored else { return Err("the stored event it was made from is missing") };
    let Some(parts) = canonical_parts(&stored.payload, &stored.metadata, &stored.recorded_at) else {
        return Err("the stored event it was made from is not JSON any more");
    };
    let same = stored.event_type == logged.event_type
        && stored.event_version == logged.event_version
        && parts.payload == logged.payload
        && parts.metadata == logged.metadata
        && parts.recorded_at == logged.recorded_at;
    if same { Ok(()) } else { Err("the stored event it was made from was changed") }
}

pub(super) fn link(event: &LogEvent) -> Link<'_> {
    Link {
        position: event.position,
        aggregate_type: &event.aggregate_type,
        aggregate_id: &event.aggregate_id,
        sequence: event.sequence,
        event_type: &event.event_type,
        event_version: &event.event_version,
        payload: &event.payload,
        metadata: &event.metadata,
        recorded_at: &event.recorded_at,
    }
}

fn broken(position: i64, why: &str) -> VerifyError {
    VerifyError::Broken(Broken { position, why: why.to_owned() })
}
