//! An aggregate with everything that has happened to it.

use cqrs_es::DomainEvent;
use std::fmt::Debug;
use teiki_domain::cqrs::{Decide, EventSourced};

/// What every aggregate here is, with its events as text.
pub(crate) trait Subject:
    EventSourced + Decide<Command: Clone, Event: DomainEvent> + Clone + PartialEq + Debug
{
}

impl<A> Subject for A where A: EventSourced + Decide<Command: Clone, Event: DomainEvent> + Clone + PartialEq + Debug {}

/// The state, and the events that led to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct History<A: Subject> {
    pub(crate) state: A,
    pub(crate) events: Vec<<A as Decide>::Event>,
}

type Answer<A> = Result<Vec<<A as Decide>::Event>, <A as Decide>::Refusal>;

impl<A: Subject> History<A> {
    pub(crate) fn new() -> Self {
        Self { state: A::default(), events: vec![] }
    }

    /// Asks, and lets happen what is answered. A refusal changes nothing.
    pub(crate) fn tell(&mut self, command: <A as Decide>::Command) -> Answer<A> {
        let events = self.state.decide(command)?;
        for event in &events {
            Decide::apply(&mut self.state, event);
            self.events.push(event.clone());
        }
        Ok(events)
    }

    /// The events a repetition of `command` would cause; a refusal causes none.
    pub(crate) fn repeated(&self, command: <A as Decide>::Command) -> Vec<<A as Decide>::Event> {
        self.state.decide(command).unwrap_or_default()
    }

    /// The state that the stored text of the events leads to, read back one by one the way cqrs-es does it.
    pub(crate) fn replayed(&self) -> A {
        let mut state = A::default();
        for event in &self.events {
            let text = serde_json::to_string(event).unwrap();
            let event: <A as Decide>::Event = serde_json::from_str(&text).unwrap();
            cqrs_es::Aggregate::apply(&mut state, event);
        }
        state
    }

    /// Replaying gives this state, and the state survives being written down.
    pub(crate) fn check_replay(&self) {
        assert_eq!(self.replayed(), self.state, "replayed");
        let text = serde_json::to_string(&self.state).unwrap();
        assert_eq!(serde_json::from_str::<A>(&text).unwrap(), self.state, "written and read");
    }
}
