//! From committed rows of `events` to rows of `event_log`: canonical form, position, hash, and the check that no
//! stream has a gap. The same on both databases.

use super::canonical::write_value;
use super::chain::{Hash, Link};
use super::log_reader::LogEvent;
use super::metadata::RECORDED_AT;
use super::sequencer::SequencerError;
use serde_json::Value;
use std::collections::HashMap;

/// Most rows placed in one step: enough to make the commit's cost small, few enough to stay in memory.
pub(super) const BATCH: i64 = 5_000;
/// From here on placing takes long enough to be kept away from the threads that serve everybody.
const WORTH_A_THREAD: usize = 64;

/// A row of `events` as stored.
pub(super) struct RawEvent {
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    pub(super) sequence: i64,
    pub(super) event_type: String,
    pub(super) event_version: String,
    pub(super) payload: String,
    pub(super) metadata: String,
    /// The database's time, for events whose metadata holds none.
    pub(super) recorded_at: String,
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) position: i64,
    pub(super) hash: Hash,
}

/// Type and id of a stream.
pub(super) type Stream = (String, String);

/// The canonical parts of an event, as they stand in the log.
pub(super) struct Canonical {
    pub(super) payload: String,
    pub(super) metadata: String,
    pub(super) recorded_at: String,
}

/// The canonical parts of a stored event; `None` when it is not JSON.
pub(super) fn canonical_parts(payload: &str, metadata: &str, stored_at: &str) -> Option<Canonical> {
    let payload: Value = serde_json::from_str(payload).ok()?;
    let metadata: Value = serde_json::from_str(metadata).ok()?;
    let recorded_at = metadata.get(RECORDED_AT).and_then(Value::as_str).unwrap_or(stored_at).to_owned();
    let mut parts = Canonical { payload: String::new(), metadata: String::new(), recorded_at };
    write_value(&payload, &mut parts.payload);
    write_value(&metadata, &mut parts.metadata);
    Some(parts)
}

/// The streams whose last sequence in the log must be known to place `raw`: those that do not begin here.
pub(super) fn continued_streams(raw: &[RawEvent]) -> Vec<Stream> {
    let mut seen: HashMap<(&str, &str), ()> = HashMap::with_capacity(raw.len());
    let mut continued = Vec::new();
    for event in raw {
        let known = seen.insert((&event.aggregate_type, &event.aggregate_id), ()).is_some();
        if !known && event.sequence > 1 {
            continued.push((event.aggregate_type.clone(), event.aggregate_id.clone()));
        }
    }
    continued
}

/// Places `raw` behind `end`; `before` holds the last sequence of the streams named by [`continued_streams`].
pub(super) async fn place(
    raw: Vec<RawEvent>,
    end: End,
    before: HashMap<Stream, i64>,
) -> Result<Vec<LogEvent>, SequencerError> {
    if raw.len() < WORTH_A_THREAD {
        return place_now(raw, end, before);
    }
    tokio::task::spawn_blocking(move || place_now(raw, end, before))
        .await
        .unwrap_or_else(|error| Err(SequencerError::Database { reason: error.to_string() }))
}

fn place_now(raw: Vec<RawEvent>, end: End, mut last: HashMap<Stream, i64>) -> Result<Vec<LogEvent>, SequencerError> {
    let End { mut position, mut hash } = end;
    let mut placed = Vec::with_capacity(raw.len());
    for event in raw {
        position += 1;
        let stream = (event.aggregate_type, event.aggregate_id);
        let previous = last.get(&stream).copied().unwrap_or(0);
        if event.sequence != previous + 1 {
            return Err(SequencerError::BrokenStream {
                stream: format!("{} {}", stream.0, stream.1),
                expected: previous + 1,
                found: event.sequence,
                position,
            });
        }
        let Some(parts) = canonical_parts(&event.payload, &event.metadata, &event.recorded_at) else {
            let stream = format!("{} {}", stream.0, stream.1);
            return Err(SequencerError::Unreadable { stream, sequence: event.sequence, position });
        };
        hash = Link {
            position,
            aggregate_type: &stream.0,
            aggregate_id: &stream.1,
            sequence: event.sequence,
            event_type: &event.event_type,
            event_version: &event.event_version,
            payload: &parts.payload,
            metadata: &parts.metadata,
            recorded_at: &parts.recorded_at,
        }
        .hash(&hash);
        placed.push(LogEvent {
            position,
            aggregate_type: stream.0.clone(),
            aggregate_id: stream.1.clone(),
            sequence: event.sequence,
            event_type: event.event_type,
            event_version: event.event_version,
            payload: parts.payload,
            metadata: parts.metadata,
            recorded_at: parts.recorded_at,
            hash,
        });
        last.insert(stream, event.sequence);
    }
    Ok(placed)
}

/// The end of the log after `placed`.
pub(super) fn end_after(placed: &[LogEvent], before: End) -> End {
    placed.last().map_or(before, |event| End { position: event.position, hash: event.hash })
}
