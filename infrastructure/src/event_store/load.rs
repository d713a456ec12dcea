//! Reading one stream.

use super::classify::{classify, describe_persistence, is_out_of_reach, reading};
use super::{EventStore, Repository};
use cqrs_es::persist::{PersistedEventRepository as _, SerializedEvent};
use cqrs_es::{Aggregate, EventEnvelope};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use uuid::Uuid;

/// An aggregate as its events left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<A> {
    /// The state.
    pub aggregate: A,
    /// The last sequence number; 0 when the stream does not exist.
    pub sequence: usize,
}

/// Why a stream could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is out of reach.
    #[error("the store did not answer while {stream} was read ({reason}); try again when it is back")]
    Unavailable {
        /// Which stream.
        stream: String,
        /// What happened.
        reason: String,
    },
    /// A stored event does not decode.
    #[error("{stream} cannot be read at sequence {sequence} ({reason}); run a newer version, or `teiki verify`")]
    Unreadable {
        /// Which stream.
        stream: String,
        /// Which event.
        sequence: usize,
        /// What is wrong; never a value.
        reason: String,
    },
    /// Something else.
    #[error("{stream} cannot be read: {reason}")]
    Failed {
        /// Which stream.
        stream: String,
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    /// Whether the store is out of reach, so that nothing else would work either.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl EventStore {
    /// Reads the stream `id` and folds it. A stream that does not exist is the default at sequence 0.
    pub async fn load<A: Aggregate>(&self, id: &str) -> Result<Loaded<A>, StoreError> {
        let mut loaded = Loaded { aggregate: A::default(), sequence: 0 };
        for envelope in self.load_events::<A>(id).await? {
            loaded.sequence = envelope.sequence;
            loaded.aggregate.apply(envelope.payload);
        }
        Ok(loaded)
    }

    /// The events of the stream `id` with their metadata, oldest first.
    pub async fn load_events<A: Aggregate>(&self, id: &str) -> Result<Vec<EventEnvelope<A>>, StoreError> {
        let stored = self.stored_events::<A>(id).await?;
        let mut envelopes = Vec::with_capacity(stored.len());
        for (before, event) in stored.into_iter().enumerate() {
            let sequence = event.sequence;
            let unreadable = |reason: &str| StoreError::Unreadable {
                stream: stream_name::<A>(id),
                sequence,
                reason: reason.to_owned(),
            };
            if sequence != before + 1 {
                return Err(unreadable("an event before it is missing"));
            }
            // The decoder's own text may quote values, so it is not passed on.
            envelopes.push(EventEnvelope::try_from(event).map_err(|_| unreadable("the stored form is not known"))?);
        }
        Ok(envelopes)
    }

    /// Whether the stream `id` holds events of this command.
    pub async fn holds_command<A: Aggregate>(&self, id: &str, command_id: Uuid) -> Result<bool, StoreError> {
        let command_id = command_id.to_string();
        let stored = self.stored_events::<A>(id).await?;
        Ok(stored.iter().any(|event| event.metadata["command_id"] == command_id.as_str()))
    }

    /// The events of a stream as stored.
    pub(super) async fn stored_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, StoreError> {
        let read = reading(classify, || async {
            match &self.repository {
                Repository::Sqlite { readers, .. } => readers.get_events::<A>(id).await,
                Repository::Postgres(repository) => repository.get_events::<A>(id).await,
            }
        });
        // The crates panic on a row they cannot decode; one bad row must not take the caller down.
        let result = AssertUnwindSafe(read).catch_unwind().await.map_err(|_| StoreError::Failed {
            stream: stream_name::<A>(id),
            reason: "a stored row is damaged, run `teiki verify`".to_owned(),
        })?;
        result.map_err(|error| {
            let (stream, reason) = (stream_name::<A>(id), describe_persistence(&error));
            match is_out_of_reach(classify(&error)) {
                true => StoreError::Unavailable { stream, reason },
                false => StoreError::Failed { stream, reason },
            }
        })
    }
}

/// How a stream is called in messages.
pub(super) fn stream_name<A: Aggregate>(id: &str) -> String {
    let short: String = id.chars().take(64).collect();
    format!("{} {short}", A::TYPE)
}
