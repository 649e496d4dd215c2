//! Whether everything that was acknowledged is out and accounted for.

use crate::broker::Cure;
use crate::world::State;
use domain::{EventId, EventState, Key, Sequence};

impl State {
    /// What is still open, one order each; empty once all is told that can be.
    pub(crate) fn open(&self) -> Vec<String> {
        let versions = self.store.orders.iter();
        let versions = versions.map(|(key, document)| (key, document.order.version.get()));
        versions.filter_map(|(key, version)| self.open_of(key, version)).collect()
    }

    fn open_of(&self, key: &Key, version: u32) -> Option<String> {
        let mut is_held = false;
        for sequence in (1..=version).filter_map(Sequence::new) {
            let event = EventId { key: key.clone(), sequence };
            let is_seen = self.ledger.seen.contains_key(&event);
            let state = self.store.events.get(&event).map(|stored| &stored.entry.state);
            match state {
                None => return Some(format!("{event} is missing")),
                Some(EventState::Processed { .. }) if is_seen && !is_held => {}
                Some(EventState::Skipped) if !is_seen => {}
                Some(EventState::Parked { .. }) if self.is_hopeless(&event) => is_held = true,
                Some(EventState::Pending) if is_held && !is_seen => {}
                Some(state) => return Some(format!("{event} is {state:?}, told: {is_seen}")),
            }
        }
        None
    }

    fn is_hopeless(&self, event: &EventId) -> bool {
        self.broker.poison.get(event) == Some(&Cure::Never)
    }

    /// The account at the end: every order has as many events as its version says, and none was
    /// acknowledged that is not there.
    pub(crate) fn audit(&self) -> Vec<String> {
        let mut wrong = self.open();
        for (key, acknowledged) in &self.acknowledged {
            let version = self.store.orders.get(key).map(|document| document.order.version.get());
            if version.is_none_or(|version| version < *acknowledged) {
                wrong.push(format!("{key} was acknowledged at {acknowledged}, is at {version:?}"));
            }
        }
        let of_orders: u32 = self.store.orders.values().map(|one| one.order.version.get()).sum();
        if usize::try_from(of_orders) != Ok(self.store.events.len()) {
            let events = self.store.events.len();
            wrong.push(format!("orders tell of {of_orders} events, and there are {events}"));
        }
        wrong
    }
}
