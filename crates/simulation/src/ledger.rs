//! What holds at every instant, checked as it happens.

use crate::world::State;
use domain::ports::Part;
use domain::{EventId, EventState, Key, Sequence};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What consumers saw, and the first promise that was broken.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// When each event was last delivered for the consumer to see.
    pub(crate) seen: BTreeMap<EventId, Duration>,
    /// Orders of which an event was ever parked: what waits there is not behind by the feed alone.
    pub(crate) was_held: BTreeSet<Key>,
    /// Where the first reader of each lease began, at the latest.
    pub(crate) begun_at: BTreeMap<String, u64>,
    pub(crate) broken: Option<String>,
}

impl State {
    /// A promise is broken; the first one counts.
    pub(crate) fn broken(&mut self, what: String) {
        self.note(0, &("BROKEN", &what));
        self.ledger.broken.get_or_insert(what);
    }

    /// The broker delivers an event, for the consumer to see.
    pub(crate) fn delivered(&mut self, event: &EventId) {
        self.note(0, &("delivers", event));
        let now = self.elapsed();
        if !self.store.events.contains_key(event) {
            self.broken(format!("both-or-neither: {event} was told, and is not stored"));
        }
        match self.ledger.seen.insert(event.clone(), now) {
            Some(last) if now < last + self.broker.window => self.broken(format!(
                "same-id-on-repeat: {event} was delivered twice inside the window"
            )),
            Some(_) => {}
            None => self.check_order(event),
        }
    }

    /// What comes first of an order is seen first, unless an operator skipped it.
    fn check_order(&mut self, event: &EventId) {
        for number in 1..event.sequence.get() {
            let Some(sequence) = Sequence::new(number) else { continue };
            let earlier = EventId { key: event.key.clone(), sequence };
            if self.ledger.seen.contains_key(&earlier) {
                continue;
            }
            let state = self.store.events.get(&earlier).map(|stored| &stored.entry.state);
            match state {
                Some(EventState::Skipped) => {}
                Some(EventState::Parked { .. }) => self.broken(format!(
                    "poison-holds-only-its-order: {event} passed {earlier}, which is parked"
                )),
                Some(EventState::Pending | EventState::Processed { .. }) | None => {
                    self.broken(format!("in-order-per-order: {event} overtook {earlier}"));
                }
            }
        }
    }

    /// An event goes from one state to another.
    pub(crate) fn check_transition(&mut self, event: &EventId, from: &EventState) {
        let Some(stored) = self.store.events.get(event) else { return };
        let (to, ttl) = (stored.entry.state.clone(), stored.ttl);
        let is_processed = matches!(to, EventState::Processed { .. });
        if ttl.is_some() != is_processed {
            self.broken(format!("nothing-pending-expires: {event} has ttl {ttl:?}, and is {to:?}"));
        }
        if is_processed && !self.ledger.seen.contains_key(event) {
            self.broken(format!("publish-before-mark: {event} is processed, and was never told"));
        }
        let is_lawful = match (from, &to) {
            (EventState::Pending, EventState::Processed { .. } | EventState::Parked { .. })
            | (EventState::Parked { .. }, EventState::Pending | EventState::Skipped) => true,
            (
                EventState::Pending
                | EventState::Processed { .. }
                | EventState::Parked { .. }
                | EventState::Skipped,
                _,
            ) => false,
        };
        if !is_lawful {
            self.broken(format!("own-mark-is-silent: {event} went from {from:?} to {to:?}"));
        }
        if matches!(to, EventState::Parked { .. }) {
            self.ledger.was_held.insert(event.key.clone());
        }
    }

    /// A lease says that its part was read up to `to`: by then all that was pending there is told.
    pub(crate) fn check_place(&mut self, part: &Part, to: u64) {
        let start = *self.ledger.begun_at.entry(part.token()).or_insert(to);
        let (Part::Range { stretch: Some(stretch), .. } | Part::Stretch(stretch)) = part else {
            return;
        };
        let is_passed = |(event, stored): &(&EventId, &crate::store::Stored)| {
            stored.entry.state == EventState::Pending
                && (start + 1..=to).contains(&stored.lsn)
                && crate::ring::holds(stretch, &event.key)
                && !self.ledger.seen.contains_key(event)
                && !self.ledger.was_held.contains(&event.key)
        };
        let passed = self.store.events.iter().find(is_passed).map(|(event, _)| event.clone());
        if let Some(event) = passed {
            self.broken(format!(
                "publish-before-mark: lease {} was moved past {event}, which was never told",
                part.token()
            ));
        }
    }
}
