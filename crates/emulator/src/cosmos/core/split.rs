//! Splits and merges: ranges replaced by their children, which go on with their parents' clocks.

use super::container::Container;
use super::epk::Epk;
use super::item::{Item, Place};
use super::range::Range;
use std::sync::Arc;

/// Why ranges were not split or merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SplitError {
    /// The range is too narrow to be divided.
    #[error("the partition key range {0} is too narrow to be split")]
    TooNarrow(u32),
    /// There is nothing to merge.
    #[error("the container has only one partition key range")]
    OnlyOne,
}

impl Container {
    /// Splits the fullest range (the first of equals) into two halves; answers their ids.
    pub(crate) fn split(&mut self) -> Result<[u32; 2], SplitError> {
        let counts = self.ranges().iter().map(Range::len).enumerate();
        let fullest = counts.rev().max_by_key(|(_, items)| *items).map_or(0, |(at, _)| at);
        let Some(parent) = self.ranges().get(fullest) else { return Err(SplitError::OnlyOne) };
        let (from, to) = parent.axis;
        let middle = from.midpoint(to);
        if middle == from {
            return Err(SplitError::TooNarrow(parent.id));
        }
        let border = Epk::on_axis(self.shape().key.version(), middle);
        let ids = [self.new_range_id(), self.new_range_id()];
        let mut parent = self.take_range(fullest);
        let [left, right] = ids;
        let mut left = Range::new(left, parent.low.clone(), border.clone(), (from, middle));
        let mut right = Range::new(right, border.clone(), parent.high.clone(), (middle, to));
        for child in [&mut left, &mut right] {
            child.lsn = parent.lsn;
            child.parents.clone_from(&parent.parents);
            child.parents.push(parent.id);
            child.index_like(&parent);
        }
        for (place, item) in parent.drain() {
            let child = if place.epk < border { &mut left } else { &mut right };
            child.put(&place, Some(item));
        }
        self.put_ranges([left, right]);
        Ok(ids)
    }

    /// Merges the two neighbours that together hold least (the first of equals); answers the id.
    pub(crate) fn merge(&mut self) -> Result<u32, SplitError> {
        let pairs = self.ranges().windows(2).enumerate();
        let sizes = pairs.map(|(at, pair)| (at, pair.iter().map(Range::len).sum::<usize>()));
        let Some((at, _)) = sizes.min_by_key(|(_, items)| *items) else {
            return Err(SplitError::OnlyOne);
        };
        let id = self.new_range_id();
        let mut left = self.take_range(at);
        let mut right = self.take_range(at);
        let axis = (left.axis.0, right.axis.1);
        let mut child = Range::new(id, left.low.clone(), right.high.clone(), axis);
        child.lsn = left.lsn.max(right.lsn);
        child.parents = lineage([&left, &right]);
        child.index_like(&left);
        for (place, item) in left.drain().chain(right.drain()) {
            adopt(&mut child, &place, item);
        }
        self.put_ranges([child]);
        Ok(id)
    }
}

/// Puts an item in a merged range: the same LSN may stand for one transaction of each parent.
fn adopt(child: &mut Range, place: &Arc<Place>, mut item: Item) {
    while child.has_change(item.change) {
        item.change.1 += 1;
    }
    child.put(place, Some(item));
}

fn lineage(parents: [&Range; 2]) -> Vec<u32> {
    let mut ids: Vec<u32> = parents
        .into_iter()
        .flat_map(|parent| parent.parents.iter().copied().chain([parent.id]))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
