//! The single door for writing: who, why, and retry when somebody else was faster.

use crate::telemetry;
use chrono::{DateTime, Utc};
use std::fmt;
use std::time::Instant;
use teiki_domain::cqrs::{Decide, EventSourced};
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::event_store::{AppendError, EventMetadata, EventStore, Loaded, StoreError};
use tracing::{Instrument as _, Span};
use uuid::{NoContext, Timestamp, Uuid};

/// Most times a command is decided anew because somebody else wrote to the same stream in between.
const CONFLICT_RETRIES: usize = 16;
/// Most times an append is repeated after the store was unavailable and provably did not take it.
const UNAVAILABLE_RETRIES: usize = 3;

/// Who asks, why, and what it follows from. Ends up in every event (O12).
#[derive(Debug, Clone)]
pub struct Because {
    /// Who: a person, a service or a worker.
    pub actor: String,
    /// Why, in plain words.
    pub reason: String,
    /// This command.
    pub command_id: Uuid,
    /// The whole story it belongs to.
    pub correlation_id: Uuid,
    /// The command it follows from.
    pub causation_id: Option<Uuid>,
    /// The request that brought it, where one did.
    pub request_id: Option<String>,
    /// Whether the same command, under the same id, may have been carried out before.
    pub repeats: bool,
    /// The last sequence number the stream had when whoever asks looked at it; refused if it has gone on since. Nothing
    /// is held against it where there is none.
    pub expects: Option<usize>,
}

/// A command carried out.
pub struct Done<A: Decide> {
    /// The aggregate as it stands now.
    pub aggregate: A,
    /// Its last sequence number.
    pub sequence: usize,
    /// What the command caused; empty when it was already done.
    pub events: Vec<A::Event>,
    /// When it began to be written: whoever else sees it, saw it after this.
    pub begun: Moment,
}

/// A moment on the two clocks of this process.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Goes on evenly, but may stand still while the machine is suspended.
    pub steady: Instant,
    /// Is set right after a suspension, but may jump.
    pub dated: DateTime<Utc>,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R: std::error::Error> {
    /// The domain says no.
    #[error("{0}")]
    Refused(R),
    /// Others kept writing to the same stream.
    #[error("{stream} was changed by others at the same time, {CONFLICT_RETRIES} times in a row; try again")]
    Contended {
        /// Which stream.
        stream: String,
    },
    /// Somebody changed the thing after whoever asks looked at it.
    #[error("{stream} was changed by somebody else after the page was opened; look at it again before changing it")]
    Changed {
        /// Which stream.
        stream: String,
    },
    /// The stream could not be read.
    #[error(transparent)]
    Load(#[from] StoreError),
    /// The events could not be written.
    #[error(transparent)]
    Append(AppendError),
}

impl<R: std::error::Error> CommandError<R> {
    /// Whether the store is out of reach, so that nothing else would work either.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Load(error) => error.is_unavailable(),
            Self::Append(error) => matches!(error, AppendError::Unavailable { .. }),
            Self::Refused(_) | Self::Changed { .. } | Self::Contended { .. } => false,
        }
    }
}

/// Loads, decides, appends.
#[derive(Clone)]
pub struct CommandGateway {
    store: EventStore,
    clock: Clock,
}

