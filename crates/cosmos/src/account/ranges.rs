//! Partition key ranges: which stretch of the ring each physical partition holds.

use serde::Deserialize;

use super::epk::PartitionKey;

/// One physical partition and its stretch of the ring, `min` inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// Its name, unique over the life of the container.
    pub id: String,
    /// The first position it holds.
    #[serde(rename = "minInclusive")]
    pub min: String,
    /// The first position it holds no more.
    #[serde(rename = "maxExclusive")]
    pub max: String,
    /// The ranges it was split or merged from, oldest first.
    #[serde(default)]
    pub parents: Vec<String>,
}

/// All ranges of one container, covering the ring without gap or overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ranges {
    sorted: Vec<Range>,
}

/// The pages of an answer do not make up a ring.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the partition key ranges leave a gap at {at:?}")]
pub struct Gap {
    at: String,
}

impl Ranges {
    /// Puts the ranges of all pages together. A range that another names as its parent
    /// is gone: pages may be older and newer than a split.
    pub(crate) fn assemble(mut found: Vec<Range>) -> Result<Self, Gap> {
        let gone: Vec<String> = found.iter().flat_map(|r| r.parents.iter().cloned()).collect();
        found.retain(|range| !gone.contains(&range.id));
        found.sort_by(|a, b| a.min.cmp(&b.min));
        found.dedup_by(|a, b| a.id == b.id);
        let starts = found.iter().map(|range| range.min.as_str()).chain([RING_END]);
        let ends = std::iter::once("").chain(found.iter().map(|range| range.max.as_str()));
        let gap = ends.zip(starts).find(|(end, start)| end != start);
        match gap.map(|(at, _)| at.to_owned()) {
            Some(at) => Err(Gap { at }),
            None => Ok(Self { sorted: found }),
        }
    }

    /// All of them, in the order of the ring.
    pub(crate) fn all(&self) -> &[Range] {
        &self.sorted
    }

    /// The range that holds a key. With one range nothing is hashed.
    pub(crate) fn holding(&self, key: &PartitionKey) -> Option<&Range> {
        if let [only] = self.sorted.as_slice() {
            return Some(only);
        }
        let epk = key.epk();
        let after = self.sorted.partition_point(|range| range.min.as_str() <= epk.as_str());
        self.sorted.get(after.checked_sub(1)?)
    }

    /// The range of this name, if it still lives.
    pub(crate) fn named(&self, id: &str) -> Option<&Range> {
        self.sorted.iter().find(|range| range.id == id)
    }
}

const RING_END: &str = "FF";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(id: &str, min: &str, max: &str, parents: &[&str]) -> Range {
        let parents = parents.iter().map(ToString::to_string).collect();
        Range { id: id.into(), min: min.into(), max: max.into(), parents }
    }

    #[test]
    fn a_key_is_held_by_the_range_of_its_position() {
        let found = vec![range("2", "1F", "FF", &["0"]), range("1", "", "1F", &["0"])];
        let ranges = Ranges::assemble(found).unwrap();
        let low = PartitionKey::new("partitionKey");
        assert_eq!(ranges.holding(&low).unwrap().id, "1");
        let ids: Vec<_> = (0..50)
            .map(|n| ranges.holding(&PartitionKey::new(format!("o-{n}"))).unwrap().id.clone())
            .collect();
        assert!(ids.contains(&"1".to_owned()) && ids.contains(&"2".to_owned()));
    }

    #[test]
    fn a_position_on_the_border_belongs_to_the_upper_range() {
        let border = PartitionKey::new("partitionKey").epk().as_str().to_owned();
        let found = vec![range("1", "", &border, &[]), range("2", &border, "FF", &[])];
        let ranges = Ranges::assemble(found).unwrap();
        assert_eq!(ranges.holding(&PartitionKey::new("partitionKey")).unwrap().id, "2");
    }

    #[test]
    fn parents_give_way_to_their_children() {
        let found = vec![
            range("0", "", "FF", &[]),
            range("1", "", "80", &["0"]),
            range("2", "80", "FF", &["0"]),
        ];
        let ranges = Ranges::assemble(found).unwrap();
        assert!(ranges.named("0").is_none());
        assert_eq!(ranges.all().len(), 2);
    }

    #[test]
    fn a_gap_is_an_error() {
        let none = Ranges::assemble(vec![]);
        assert_eq!(none, Err(Gap { at: String::new() }));
        let cut = Ranges::assemble(vec![range("1", "", "80", &[]), range("2", "90", "FF", &[])]);
        assert_eq!(cut, Err(Gap { at: "80".into() }));
        let short = Ranges::assemble(vec![range("1", "", "80", &[])]);
        assert_eq!(short, Err(Gap { at: "80".into() }));
    }

    proptest! {
        /// However the ring is cut, one range holds a key, and its stretch says so.
        #[test]
        fn every_key_is_held_by_the_range_that_says_so(
            cuts in prop::collection::btree_set("[0-3][0-9A-F]{5}", 0..6),
            key in ".{0,12}",
        ) {
            let mut borders = vec![String::new()];
            borders.extend(cuts);
            borders.push("FF".to_owned());
            let found = borders
                .windows(2)
                .enumerate()
                .map(|(n, border)| range(&n.to_string(), &border[0], &border[1], &[]))
                .collect();
            let key = PartitionKey::new(key);
            let ranges = Ranges::assemble(found).unwrap();
            let holder = ranges.holding(&key).unwrap();
            let epk = key.epk().as_str().to_owned();
            prop_assert!(holder.min <= epk && epk < holder.max, "{holder:?} {epk}");
        }
    }
}
