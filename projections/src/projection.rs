//! What a projection is: a name, a version, tables, and a pure fold of events into rows.

use crate::table::Table;
use crate::working_set::{FoldError, WorkingSet};
use teiki_domain::recorded::{DecodeError, RecordedEvent};
use teiki_infrastructure::event_store::LogEvent;

/// An event as a fold sees it.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    /// Its position in the log, from 1.
    pub position: i64,
    /// Which subscription, order, member or shop it belongs to.
    pub aggregate_id: &'a str,
    /// When it was recorded, RFC 3339.
    pub recorded_at: &'a str,
    /// Its stored JSON.
    pub payload: &'a str,
    /// The event itself.
    pub event: &'a RecordedEvent,
}

/// A read model. `touches` and `fold` are pure: no I/O, no clock, no randomness.
pub trait Projection: Send + Sync {
    /// Its name, also that of its checkpoint.
    fn name(&self) -> &'static str;

    /// The version of its rows and fold. Raise it with every change of either: the tables are then rebuilt.
    fn version(&self) -> i64;

    /// The aggregate types it folds; events of others are not shown to it.
    fn aggregates(&self) -> &'static [&'static str];

    /// Its tables.
    fn tables(&self) -> Vec<&'static Table>;

    /// Announces every row that [`fold`](Self::fold) will read or change for this event.
    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet);

    /// Folds one event into the rows.
    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError>;
}

/// The aggregate types of the log that this program knows.
pub(crate) const KNOWN_AGGREGATES: [&str; 7] =
    ["subscription", "order", "member", "shop_settings", "product", "mail", "webhook"];

/// A page of the log, decoded once for all projections.
pub(crate) struct Page {
    events: Vec<(LogEvent, Option<Result<RecordedEvent, DecodeError>>)>,
}

impl Page {
    /// Decodes what at least one of these aggregate types needs. An aggregate this program does not know at all
    /// is always looked at, and found to be unreadable: it may concern anybody.
    pub(crate) fn decode(events: Vec<LogEvent>, interests: &[&str]) -> Self {
        let decoded = events.into_iter().map(|event| {
            let kind = event.aggregate_type.as_str();
            let needed = interests.contains(&kind) || !KNOWN_AGGREGATES.contains(&kind);
            let decoded = needed.then(|| RecordedEvent::decode(kind, &event.payload));
            (event, decoded)
        });
        Self { events: decoded.collect() }
    }

    /// The position of the last event; none on an empty page.
    pub(crate) fn last(&self) -> Option<i64> {
        self.events.last().map(|(event, _)| event.position)
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// The events after position `after`, up to and including `until`, that a projection of these aggregate types folds, and those
    /// that nobody can read.
    pub(crate) fn facts<'a>(
        &'a self,
        aggregates: &'a [&'static str],
        after: i64,
        until: i64,
    ) -> impl Iterator<Item = Result<Fact<'a>, (i64, &'a DecodeError)>> + 'a {
        let within = move |(event, _): &&(LogEvent, _)| (after + 1..=until).contains(&event.position);
        self.events.iter().filter(within).filter_map(move |(event, decoded)| {
            let kind = event.aggregate_type.as_str();
            match decoded.as_ref()? {
                Ok(_) if !aggregates.contains(&kind) => None,
                Err(_) if !aggregates.contains(&kind) && KNOWN_AGGREGATES.contains(&kind) => None,
                Err(error) => Some(Err((event.position, error))),
                Ok(recorded) => Some(Ok(Fact {
                    position: event.position,
                    aggregate_id: &event.aggregate_id,
                    recorded_at: &event.recorded_at,
                    payload: &event.payload,
                    event: recorded,
                })),
            }
        })
    }
}
