//! Which leases to create: those of the parts of the feed that no lease is on.
//!
//! Whether a part has a lease is a question of where it lies, not of ids: the lease of a range
//! that was split counts for its children until it is handed over to them. So it does not matter
//! whether ranges or leases were read first, and no lease is made beside one that has the
//! continuation.

use domain::Stretch;
use domain::ports::{FeedRange, Listed, Part};

/// The parts to create leases of.
pub fn missing(ranges: &[FeedRange], listed: &Listed) -> Vec<Part> {
    let covers: Vec<_> =
        listed.leases.iter().flat_map(|lease| covers(&lease.part, ranges)).collect();
    let mut parts = Vec::new();
    for range in ranges {
        let gaps = range.stretch.gaps(&covers);
        parts.extend(gaps.into_iter().filter_map(|gap| free(range, gap, listed)));
    }
    parts
}

/// Where a lease lies. One of an old writer does not say: then its range, or whatever came of it.
fn covers(part: &Part, ranges: &[FeedRange]) -> Vec<Stretch> {
    match part {
        Part::Range { id: _, stretch: Some(stretch) } | Part::Stretch(stretch) => {
            vec![stretch.clone()]
        }
        Part::Range { id, stretch: None } => {
            let is_of = |range: &&FeedRange| range.id == *id || range.parents.contains(id);
            ranges.iter().filter(is_of).map(|range| range.stretch.clone()).collect()
        }
    }
}

/// The part to create a lease of, under an id that no stranger holds; `None` where both ids are
/// taken: then only the sweep reads it.
fn free(range: &FeedRange, gap: Stretch, listed: &Listed) -> Option<Part> {
    let is_whole = gap == range.stretch;
    let whole = Part::Range { id: range.id.clone(), stretch: Some(gap.clone()) };
    let is_free = |part: &Part| {
        let token = part.token();
        listed.strangers.iter().all(|stranger| stranger.token != token)
    };
    let candidates = [is_whole.then_some(whole), Some(Part::Stretch(gap))];
    candidates.into_iter().flatten().find(is_free)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{halves, lease_of, one, stranger};
    use super::*;

    #[track_caller]
    fn check(ranges: &[FeedRange], leases: &[Part], strangers: &[&str], expected: &[&str]) {
        let leases = leases.iter().cloned().map(lease_of).collect();
        let strangers = strangers.iter().map(|token| stranger(token)).collect();
        let parts = missing(ranges, &Listed { leases, strangers });
        assert_eq!(parts.iter().map(Part::token).collect::<Vec<_>>(), expected);
    }

    fn whole(id: &str, min: &str, max: &str) -> Part {
        Part::Range { id: id.into(), stretch: Some(Stretch::new(min, max)) }
    }

    #[test]
    fn every_range_without_a_lease_gets_one() {
        check(&one(), &[], &[], &["0"]);
        check(&halves(), &[], &[], &["1", "2"]);
        check(&halves(), &[whole("1", "", "20")], &[], &["2"]);
        check(&halves(), &[whole("1", "", "20"), whole("2", "20", "FF")], &[], &[]);
    }

    #[test]
    fn a_parent_counts_for_its_children_until_it_is_handed_over() {
        check(&halves(), &[whole("0", "", "FF")], &[], &[]);
        check(&halves(), &[Part::Range { id: "0".into(), stretch: None }], &[], &[]);
        check(&halves(), &[whole("0", "", "FF"), whole("1", "", "20")], &[], &[]);
        // Leases that are newer than the ranges.
        check(&one(), &[whole("1", "", "20"), whole("2", "20", "FF")], &[], &[]);
    }

    #[test]
    fn what_a_merge_left_counts_too_and_a_gap_between_is_filled() {
        let low = Part::Stretch(Stretch::new("", "20"));
        check(&one(), &[low.clone(), Part::Stretch(Stretch::new("20", "FF"))], &[], &[]);
        check(&one(), &[low], &[], &["20-FF"]);
    }

    #[test]
    fn a_stranger_is_walked_around() {
        check(&one(), &[], &["0"], &["-FF"]);
        check(&one(), &[], &["0", "-FF"], &[]);
        check(&halves(), &[], &["1"], &["-20", "2"]);
    }
}
