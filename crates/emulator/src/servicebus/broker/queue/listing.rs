//! Which sessions there are, in order, for lists that are read page by page.

use crate::servicebus::broker::later;
use jiff::Timestamp;
use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Included, Unbounded},
    sync::Arc,
    time::Duration,
};

/// A session in a list: without an instant in that of all, with the one at which its state was set
/// in that of those that have one.
type Listed = (Option<Timestamp>, Arc<str>);

/// All sessions with messages or state by their ids, and those with state by when it was set.
#[derive(Debug, Default)]
pub(super) struct Listing {
    sessions: BTreeSet<Listed>,
    /// Where the last page ended: in which list, behind how many, and behind which.
    left_off: Option<(Option<Timestamp>, usize, Listed)>,
}

impl Listing {
    /// Adds a session to a list.
    pub(super) fn add(&mut self, set: Option<Timestamp>, id: &Arc<str>) {
        self.sessions.insert((set, Arc::clone(id)));
    }

    /// Takes a session out of a list.
    pub(super) fn remove(&mut self, set: Option<Timestamp>, id: &Arc<str>) {
        self.sessions.remove(&(set, Arc::clone(id)));
    }

    /// The ids behind the first `skip` ones, `top` at most; with `since`, of those whose state was
    /// set later.
    ///
    /// A page that goes on where the last one ended begins behind its last id: none is counted
    /// again, and what has come or gone before it does not matter.
    pub(super) fn page(
        &mut self,
        since: Option<Timestamp>,
        (skip, top): (usize, usize),
    ) -> Vec<Arc<str>> {
        let (begin, skipped) = match &self.left_off {
            Some((of, reached, last)) if (*of, *reached) == (since, skip) => {
                (Excluded(last.clone()), 0)
            }
            _ => {
                let first = since.map(|since| later(since, Duration::from_nanos(1)));
                (Included((first, Arc::default())), skip)
            }
        };
        let end = match since {
            None => Excluded((Some(Timestamp::MIN), Arc::default())),
            Some(_) => Unbounded,
        };
        let page: Vec<&Listed> =
            self.sessions.range((begin, end)).skip(skipped).take(top).collect();
        if let Some(last) = page.last() {
            self.left_off = Some((since, skip + page.len(), (*last).clone()));
        }
        page.into_iter().map(|(_, id)| Arc::clone(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_behind_its_last_id_whatever_came_or_went_before() {
        let mut listing = Listing::default();
        let id = |number: u32| Arc::<str>::from(number.to_string());
        (10..20).for_each(|number| listing.add(None, &id(number)));
        assert_eq!(listing.page(None, (0, 3)), [id(10), id(11), id(12)]);
        listing.remove(None, &id(10));
        listing.add(Some(Timestamp::UNIX_EPOCH), &id(15));
        assert_eq!(listing.page(None, (3, 3)), [id(13), id(14), id(15)]);
        assert_eq!(listing.page(None, (0, 2)), [id(11), id(12)]);
        assert_eq!(listing.page(None, (6, 100)), [id(17), id(18), id(19)]);
        assert!(listing.page(None, (9, 100)).is_empty());
    }

    #[test]
    fn states_are_listed_in_the_order_in_which_they_were_set() {
        let mut listing = Listing::default();
        let at = |second| Timestamp::from_second(second).expect("it is one");
        let [a, b, c] = ["a", "b", "c"].map(Arc::<str>::from);
        for (second, id) in [(3, &a), (1, &b), (2, &c)] {
            listing.add(Some(at(second)), id);
        }
        assert_eq!(listing.page(Some(at(0)), (0, 2)), [Arc::clone(&b), Arc::clone(&c)]);
        assert_eq!(listing.page(Some(at(0)), (2, 2)), [Arc::clone(&a)]);
        assert_eq!(listing.page(Some(at(1)), (0, 2)), [c, Arc::clone(&a)]);
        assert_eq!(listing.page(Some(at(2)), (0, 2)), [a]);
        assert!(listing.page(None, (0, 2)).is_empty());
    }
}
