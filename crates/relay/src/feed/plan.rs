//! Which range is read from where.
//!
//! | a range that | is read from |
//! |---|---|
//! | is being read | stays as it is |
//! | ended and is there again | where it ended |
//! | came from one that ended | where that one ended; from a merge, where the first of them did |
//! | came from nowhere known | now |

use domain::ports::{FeedPosition, FeedRange};
use std::collections::{BTreeMap, BTreeSet};

/// The ranges being read, and where others ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    running: BTreeSet<String>,
    ended: BTreeMap<String, FeedPosition>,
}

impl Plan {
    /// Takes in the ranges there are now; returns those to start, and from where.
    pub fn start(&mut self, ranges: Vec<FeedRange>) -> Vec<(FeedRange, FeedPosition)> {
        let new = ranges.into_iter().filter(|range| !self.running.contains(&range.id));
        let starts: Vec<_> = new.map(|range| (self.position(&range), range)).collect();
        self.running.extend(starts.iter().map(|(_, range)| range.id.clone()));
        starts.into_iter().map(|(position, range)| (range, position)).collect()
    }

    /// A range is not there any more; it was read up to here.
    pub fn end(&mut self, range: &FeedRange, at: FeedPosition) {
        self.running.remove(&range.id);
        self.ended.insert(range.id.clone(), at);
    }

    /// The youngest ancestor counts: a service names the whole line, the oldest first.
    fn position(&self, range: &FeedRange) -> FeedPosition {
        let mut line = std::iter::once(&range.id).chain(range.parents.iter().rev());
        line.find_map(|id| self.ended.get(id)).cloned().unwrap_or(FeedPosition::Now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(id: &str, parents: &[&str]) -> FeedRange {
        let parents = parents.iter().map(|&parent| parent.to_owned()).collect();
        FeedRange { id: id.into(), stretch: domain::Stretch::new("", "FF"), parents }
    }

    fn after(text: &str) -> FeedPosition {
        FeedPosition::After(text.into())
    }

    /// A plan that read these ranges from the start.
    fn reading(ids: &[&str]) -> Plan {
        let mut plan = Plan::default();
        plan.start(ids.iter().map(|id| range(id, &[])).collect());
        plan
    }

    #[test]
    fn at_first_every_range_starts_from_now() {
        let starts = Plan::default().start(vec![range("0", &[]), range("1", &[])]);
        let expected = [(range("0", &[]), FeedPosition::Now), (range("1", &[]), FeedPosition::Now)];
        assert_eq!(starts, expected);
    }

    #[test]
    fn a_range_that_is_being_read_is_not_started_again() {
        assert_eq!(reading(&["0"]).start(vec![range("0", &[])]), []);
    }

    #[test]
    fn children_of_a_split_go_on_where_their_parent_ended() {
        let mut plan = reading(&["0"]);
        plan.end(&range("0", &[]), after("7"));
        let children = [range("1", &["0"]), range("2", &["0"])];
        let starts = plan.start(children.to_vec());
        assert_eq!(starts, children.map(|child| (child, after("7"))));
    }

    #[test]
    fn a_grandchild_goes_on_where_its_youngest_known_ancestor_ended() {
        let mut plan = reading(&["0"]);
        plan.end(&range("0", &[]), after("7"));
        assert_eq!(plan.start(vec![range("4", &["0", "1"])])[0].1, after("7"));
        plan.end(&range("4", &[]), after("9"));
        assert_eq!(plan.start(vec![range("5", &["0", "1", "4"])])[0].1, after("9"));
    }

    #[test]
    fn a_merge_goes_on_where_the_first_of_its_parents_ended() {
        let mut plan = reading(&["0", "1"]);
        plan.end(&range("1", &[]), after("5"));
        let merged = range("2", &["0", "1"]);
        assert_eq!(plan.start(vec![merged.clone()]), [(merged.clone(), after("5"))]);
        plan.end(&range("0", &[]), after("9"));
        assert_eq!(plan.start(vec![merged]), []);
    }

    #[test]
    fn a_range_that_is_there_again_goes_on_where_it_ended() {
        let mut plan = reading(&["0"]);
        plan.end(&range("0", &[]), after("7"));
        assert_eq!(plan.start(vec![range("0", &[])]), [(range("0", &[]), after("7"))]);
    }
}
