//! Where keys lie, and the ranges that hold them: split and merged as a store does.

use domain::ports::FeedRange;
use domain::{Key, Stretch};

/// Where a key lies on the ring.
pub(crate) fn position(key: &Key) -> String {
    // FNV-1a: any spread does, as long as it is the same on every machine.
    let hash = key.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:02X}", (hash >> 17) % 0xFF)
}

/// Whether a key lies in a stretch.
pub(crate) fn holds(stretch: &Stretch, key: &Key) -> bool {
    let position = position(key);
    stretch.min <= position && position < stretch.max
}

/// The ranges of a store.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) ranges: Vec<FeedRange>,
    next: u32,
}

impl Default for Ring {
    fn default() -> Self {
        let stretch = Stretch::new("", "FF");
        let first = FeedRange { id: "0".into(), stretch, parents: Vec::new() };
        Self { ranges: vec![first], next: 1 }
    }
}

impl Ring {
    /// Splits the range of this place in two; nothing where it is too small.
    pub(crate) fn split(&mut self, place: usize) -> bool {
        let Some(parent) = self.ranges.get(place).cloned() else { return false };
        let number = |text: &str| u32::from_str_radix(text, 16).unwrap_or(0);
        let (low, high) = (number(&parent.stretch.min), number(&parent.stretch.max));
        if high - low < 8 {
            return false;
        }
        let middle = format!("{:02X}", u32::midpoint(low, high));
        let mut parents = parent.parents;
        parents.push(parent.id);
        let Stretch { min, max } = parent.stretch;
        let children = [Stretch::new(min, middle.clone()), Stretch::new(middle, max)];
        let children = children.map(|stretch| self.range(stretch, parents.clone()));
        self.ranges.splice(place..=place, children);
        true
    }

    /// Merges the range of this place with the one behind it, if there is one.
    pub(crate) fn merge(&mut self, place: usize) -> bool {
        let both = (self.ranges.get(place).cloned(), self.ranges.get(place + 1).cloned());
        let (Some(low), Some(high)) = both else { return false };
        let stretch = Stretch::new(low.stretch.min, high.stretch.max);
        let mut parents = [low.parents, high.parents, vec![low.id, high.id]].concat();
        parents.sort();
        parents.dedup();
        let child = self.range(stretch, parents);
        self.ranges.splice(place..=place + 1, [child]);
        true
    }

    fn range(&mut self, stretch: Stretch, parents: Vec<String>) -> FeedRange {
        let id = self.next.to_string();
        self.next += 1;
        FeedRange { id, stretch, parents }
    }
}
