//! Splits and merges: ranges replaced by their children, which go on with their parents' clocks.

use super::container::Container;
use super::epk::Epk;
use super::item::{Item, Place};
use super::range::Range;
use super::refusal::Refusal;
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
    /// There is no such range.
    #[error("there is no partition key range {0}")]
    NoRange(u32),
    /// One change at a time.
    #[error("the partition key range {0} is being split already")]
    UnderWay(u32),
}

/// A split that takes its time: until it is complete, the range serves nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Splitting {
    range: u32,
    /// When its children serve, in milliseconds of Unix time.
    until: i64,
}

impl Splitting {
    /// The range, and when its children serve: as it is stored.
    pub(super) fn to_row(self) -> (u32, i64) {
        let Self { range, until } = self;
        (range, until)
    }

    /// A split that was under way when the emulator ended.
    pub(super) fn from_row((range, until): (u32, i64)) -> Self {
        Self { range, until }
    }

    /// Refuses a range that is being split.
    pub(super) fn check(splitting: Option<&Self>, range: &Range) -> Result<(), Refusal> {
        match splitting {
            Some(splitting) if splitting.range == range.id => {
                Err(Refusal::RangeSplitting(range.id))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Container {
    /// Splits a range, or the fullest one (the first of equals), in two; answers the halves' ids.
    pub(crate) fn split(&mut self, range: Option<u32>) -> Result<[u32; 2], SplitError> {
        let (at, middle) = self.to_split(range)?;
        let border = Epk::on_axis(self.shape().key.version(), middle);
        let ids = [self.new_range_id(), self.new_range_id()];
        let mut parent = self.take_range(at);
        let (from, to) = parent.axis;
        let [left, right] = ids;
        let mut left = Range::new(left, parent.low.clone(), border.clone(), (from, middle));
        let mut right = Range::new(right, border.clone(), parent.high.clone(), (middle, to));
        for child in [&mut left, &mut right] {
            child.lsn = parent.lsn;
            child.parents.clone_from(&parent.parents);
            child.parents.push(parent.id);
            child.index_like(&parent);
            child.history = parent.history.as_ref().map(|h| h.within(&child.low, &child.high));
        }
        for (place, item) in parent.drain() {
            let child = if place.epk < border { &mut left } else { &mut right };
            child.put(&place, Some(item));
        }
        self.put_ranges([left, right]);
        Ok(ids)
    }

    /// Starts a split that is complete at `until`, in milliseconds of Unix time; answers the range.
    pub(crate) fn start_split(
        &mut self,
        range: Option<u32>,
        until: i64,
    ) -> Result<u32, SplitError> {
        let (at, _) = self.to_split(range)?;
        let range = self.ranges().get(at).map_or(0, |range| range.id);
        self.splitting = Some(Splitting { range, until });
        Ok(range)
    }

    /// Whether a split is under way.
    pub(crate) fn is_splitting(&self) -> bool {
        self.splitting.is_some()
    }

    /// Ends a split whose time has come; whether one is under way still.
    pub(crate) fn end_split(&mut self, now: i64) -> bool {
        match self.splitting {
            Some(Splitting { range, until }) if until <= now => {
                self.splitting = None;
                // It was found fit to be split when this was started, and nothing else changes it.
                drop(self.split(Some(range)));
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    /// The place of the range to be split, and where on its axis.
    fn to_split(&self, range: Option<u32>) -> Result<(usize, u64), SplitError> {
        if let Some(splitting) = self.splitting {
            return Err(SplitError::UnderWay(splitting.range));
        }
        let counts = self.ranges().iter().map(Range::len).enumerate();
        let fullest = counts.rev().max_by_key(|(_, items)| *items).map(|(at, _)| at);
        let at = match range {
            Some(id) => self.ranges().iter().position(|range| range.id == id),
            None => fullest,
        };
        let found = at.and_then(|at| Some((at, self.ranges().get(at)?)));
        let (at, parent) = found.ok_or(SplitError::NoRange(range.unwrap_or(0)))?;
        let (from, to) = parent.axis;
        let middle = from.midpoint(to);
        if middle == from { Err(SplitError::TooNarrow(parent.id)) } else { Ok((at, middle)) }
    }

    /// Merges the two neighbours that together hold least (the first of equals); answers the id.
    pub(crate) fn merge(&mut self) -> Result<u32, SplitError> {
        if let Some(splitting) = self.splitting {
            return Err(SplitError::UnderWay(splitting.range));
        }
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
        child.history = match (left.history.take(), right.history.take()) {
            (Some(left), Some(right)) => Some(left.merged(right)),
            (one, other) => one.or(other),
        };
        let items = left.drain().chain(right.drain());
        let moved: Vec<u64> =
            items.filter_map(|(place, item)| adopt(&mut child, &place, item)).collect();
        self.put_ranges([child]);
        self.touch(moved);
        Ok(id)
    }
}

/// Puts an item in a merged range: the same LSN may stand for one transaction of each parent.
/// Answers the item's number if its turn had to be changed.
fn adopt(child: &mut Range, place: &Arc<Place>, mut item: Item) -> Option<u64> {
    let (number, turn) = (item.number, item.change.1);
    while child.has_change(item.change) {
        item.change.1 += 1;
    }
    let moved = turn != item.change.1;
    child.put(place, Some(item));
    moved.then_some(number)
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
