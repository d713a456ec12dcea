//! A projection folded in memory up to some position of the log: what its tables said then. The same folds as of the
//! tables themselves, so that at the head of the log both say the same.

use crate::projection::{Fact, Projection};
use crate::table::Row;
use crate::working_set::{FoldError, WorkingSet};
use teiki_domain::recorded::{DecodeError, RecordedEvent};
use teiki_infrastructure::event_store::LogEvent;

/// Why an event cannot be folded.
#[derive(Debug, thiserror::Error)]
#[error("position {position}: {why}")]
pub struct AsOfError {
    /// Where the event stands.
    pub position: i64,
    /// What is wrong with it.
    pub why: String,
}

impl AsOfError {
    /// An event that cannot be read.
    pub fn unreadable(position: i64, error: &DecodeError) -> Self {
        Self { position, why: error.to_string() }
    }
}

/// A projection under way.
pub struct Folding {
    projection: Box<dyn Projection>,
    rows: WorkingSet,
}

impl Folding {
    /// A projection before the first event.
    pub fn new(projection: impl Projection + 'static) -> Self {
        let rows = WorkingSet::new(&projection.tables());
        Self { projection: Box::new(projection), rows }
    }

    /// Folds one event, if the projection folds events of its kind.
    pub fn take(&mut self, event: &LogEvent) -> Result<(), AsOfError> {
        if !self.projection.aggregates().contains(&event.aggregate_type.as_str()) {
            return Ok(());
        }
        let position = event.position;
        let recorded = RecordedEvent::decode(&event.aggregate_type, &event.payload)
            .map_err(|error| AsOfError::unreadable(position, &error))?;
        let fact = Fact {
            position,
            aggregate_id: &event.aggregate_id,
            recorded_at: &event.recorded_at,
            payload: &event.payload,
            event: &recorded,
        };
        self.projection.touches(&fact, &mut self.rows);
        let folded = self.projection.fold(&fact, &mut self.rows);
        folded.map_err(|error: FoldError| AsOfError { position, why: error.to_string() })
    }

    /// All rows of a table, in no order.
    pub fn rows<R: Row>(&mut self) -> Vec<R> {
        self.rows.all()
    }

    /// The row under this key.
    pub fn row<R: Row>(&mut self, key: &str) -> Option<R> {
        self.rows::<R>().into_iter().find(|row| row.key() == key)
    }
}
