//! A small aggregate for tests.

use chrono::{DateTime, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use teiki_infrastructure::event_store::EventMetadata;
use uuid::Uuid;

/// Adds up numbers.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// The sum.
    pub(crate) sum: i64,
    /// How often.
    pub(crate) times: usize,
    /// The last text.
    pub(crate) text: String,
}

/// What happens to a tally.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum TallyEvent {
    /// A number was added.
    Added { amount: i64 },
    /// A text was noted, with some numbers.
    Noted { text: String, factor: f64, big: u64 },
}

impl DomainEvent for TallyEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Added { .. } => "Added".to_owned(),
            Self::Noted { .. } => "Noted".to_owned(),
        }
    }
    fn event_version(&self) -> String {
        "1.0.0".to_owned()
    }
}

/// Never raised.
#[derive(Debug, thiserror::Error)]
#[error("no")]
pub(crate) struct No;

impl Aggregate for Tally {
    const TYPE: &'static str = "tally";
    type Command = ();
    type Event = TallyEvent;
    type Error = No;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), No> {
        Err(No)
    }

    fn apply(&mut self, event: TallyEvent) {
        self.times += 1;
        match event {
            TallyEvent::Added { amount } => self.sum += amount,
            TallyEvent::Noted { text, .. } => self.text = text,
        }
    }
}

/// Events that add the given numbers.
pub(crate) fn added(amounts: &[i64]) -> Vec<TallyEvent> {
    amounts.iter().map(|amount| TallyEvent::Added { amount: *amount }).collect()
}

/// An event with a text.
pub(crate) fn noted(text: &str) -> TallyEvent {
    TallyEvent::Noted { text: text.to_owned(), factor: 100.0, big: u64::MAX }
}

/// Metadata of a command.
pub(crate) fn because() -> EventMetadata {
    let id = |number: u128| Uuid::from_u128(number);
    EventMetadata {
        actor: "operator:hanako".to_owned(),
        reason: "test".to_owned(),
        command_id: id(rand::random()),
        correlation_id: id(2),
        causation_id: Some(id(3)),
        request_id: Some("r-1".to_owned()),
        recorded_at: DateTime::<Utc>::from_timestamp_micros(1_769_871_600_123_456).unwrap(),
    }
}
