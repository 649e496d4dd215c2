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

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences(numbers: &[u32]) -> BTreeSet<Sequence> {
        numbers.iter().filter_map(|number| Sequence::new(*number)).collect()
    }

    fn published_after(published: u32, processed: &[u32], skipped: &[u32]) -> u32 {
        let mut known = Known { published: Sequence::new(published), ..Known::default() };
        let said = Said {
            processed: sequences(processed),
            skipped: sequences(skipped),
            ..Said::default()
        };
        known.learn(&said);
        known.published.map_or(0, Sequence::get)
    }

    #[test]
    fn a_processed_event_vouches_for_those_before_it() {
        assert_eq!(published_after(0, &[4], &[]), 4);
        assert_eq!(published_after(7, &[4], &[]), 7);
    }

    #[test]
    fn a_skipped_event_vouches_for_itself_where_it_joins_on() {
        assert_eq!(published_after(0, &[], &[1, 2]), 2);
        assert_eq!(published_after(2, &[], &[3, 5]), 3);
        assert_eq!(published_after(0, &[], &[3]), 0);
        assert_eq!(published_after(0, &[2], &[3]), 3);
    }

    #[test]
    fn a_mark_is_owed_until_it_stands_or_is_seen() {
        let mut known = Known::default();
        known.settle(Sequence::FIRST);
        known.settle(Sequence::FIRST.next());
        assert_eq!(known.owed, sequences(&[1, 2]));
        known.mark(Sequence::FIRST);
        known.learn(&Said { processed: sequences(&[2]), ..Said::default() });
        assert_eq!((known.owed.len(), known.next().get()), (0, 3));
    }

    #[test]
    fn a_parked_event_that_was_seen_is_remembered() {
        let mut known = Known::default();
        known.learn(&Said { is_parked: true, ..Said::default() });
        known.learn(&Said::default());
        assert!(known.is_held);
    }
}
