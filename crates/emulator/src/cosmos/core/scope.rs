//! Which part of a container a query or feed reads: all, one key, or an interval of the key space.

use super::container::Container;
use super::epk::Epk;
use super::key::PartitionKey;
use super::range::Range;
use super::refusal::Refusal;
use super::split::Splitting;
use std::sync::Arc;

/// What a request asks to read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scope {
    /// The whole container.
    All,
    /// The items of one partition key, or of all that start with it.
    Key(PartitionKey),
    /// One range.
    Range(u32),
    /// What of one range lies in an interval.
    Within(u32, Epk, Epk),
    /// An interval, whatever ranges it touches.
    Interval(Epk, Epk),
}

/// The part of one range that a scope covers.
#[derive(Debug, Clone)]
pub(super) struct Slice<'c> {
    /// The range.
    pub(super) range: &'c Range,
    /// Where the part begins.
    pub(super) low: Epk,
    /// Where it ends.
    pub(super) high: Epk,
    /// The one partition key it is limited to.
    pub(super) key: Option<Arc<str>>,
}

impl Container {
    /// The ranges that a scope touches, in the order of their intervals.
    pub(super) fn slices(&self, scope: &Scope) -> Result<Vec<Slice<'_>>, Refusal> {
        match scope {
            Scope::All => self.interval(&Epk::first(), &Epk::end()),
            Scope::Interval(low, high) => self.interval(low, high),
            Scope::Range(id) => Ok(vec![Slice::whole(self.range(*id)?)]),
            Scope::Within(id, low, high) => {
                Ok(Slice::whole(self.range(*id)?).cut(low, high).into_iter().collect())
            }
            Scope::Key(key) => {
                let epk = self.shape().key.epk(key);
                if !self.shape().key.is_whole(key) {
                    return self.interval(&epk, &epk.behind_prefix());
                }
                let (high, key) = (epk.next(), Some(key.text().into()));
                Ok(vec![Slice { range: self.range_at(&epk)?, low: epk, high, key }])
            }
        }
    }

    fn interval(&self, low: &Epk, high: &Epk) -> Result<Vec<Slice<'_>>, Refusal> {
        let slices = self.ranges().iter().filter_map(|range| Slice::whole(range).cut(low, high));
        let splitting = self.splitting.as_ref();
        slices.map(|slice| Splitting::check(splitting, slice.range).map(|()| slice)).collect()
    }
}

impl<'c> Slice<'c> {
    fn whole(range: &'c Range) -> Self {
        Self { range, low: range.low.clone(), high: range.high.clone(), key: None }
    }

    /// What of this slice lies in an interval.
    pub(super) fn cut(&self, low: &Epk, high: &Epk) -> Option<Self> {
        let low = self.low.clone().max(low.clone());
        let high = self.high.clone().min(high.clone());
        (low < high).then(|| Slice { low, high, ..self.clone() })
    }

    /// Whether the slice is all of its range.
    pub(super) fn is_whole(&self) -> bool {
        self.low == self.range.low && self.high == self.range.high
    }

    /// Whether an item of the range at this point is in the slice.
    pub(super) fn covers(&self, epk: &Epk) -> bool {
        self.low <= *epk && *epk < self.high
    }
}