impl CommandGateway {
    /// A gateway to `store`.
    pub fn new(store: EventStore, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The clock commands are dated by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The store behind it.
    pub fn store(&self) -> &EventStore {
        &self.store
    }

    /// The beginning of a story.
    pub fn because(&self, actor: &str, reason: &str) -> Because {
        let command_id = self.new_id();
        Because {
            actor: actor.to_owned(),
            reason: reason.to_owned(),
            command_id,
            correlation_id: command_id,
            causation_id: None,
            request_id: None,
            repeats: false,
            expects: None,
        }
    }

    /// The next step of a story.
    pub fn then(&self, before: &Because, reason: &str) -> Because {
        Because {
            actor: before.actor.clone(),
            reason: reason.to_owned(),
            command_id: self.new_id(),
            correlation_id: before.correlation_id,
            causation_id: Some(before.command_id),
            request_id: before.request_id.clone(),
            repeats: false,
            expects: None,
        }
    }

    /// Now, on both clocks.
    pub fn moment(&self) -> Moment {
        Moment { steady: Instant::now(), dated: self.clock.now() }
    }

    /// A new id, in the order of the clock.
    pub fn new_id(&self) -> Uuid {
        let now = self.clock.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
    }

    /// Reads an aggregate.
    pub async fn load<A: EventSourced>(&self, id: &str) -> Result<Loaded<A>, StoreError> {
        self.store.load::<A>(id).await
    }

    /// Carries out a command on the stream `id`.
    pub async fn execute<A: EventSourced>(
        &self,
        id: &str,
        because: &Because,
        command: <A as Decide>::Command,
    ) -> Result<Done<A>, CommandError<<A as Decide>::Refusal>>
    where
        <A as Decide>::Command: Clone + fmt::Debug,
    {
        let span = telemetry::command(A::TYPE, id, &command);
        let done = async {
            let loaded = self.store.load::<A>(id).await?;
            self.carry_out(id, loaded, because, command).await
        };
        told(&span, done.instrument(span.clone()).await)
    }

    /// As [`Self::execute`], from a state just read or just written, which saves reading it; a state that is no
    /// longer current costs one conflict and is read again.
    pub async fn execute_on<A: EventSourced>(
        &self,
        id: &str,
        loaded: Loaded<A>,
        because: &Because,
        command: <A as Decide>::Command,
    ) -> Result<Done<A>, CommandError<<A as Decide>::Refusal>>
    where
        <A as Decide>::Command: Clone + fmt::Debug,
    {
        let span = telemetry::command(A::TYPE, id, &command);
        told(&span, self.carry_out(id, loaded, because, command).instrument(span.clone()).await)
    }

    async fn carry_out<A: EventSourced>(
        &self,
        id: &str,
        mut loaded: Loaded<A>,
        because: &Because,
        command: <A as Decide>::Command,
    ) -> Result<Done<A>, CommandError<<A as Decide>::Refusal>>
    where
        <A as Decide>::Command: Clone,
    {
        let mut unavailable = 0;
        let mut conflicts = 0;
        loop {
            // Carried out before: whoever did it holds what follows from it, such as the right to call Paygent.
            if because.repeats && self.store.holds_command::<A>(id, because.command_id).await? {
                let Loaded { aggregate, sequence } = self.store.load::<A>(id).await?;
                return Ok(Done { aggregate, sequence, events: vec![], begun: self.moment() });
            }
            if because.expects.is_some_and(|expected| expected != loaded.sequence) {
                return Err(CommandError::Changed { stream: id.to_owned() });
            }
            let events = loaded.aggregate.decide(command.clone()).map_err(CommandError::Refused)?;
            let begun = self.moment();
            if events.is_empty() {
                return Ok(Done { aggregate: loaded.aggregate, sequence: loaded.sequence, events, begun });
            }
            let metadata = EventMetadata {
                actor: because.actor.clone(),
                reason: because.reason.clone(),
                command_id: because.command_id,
                correlation_id: because.correlation_id,
                causation_id: because.causation_id,
                request_id: because.request_id.clone(),
                recorded_at: begun.dated,
            };
            match self.store.append::<A>(id, loaded.sequence, events.clone(), &metadata).await {
                Ok(sequence) => {
                    for event in &events {
                        Decide::apply(&mut loaded.aggregate, event);
                    }
                    return Ok(Done { aggregate: loaded.aggregate, sequence, events, begun });
                }
                Err(AppendError::Conflict { .. }) if conflicts < CONFLICT_RETRIES => conflicts += 1,
                Err(AppendError::Conflict { .. }) => {
                    return Err(CommandError::Contended { stream: format!("stream {id}") });
                }
                Err(AppendError::Unavailable { .. }) if unavailable < UNAVAILABLE_RETRIES => {
                    unavailable += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(100 << unavailable)).await;
                }
                Err(error) => return Err(CommandError::Append(error)),
            }
            loaded = self.store.load::<A>(id).await?;
        }
    }
}

/// Notes on a command's span what came of it.
fn told<A: Decide>(
    span: &Span,
    done: Result<Done<A>, CommandError<A::Refusal>>,
) -> Result<Done<A>, CommandError<A::Refusal>> {
    let outcome = match &done {
        Ok(done) if done.events.is_empty() => "already done",
        Ok(_) => "done",
        Err(CommandError::Refused(_)) => "refused",
        Err(CommandError::Contended { .. } | CommandError::Changed { .. }) => "contended",
        Err(CommandError::Load(_) | CommandError::Append(_)) => "failed",
    };
    span.record("teiki.outcome", outcome);
    span.record("teiki.events", done.as_ref().map_or(0, |done| done.events.len()));
    done
}
