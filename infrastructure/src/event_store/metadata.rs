//! Who, why and when: what is stored beside every event.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The key under which every append leaves a mark of its own.
pub(super) const APPEND_ID: &str = "append_id";
/// The key of the time an event was recorded at.
pub(super) const RECORDED_AT: &str = "recorded_at";

/// What is stored beside every event of one append (O12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMetadata {
    /// Who: a person, a service or a worker.
    pub actor: String,
    /// Why, in plain words.
    pub reason: String,
    /// The command that caused the events.
    pub command_id: Uuid,
    /// The whole story the command belongs to.
    pub correlation_id: Uuid,
    /// The command it follows from.
    pub causation_id: Option<Uuid>,
    /// The request that brought it, as the caller and its logs know it; none where nobody asked over HTTP.
    pub request_id: Option<String>,
    /// When, by the engine's clock; stored to the microsecond.
    pub recorded_at: DateTime<Utc>,
}

impl EventMetadata {
    /// As stored: one flat object of texts, because that is what cqrs-es reads back. `append_id` tells this one
    /// append from every other, also from another one for the same command: after a lost connection it decides
    /// whether the events in the stream are ours.
    pub(super) fn to_json(&self, append_id: Uuid) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: String| map.insert(key.to_owned(), Value::String(value));
        put("actor", self.actor.clone());
        put("reason", self.reason.clone());
        put("command_id", self.command_id.to_string());
        put("correlation_id", self.correlation_id.to_string());
        if let Some(causation_id) = self.causation_id {
            put("causation_id", causation_id.to_string());
        }
        if let Some(request_id) = &self.request_id {
            put("request_id", request_id.clone());
        }
        put(RECORDED_AT, self.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true));
        put(APPEND_ID, append_id.to_string());
        Value::Object(map)
    }
}
