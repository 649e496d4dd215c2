//! Where the part of the feed is that a lease is on, and who takes over where it is not there.
//!
//! | its range | what follows |
//! |---|---|
//! | is there | it is read |
//! | was split | each child takes over from where it was read to |
//! | was merged into a wider one | its stretch takes over, and is read out of the wider range |
//! | is not known, nor what came of it | nobody can read it: it is left alone |

use domain::Stretch;
use domain::ports::{FeedPart, FeedRange, Part};

/// Where the part of a lease is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It can be read.
    Read(FeedPart),
    /// It is split up among these, or is this one now: they go on from where it ended, and only
    /// when all of them have a lease it is deleted.
    HandOver(Vec<Part>),
    /// Nobody knows.
    Nowhere,
}

/// Where a part is among these ranges, which must be no older than its lease.
pub fn place(part: &Part, ranges: &[FeedRange]) -> Place {
    match part {
        Part::Range { id, stretch } => match ranges.iter().find(|range| range.id == *id) {
            Some(range) => Place::Read(whole(range)),
            None => heirs(id, stretch.as_ref(), ranges),
        },
        Part::Stretch(stretch) => place_of_stretch(stretch, ranges),
    }
}

/// The other id under which a part can have a lease, where a stranger has the first one.
pub fn detour(part: &Part) -> Option<Part> {
    match part {
        Part::Range { id: _, stretch } => stretch.clone().map(Part::Stretch),
        Part::Stretch(_) => None,
    }
}

fn place_of_stretch(stretch: &Stretch, ranges: &[FeedRange]) -> Place {
    match ranges.iter().find(|range| range.stretch.contains(stretch)) {
        Some(range) if range.stretch == *stretch => Place::Read(whole(range)),
        Some(range) => {
            Place::Read(FeedPart { range: range.id.clone(), within: Some(stretch.clone()) })
        }
        None => {
            let common = ranges.iter().filter_map(|range| range.stretch.common(stretch));
            hand_over(common.map(Part::Stretch).collect())
        }
    }
}

/// What came of a range that is gone.
fn heirs(id: &String, stretch: Option<&Stretch>, ranges: &[FeedRange]) -> Place {
    let heir = |range: &FeedRange| {
        let Some(stretch) = stretch else {
            // Where it lay is not known: its children are taken whole, and some of them repeated.
            return range.parents.contains(id).then(|| part(range));
        };
        let common = range.stretch.common(stretch)?;
        Some(if common == range.stretch { part(range) } else { Part::Stretch(common) })
    };
    hand_over(ranges.iter().filter_map(heir).collect())
}

fn hand_over(parts: Vec<Part>) -> Place {
    if parts.is_empty() { Place::Nowhere } else { Place::HandOver(parts) }
}

fn whole(range: &FeedRange) -> FeedPart {
    FeedPart { range: range.id.clone(), within: None }
}

fn part(range: &FeedRange) -> Part {
    Part::Range { id: range.id.clone(), stretch: Some(range.stretch.clone()) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{halves, merged, one};
    use super::*;

    #[track_caller]
    fn check(part: &Part, ranges: &[FeedRange], expected: &str) {
        let said = match place(part, ranges) {
            Place::Read(FeedPart { range, within: None }) => format!("read {range}"),
            Place::Read(FeedPart { range, within: Some(stretch) }) => {
                format!("read {range} within {stretch}")
            }
            Place::HandOver(parts) => {
                format!("to {}", parts.iter().map(Part::token).collect::<Vec<_>>().join(", "))
            }
            Place::Nowhere => "nowhere".into(),
        };
        assert_eq!(said, expected, "{part}");
    }

    fn range(id: &str, stretch: Option<(&str, &str)>) -> Part {
        let stretch = stretch.map(|(min, max)| Stretch::new(min, max));
        Part::Range { id: id.into(), stretch }
    }

    fn stretch(min: &str, max: &str) -> Part {
        Part::Stretch(Stretch::new(min, max))
    }

    #[test]
    fn a_range_that_is_there_is_read() {
        check(&range("0", None), &one(), "read 0");
        check(&range("1", Some(("", "20"))), &halves(), "read 1");
    }

    #[test]
    fn a_split_is_handed_over_to_every_child() {
        check(&range("0", Some(("", "FF"))), &halves(), "to 1, 2");
        check(&range("0", None), &halves(), "to 1, 2");
        check(&stretch("", "FF"), &halves(), "to -20, 20-FF");
        check(&stretch("10", "30"), &halves(), "to 10-20, 20-30");
    }

    #[test]
    fn a_merge_leaves_the_stretch_to_be_read_out_of_the_wider_range() {
        check(&range("1", Some(("", "20"))), &merged(), "to -20");
        check(&stretch("", "20"), &merged(), "read 3 within -20");
        check(&range("1", None), &merged(), "to 3");
        check(&stretch("", "FF"), &merged(), "read 3");
        // And split again: the stretch is a range of its own.
        check(&stretch("", "20"), &halves(), "read 1");
    }

    #[test]
    fn a_range_that_nobody_remembers_is_left_alone() {
        check(&range("7", None), &halves(), "nowhere");
        check(&range("0", Some(("", "FF"))), &[], "nowhere");
        check(&stretch("", "20"), &[], "nowhere");
    }

    #[test]
    fn around_a_stranger_leads_the_stretch() {
        assert_eq!(detour(&range("1", Some(("", "20")))), Some(stretch("", "20")));
        assert_eq!(detour(&range("1", None)), None);
        assert_eq!(detour(&stretch("", "20")), None);
    }
}
