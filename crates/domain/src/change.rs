//! A change: a new state and the events that tell of it, as one value.

use crate::{Envelope, Key, Sequence, Timestamp, TraceParent};

/// A unit of consistency: its state and its events live under one key.
pub trait Aggregate {
    /// What can happen to it.
    type Event: Event;

    /// Its id.
    fn key(&self) -> &Key;

    /// The sequence of its latest event.
    fn version(&self) -> Sequence;
}

/// Something that happened to an aggregate.
pub trait Event {
    /// The name that consumers know it by (`OrderPlaced`).
    fn event_type(&self) -> &'static str;
}

/// A new state and the events that led to it: a store takes both or neither.
///
/// INVARIANT(both-or-neither): there is no way to hand a store one without the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<A: Aggregate> {
    state: A,
    events: Vec<Envelope<A::Event>>,
}

impl<A: Aggregate> Change<A> {
    /// The state after `event`, which is the one with the sequence `state.version()`.
    pub fn new(state: A, event: A::Event, now: Timestamp) -> Self {
        let envelope = Envelope {
            key: state.key().clone(),
            sequence: state.version(),
            event_type: event.event_type().into(),
            occurred_at: now,
            data: event,
            traceparent: None,
        };
        Self { state, events: vec![envelope] }
    }

    /// The same change with the trace of the request that caused it on every event.
    #[must_use]
    pub fn traced(mut self, traceparent: &TraceParent) -> Self {
        for event in &mut self.events {
            event.traceparent = Some(traceparent.clone());
        }
        self
    }

    /// The state after the change.
    pub const fn state(&self) -> &A {
        &self.state
    }

    /// Its events, in sequence; never empty.
    pub fn events(&self) -> &[Envelope<A::Event>] {
        &self.events
    }

    /// Both parts.
    pub fn into_parts(self) -> (A, Vec<Envelope<A::Event>>) {
        (self.state, self.events)
    }
}
