//! What a relay remembers of one order. It saves work; the store decides.

use super::page::Said;
use domain::Sequence;
use std::collections::BTreeSet;

/// What a relay knows of one order: only what it settled itself or saw processed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Known {
    /// Every event up to this one is published.
    pub published: Option<Sequence>,
    /// An event behind that was seen parked: read before anything is sent.
    pub is_held: bool,
    /// Events that this relay had settled and whose mark is still owed.
    pub owed: BTreeSet<Sequence>,
}

impl Known {
    /// Takes in what a page says.
    ///
    /// A processed event vouches for those before it, since they are published in order. A
    /// skipped one does not: an operator may skip behind a parked one.
    pub fn learn(&mut self, said: &Said) {
        self.published = self.published.max(said.processed.last().copied());
        for skipped in &said.skipped {
            if *skipped == self.next() {
                self.published = Some(*skipped);
            }
        }
        self.is_held |= said.is_parked;
        self.owed.retain(|sequence| !said.processed.contains(sequence));
    }

    /// The broker settled this event, and with it all before it are published.
    pub fn settle(&mut self, sequence: Sequence) {
        self.published = self.published.max(Some(sequence));
        self.owed.insert(sequence);
    }

    /// This event's mark stands in the store.
    pub fn mark(&mut self, sequence: Sequence) {
        self.owed.remove(&sequence);
    }

    /// The first event that is not known to be published.
    pub fn next(&self) -> Sequence {
        self.published.map_or(Sequence::FIRST, Sequence::next)
    }
}
