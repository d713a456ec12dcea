//! Writing to one stream.

use super::classify::{
    AFTER_LOST_CONNECTION, Meaning, classify, classify_sqlx, describe, describe_persistence, is_out_of_reach, reading,
};
use super::load::stream_name;
use super::metadata::{APPEND_ID, EventMetadata};
use super::{EventStore, Repository, Storage};
use cqrs_es::persist::{PersistedEventRepository as _, PersistenceError, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent as _};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// Most attempts at writing the same events when the database asks for another one or the connection is lost.
const ATTEMPTS: u32 = 5;
/// The crates bind sequence numbers as 32-bit numbers.
const LONGEST_STREAM: usize = i32::MAX as usize;

/// Why events were not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not where the caller thought; nothing was stored.
    #[error("{stream} was changed by somebody else after sequence {expected}; load it again and decide anew")]
    Conflict {
        /// Which stream.
        stream: String,
        /// Where the caller thought it ends.
        expected: usize,
    },
    /// The events cannot be stored as they are; nothing was stored.
    #[error("the events for {stream} cannot be stored: {reason}")]
    Refused {
        /// Which stream.
        stream: String,
        /// What is wrong; names the place, never the value.
        reason: String,
    },
    /// The store is out of reach. To the best of what could be seen nothing was stored; appending again at the same
    /// sequence is safe, because the same place in a stream is never filled twice.
    #[error("the store did not take the events for {stream} ({reason}); try again when it is back")]
    Unavailable {
        /// Which stream.
        stream: String,
        /// What happened.
        reason: String,
    },
    /// Something else; nothing was stored.
    #[error("the events for {stream} were not stored: {reason}")]
    Failed {
        /// Which stream.
        stream: String,
        /// What is wrong.
        reason: String,
    },
}

