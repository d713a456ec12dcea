//! Reading the log in its one order.

use super::Storage;
use super::chain::{GENESIS, Hash};
use super::classify::{classify_sqlx, describe, is_out_of_reach};
use super::sequence_sqlite::hash_of;
use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use std::time::Duration;
use teiki_domain::ids::ShopId;
use tokio::time::{Instant, sleep};

/// One event at its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// Its place: 1, 2, 3 … without gaps, the same for ever.
    pub position: i64,
    /// The kind of stream.
    pub aggregate_type: String,
    /// The stream.
    pub aggregate_id: String,
    /// Its place in the stream, from 1.
    pub sequence: i64,
    /// What happened.
    pub event_type: String,
    /// The version of the payload's form.
    pub event_version: String,
    /// What happened exactly, as canonical JSON.
    pub payload: String,
    /// Who, why and when, as canonical JSON.
    pub metadata: String,
    /// When, RFC 3339 in UTC.
    pub recorded_at: String,
    /// The hash of the chain up to and with this event.
    pub hash: [u8; 32],
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A position is missing.
    #[error("the event log has no event at position {position} though later ones exist; run `teiki verify`")]
    Hole {
        /// The missing position.
        position: i64,
    },
    /// The database is out of reach.
    #[error("the event log cannot be reached ({reason}); try again when the store is back")]
    Unavailable {
        /// What happened.
        reason: String,
    },
    /// Something else.
    #[error("the event log cannot be read after position {after}: {reason}")]
    Failed {
        /// The last position read before.
        after: i64,
        /// What is wrong.
        reason: String,
    },
    /// The event did not come in time.
    #[error(
        "{stream}, sequence {sequence}, was not in the event log after {seconds} s; look at the sequencer's status"
    )]
    TimedOut {
        /// Which stream.
        stream: String,
        /// Which event.
        sequence: i64,
        /// For how long it was waited, in seconds.
        seconds: u64,
    },
}

impl LogEvent {
    /// The digest of the event by itself: `hash` is SHA-256 over the hash before it and this.
    pub fn digest(&self) -> [u8; 32] {
        super::verify::link(self).digest()
    }
}

impl LogError {
    /// Whether the store is out of reach, so that nothing else would work either.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Columns of the log in the order of [`LogEvent`]'s fields.
pub(super) const COLUMNS: &str = "l.position, l.aggregate_type, l.aggregate_id, l.sequence, l.event_type, \
    l.event_version, l.payload, l.metadata, l.recorded_at, l.hash";
const PAGE: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, recorded_at, hash FROM event_log WHERE position > $1 ORDER BY position LIMIT $2";
const STREAM: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, recorded_at, hash FROM event_log WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY sequence";
const HEAD: &str = "SELECT position, hash FROM event_log ORDER BY position DESC LIMIT 1";
const POSITION_OF: &str =
    "SELECT position FROM event_log WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence = $3";

/// The first position recorded after an instant. Both databases would rather walk the positions from the first one and
/// hope to meet a later event soon, which for a late instant is nearly the whole log: the plus sign and OFFSET 0 keep
/// them from it.
const LATER_SQLITE: &str = "SELECT min(+position) FROM event_log WHERE recorded_at > $1";
const LATER_POSTGRES: &str = "SELECT min(position) FROM \
    (SELECT position FROM event_log WHERE recorded_at COLLATE \"C\" > $1 OFFSET 0) later";
/// The streams of one kind that belong to a shop, whose five digits and hyphen their names begin with. There are few of
/// the kinds this is asked for.
const STREAMS_OF_SHOP: &str = "SELECT DISTINCT aggregate_id FROM event_log \
    WHERE aggregate_type = $1 AND substr(aggregate_id, 1, 6) = $2 ORDER BY aggregate_id";

/// Reads the log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogReader {
    pub(super) storage: Storage,
}

impl LogReader {
    /// The log of a store.
    pub fn new(storage: Storage) -> Self {
        Self { storage }
    }

