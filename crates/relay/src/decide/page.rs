//! A page of readings, sorted by order.

use domain::{Entry, Envelope, EventState, Key, Reading, Sequence};
use std::collections::{BTreeMap, BTreeSet};

/// What a page says, order by order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The orders that it says anything of.
    pub orders: BTreeMap<Key, Said>,
    /// Documents that say they are events and cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// What a page says of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Said {
    /// Its pending events, in sequence, each once.
    pub pending: BTreeMap<Sequence, Envelope>,
    /// The events that were published and marked.
    pub processed: BTreeSet<Sequence>,
    /// The events that an operator gave up.
    pub skipped: BTreeSet<Sequence>,
    /// Whether one of them is parked.
    pub is_parked: bool,
}

/// A document that says it is an event and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id.
    pub id: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Page {
    /// Sorts readings, whatever their order and however often they repeat.
    pub fn sort(readings: Vec<Reading>) -> Self {
        let mut page = Self::default();
        for reading in readings {
            match reading {
                Reading::Event(entry) => page.add(entry),
                Reading::Unreadable { id, reason } => {
                    page.unreadable.push(Unreadable { id, reason });
                }
                Reading::Other => {}
            }
        }
        page
    }

    /// Sorts what an operator wants published again: here what is processed is the work, and
    /// nothing else is.
    pub fn sort_for_replay(readings: Vec<Reading>) -> Self {
        let mut page = Self::default();
        for reading in readings {
            let Reading::Event(Entry { envelope, state: EventState::Processed { .. } }) = reading
            else {
                continue;
            };
            let said = page.orders.entry(envelope.key.clone()).or_default();
            said.pending.insert(envelope.sequence, envelope);
        }
        page
    }

    fn add(&mut self, entry: Entry) {
        let Entry { envelope, state } = entry;
        let sequence = envelope.sequence;
        let said = self.orders.entry(envelope.key.clone()).or_default();
        // INVARIANT(own-mark-is-silent): only a pending event is work. A mark that comes back
        // says what is published, and nothing is left of an older version beside it.
        match state {
            EventState::Pending => {
                if !said.is_published(sequence) {
                    said.pending.insert(sequence, envelope);
                }
            }
            EventState::Processed { .. } => {
                said.pending.remove(&sequence);
                said.processed.insert(sequence);
            }
            EventState::Skipped => {
                said.pending.remove(&sequence);
                said.skipped.insert(sequence);
            }
            EventState::Parked { .. } => said.is_parked = true,
        }
    }
}

impl Said {
    fn is_published(&self, sequence: Sequence) -> bool {
        self.processed.contains(&sequence) || self.skipped.contains(&sequence)
    }
}