impl EventStore {
    /// Appends `events` to the stream `id`, which ends at `expected_sequence` (0: does not exist), all of them or
    /// none, and returns the last sequence number. No events: nothing is written.
    ///
    /// A connection lost during the commit leaves open whether the events were stored; the stream is then read
    /// again and searched for this append's own mark.
    pub async fn append<A: Aggregate>(
        &self,
        id: &str,
        expected_sequence: usize,
        events: Vec<A::Event>,
        meta: &EventMetadata,
    ) -> Result<usize, AppendError> {
        if events.is_empty() {
            return Ok(expected_sequence);
        }
        let append_id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let rows = serialize::<A>(id, expected_sequence, &events, &meta.to_json(append_id))?;
        let last = expected_sequence + rows.len();
        // A stream with a gap would stop the whole log, so its end is looked at before it is continued. Events are
        // never deleted, so what is there now is there at the insert.
        if expected_sequence > 0 && !self.has_event::<A>(id, expected_sequence).await? {
            return Err(AppendError::Conflict { stream: stream_name::<A>(id), expected: expected_sequence });
        }

        let mut attempt = 1;
        let mut open_question = false;
        loop {
            let Err(error) = self.persist::<A>(&rows).await else { break };
            let (stream, reason) = (stream_name::<A>(id), describe_persistence(&error));
            let pause = match classify(&error) {
                Meaning::Conflict => {
                    // Only after an attempt with an unknown end can the row in our way be our own.
                    if open_question && self.is_stored::<A>(id, last, append_id).await? {
                        break;
                    }
                    return Err(AppendError::Conflict { stream, expected: expected_sequence });
                }
                Meaning::Again => Duration::from_millis(5 << attempt),
                Meaning::Ambiguous => {
                    if self.is_stored::<A>(id, last, append_id).await? {
                        break;
                    }
                    // Repeating is safe: the primary key lets the same place be filled only once, and waits for an
                    // attempt of ours that the server is still busy with.
                    open_question = true;
                    AFTER_LOST_CONNECTION
                }
                Meaning::NotSent => return Err(AppendError::Unavailable { stream, reason }),
                Meaning::Other => return Err(AppendError::Failed { stream, reason }),
            };
            if attempt == ATTEMPTS {
                return Err(AppendError::Unavailable { stream, reason });
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
        self.appended.notify_one();
        Ok(last)
    }

    async fn persist<A: Aggregate>(&self, rows: &[SerializedEvent]) -> Result<(), PersistenceError> {
        match &self.repository {
            Repository::Sqlite { writer, .. } => writer.persist::<A>(rows, None).await,
            Repository::Postgres(repository) => repository.persist::<A>(rows, None).await,
        }
    }

    async fn has_event<A: Aggregate>(&self, id: &str, sequence: usize) -> Result<bool, AppendError> {
        const SQL: &str =
            "SELECT sequence FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence = $3";
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        let found: Result<Option<i64>, sqlx::Error> = reading(classify_sqlx, || async {
            match &self.storage {
                Storage::Sqlite(sqlite) => {
                    let asked = sqlx::query_scalar(SQL).bind(A::TYPE).bind(id).bind(sequence);
                    asked.fetch_optional(&sqlite.readers).await
                }
                Storage::Postgres(pool) => {
                    let asked = sqlx::query_scalar(SQL).bind(A::TYPE).bind(id).bind(sequence);
                    asked.fetch_optional(pool).await
                }
            }
        })
        .await;
        found.map(|found| found.is_some()).map_err(|error| {
            let (stream, reason) = (stream_name::<A>(id), describe(&error));
            match is_out_of_reach(classify_sqlx(&error)) {
                true => AppendError::Unavailable { stream, reason },
                false => AppendError::Failed { stream, reason },
            }
        })
    }

    /// Whether the stream holds the append marked `append_id`, which ends at `last`.
    async fn is_stored<A: Aggregate>(&self, id: &str, last: usize, append_id: Uuid) -> Result<bool, AppendError> {
        let stored = self.stored_events::<A>(id).await.map_err(|error| AppendError::Unavailable {
            stream: stream_name::<A>(id),
            reason: format!("and whether it did before cannot be seen: {error}"),
        })?;
        let mark = append_id.to_string();
        Ok(stored.iter().any(|event| {
            event.sequence == last && event.metadata.get(APPEND_ID).and_then(Value::as_str) == Some(mark.as_str())
        }))
    }
}

/// The rows to be stored.
fn serialize<A: Aggregate>(
    id: &str,
    expected: usize,
    events: &[A::Event],
    metadata: &Value,
) -> Result<Vec<SerializedEvent>, AppendError> {
    let refused = |reason: String| AppendError::Refused { stream: stream_name::<A>(id), reason };
    if expected.checked_add(events.len()).is_none_or(|last| last > LONGEST_STREAM) {
        return Err(refused("the stream would be too long".to_owned()));
    }
    if id.is_empty() || id.contains('\0') {
        return Err(refused("its id is empty or holds the character U+0000".to_owned()));
    }
    if let Some(place) = nul_in(metadata) {
        return Err(refused(format!("the metadata holds the character U+0000 in `{place}`")));
    }
    events
        .iter()
        .zip(expected + 1..)
        .map(|(event, sequence)| {
            let (event_type, event_version) = (event.event_type(), event.event_version());
            let payload = serde_json::to_value(event)
                .map_err(|_| refused(format!("the event {event_type} has no form in JSON")))?;
            // PostgreSQL could not store it, and both stores must take the same events.
            if let Some(place) = nul_in(&payload) {
                return Err(refused(format!("the event {event_type} holds the character U+0000 in `{place}`")));
            }
            Ok(SerializedEvent::new(
                id.to_owned(),
                sequence,
                A::TYPE.to_owned(),
                event_type,
                event_version,
                payload,
                metadata.clone(),
            ))
        })
        .collect()
}

/// The place of the first U+0000 in a key or text, as a path of keys.
fn nul_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items.iter().find_map(nul_in),
        Value::Object(map) => map.iter().find_map(|(key, item)| match key.contains('\0') {
            true => Some(key.replace('\0', "\\u0000")),
            false => nul_in(item).map(|inner| if inner.is_empty() { key.clone() } else { format!("{key}.{inner}") }),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_store::StorageOptions;
    use chrono::DateTime;
    use teiki_domain::shop_settings::ShopSettings;

    #[test]
    fn nul_is_found_at_its_place_in_keys_and_texts() {
        let place = |text: &str| nul_in(&serde_json::from_str(text).unwrap());
        assert_eq!(place(r#"{"a":{"b":["x",{"c":"\u0000"}]}}"#).as_deref(), Some("a.b.c"));
        assert_eq!(place(r#"{"a":{"b\u0000":1}}"#).as_deref(), Some("a.b\\u0000"));
        assert_eq!(place(r#"{"a":"\\u0000"}"#), None);
    }

    /// A connection to a file is not lost in the middle, so the search for an own append is tried here by itself.
    #[tokio::test]
    async fn w5_an_append_is_recognised_by_its_own_mark_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = EventStore::new(Storage::open(&url, &StorageOptions::default()).await.unwrap());
        let id = |number: u128| Uuid::from_u128(number);
        let meta = EventMetadata {
            actor: "a".to_owned(),
            reason: "r".to_owned(),
            command_id: id(1),
            correlation_id: id(1),
            causation_id: None,
            request_id: None,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let rows: Vec<_> = (1..=2)
            .map(|sequence| {
                SerializedEvent::new(
                    "1".to_owned(),
                    sequence,
                    ShopSettings::TYPE.to_owned(),
                    "ShopOpened".to_owned(),
                    "1.0.0".to_owned(),
                    Value::Null,
                    meta.to_json(id(7)),
                )
            })
            .collect();
        store.persist::<ShopSettings>(&rows).await.unwrap();
        assert!(store.is_stored::<ShopSettings>("1", 2, id(7)).await.unwrap());
        assert!(!store.is_stored::<ShopSettings>("1", 1, id(8)).await.unwrap());
        assert!(!store.is_stored::<ShopSettings>("1", 2, id(8)).await.unwrap(), "the same command, another append");
        assert!(!store.is_stored::<ShopSettings>("2", 2, id(7)).await.unwrap());
    }
}