    /// The events behind position `after` (0: from the beginning), at most `limit`. Their positions follow each
    /// other without a gap; anything else is an error that names the missing position.
    pub async fn page(&self, after: i64, limit: i64) -> Result<Vec<LogEvent>, LogError> {
        let limit = limit.max(0);
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                sqlx::query(PAGE).bind(after).bind(limit).try_map(from_sqlite).fetch_all(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                sqlx::query(PAGE).bind(after).bind(limit).try_map(from_postgres).fetch_all(pool).await
            }
        };
        let events = read.map_err(|error| log_error(after, &error))?;
        for (event, position) in events.iter().zip(after + 1..) {
            if event.position != position {
                return Err(LogError::Hole { position });
            }
        }
        Ok(events)
    }

    /// The last position; 0 when the log is empty.
    pub async fn head(&self) -> Result<i64, LogError> {
        self.end().await.map(|(position, _)| position)
    }

    /// The last position and its hash; 0 and zeros when the log is empty.
    pub async fn end(&self) -> Result<(i64, Hash), LogError> {
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let end = sqlx::query(HEAD).try_map(|row: SqliteRow| Ok((row.try_get(0)?, hash_of(&row, 1)?)));
                end.fetch_optional(&sqlite.readers).await
            }
            Storage::Postgres(pool) => sqlx::query_as(HEAD).fetch_optional(pool).await,
        };
        Ok(read.map_err(|error| log_error(0, &error))?.unwrap_or((0, GENESIS)))
    }

    /// The hash of the chain at a position; `None` where there is no event.
    pub async fn hash_at(&self, position: i64) -> Result<Option<Hash>, LogError> {
        if position == 0 {
            return Ok(Some(GENESIS));
        }
        let event = self.page(position - 1, 1).await?.pop();
        Ok(event.filter(|event| event.position == position).map(|event| event.hash))
    }

    /// The end of the log as it stood at an instant: everything up to here was recorded then or before. Several engines
    /// write, and no two clocks agree, so the events recorded later are all looked at, in the index by time alone.
    pub async fn end_at(&self, at: DateTime<Utc>) -> Result<i64, LogError> {
        // Recorded times have one form, whose order as text is that of time.
        let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let later = match &self.storage {
            Storage::Sqlite(sqlite) => {
                sqlx::query_scalar::<_, Option<i64>>(LATER_SQLITE).bind(at).fetch_one(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                sqlx::query_scalar::<_, Option<i64>>(LATER_POSTGRES).bind(at).fetch_one(pool).await
            }
        };
        match later.map_err(|error| log_error(0, &error))? {
            Some(position) => Ok(position - 1),
            None => self.head().await,
        }
    }

    /// The place of an event in the log; `None` while it has none.
    pub async fn position_of(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        sequence: i64,
    ) -> Result<Option<i64>, LogError> {
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let asked = sqlx::query_scalar(POSITION_OF).bind(aggregate_type).bind(aggregate_id).bind(sequence);
                asked.fetch_optional(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                let asked = sqlx::query_scalar(POSITION_OF).bind(aggregate_type).bind(aggregate_id).bind(sequence);
                asked.fetch_optional(pool).await
            }
        };
        read.map_err(|error| log_error(0, &error))
    }

    /// Waits until an event has its place in the log, at most for `within`, and returns it. Somebody must be
    /// sequencing meanwhile.
    pub async fn wait_for(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        sequence: i64,
        within: Duration,
    ) -> Result<i64, LogError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(position) = self.position_of(aggregate_type, aggregate_id, sequence).await? {
                return Ok(position);
            }
            if started.elapsed() >= within {
                let stream = format!("{aggregate_type} {aggregate_id}");
                return Err(LogError::TimedOut { stream, sequence, seconds: within.as_secs() });
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// The names of a shop's streams of one kind, for kinds of which there are few.
    pub async fn streams_of_shop(&self, aggregate_type: &str, shop: ShopId) -> Result<Vec<String>, LogError> {
        let start = format!("{shop}-");
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let asked = sqlx::query_scalar(STREAMS_OF_SHOP).bind(aggregate_type).bind(start);
                asked.fetch_all(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                sqlx::query_scalar(STREAMS_OF_SHOP).bind(aggregate_type).bind(start).fetch_all(pool).await
            }
        };
        read.map_err(|error| log_error(0, &error))
    }

    /// All events of one stream that are in the log, oldest first.
    pub async fn stream(&self, aggregate_type: &str, aggregate_id: &str) -> Result<Vec<LogEvent>, LogError> {
        let read = match &self.storage {
            Storage::Sqlite(sqlite) => {
                let asked = sqlx::query(STREAM).bind(aggregate_type).bind(aggregate_id);
                asked.try_map(from_sqlite).fetch_all(&sqlite.readers).await
            }
            Storage::Postgres(pool) => {
                let asked = sqlx::query(STREAM).bind(aggregate_type).bind(aggregate_id);
                asked.try_map(from_postgres).fetch_all(pool).await
            }
        };
        read.map_err(|error| log_error(0, &error))
    }
}

pub(super) fn from_sqlite(row: SqliteRow) -> Result<LogEvent, sqlx::Error> {
    Ok(LogEvent {
        position: row.try_get(0)?,
        aggregate_type: row.try_get(1)?,
        aggregate_id: row.try_get(2)?,
        sequence: row.try_get(3)?,
        event_type: row.try_get(4)?,
        event_version: row.try_get(5)?,
        payload: row.try_get(6)?,
        metadata: row.try_get(7)?,
        recorded_at: row.try_get(8)?,
        hash: hash_of(&row, 9)?,
    })
}

pub(super) fn from_postgres(row: PgRow) -> Result<LogEvent, sqlx::Error> {
    Ok(LogEvent {
        position: row.try_get(0)?,
        aggregate_type: row.try_get(1)?,
        aggregate_id: row.try_get(2)?,
        sequence: row.try_get(3)?,
        event_type: row.try_get(4)?,
        event_version: row.try_get(5)?,
        payload: row.try_get(6)?,
        metadata: row.try_get(7)?,
        recorded_at: row.try_get(8)?,
        hash: row.try_get(9)?,
    })
}

pub(super) fn log_error(after: i64, error: &sqlx::Error) -> LogError {
    match is_out_of_reach(classify_sqlx(error)) {
        true => LogError::Unavailable { reason: describe(error) },
        false => LogError::Failed { after, reason: describe(error) },
    }
}
