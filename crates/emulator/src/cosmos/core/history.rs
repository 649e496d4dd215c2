//! All versions and deletes: what was done to the items of one range, in order, within bounds.
//!
//! Nothing is kept until somebody can ask for it: from a container's creation if its
//! `changeFeedPolicy` says so, else from the first read in this mode, which can only start now.

mod record;

pub(super) use record::{ChangeId, HistoryRow, Restored, change};

use super::epk::Epk;
use super::feed::{Deed, Entry};
use super::item::{Item, Place};
use super::refusal::Refusal;
use super::scope::Slice;
use bytes::Bytes;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How long what was done is kept if the container does not say: the service's shorter period of
/// continuous backup.
pub(super) const RETENTION_DEFAULT: i64 = 7 * 24 * 60 * 60;
/// The most that is kept of one range: beyond it, the oldest goes before its time.
pub(super) const BYTES_MAX: usize = 64 * 1024 * 1024;
/// What one change takes beside its document, by and large.
const CHANGE_BYTES: usize = 192;
/// A page ends at the next transaction behind this many bytes.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What was done to the items of a range.
#[derive(Debug, Clone)]
pub(super) struct History {
    retention: i64,
    changes: VecDeque<Change>,
    bytes: usize,
    /// Where knowledge begins. Ranges that were merged may have begun at different points.
    floors: Vec<Floor>,
    /// The range that writes it.
    pub(super) range: u32,
    version: u64,
    /// The changes that came or went since they were last asked for, if anybody asks.
    touched: Option<BTreeSet<ChangeId>>,
}

/// One change of one item.
#[derive(Debug, Clone)]
struct Change {
    lsn: u64,
    at: i64,
    place: Arc<Place>,
    deed: Deed,
    /// The document after the change; for a delete, what it was before.
    body: Bytes,
    /// The range that wrote it, and its turn in the transaction there.
    origin: (u32, u32),
}

/// In this interval, everything behind this transaction is known.
#[derive(Debug, Clone)]
struct Floor {
    low: Epk,
    high: Epk,
    lsn: u64,
}

impl History {
    /// Starts to keep what is done in an interval behind a transaction.
    pub(super) fn new(retention: i64, (low, high): (Epk, Epk), lsn: u64) -> Self {
        let floors = vec![Floor { low, high, lsn }];
        let (changes, bytes, range, version) = (VecDeque::new(), 0, 0, 1);
        Self { retention, changes, bytes, floors, range, version, touched: None }
    }

    /// Sets how long changes are kept.
    pub(super) fn set_retention(&mut self, retention: i64) {
        self.version += u64::from(self.retention != retention);
        self.retention = retention;
    }

    /// Adds a change: what was there before, and what is there now.
    pub(super) fn add(
        &mut self,
        (lsn, at): (u64, i64),
        place: &Arc<Place>,
        before: Option<&Item>,
        after: Option<&Item>,
    ) {
        let (deed, body) = match (before, after) {
            (None, Some(item)) => (Deed::Created, &item.body),
            (Some(before), Some(item)) => (Deed::Replaced(before.change.0), &item.body),
            (Some(before), None) => (Deed::Deleted(before.change.0), &before.body),
            (None, None) => return,
        };
        let (place, body, origin) = (Arc::clone(place), body.clone(), self.origin(lsn));
        self.push(Change { lsn, at, place, deed, body, origin });
    }

    /// Adds the end of an item by its time to live.
    pub(super) fn add_expired(&mut self, lsn: u64, at: i64, place: &Arc<Place>, item: &Item) {
        let (deed, body) = (Deed::Expired(item.change.0), item.body.clone());
        let (place, origin) = (Arc::clone(place), self.origin(lsn));
        self.push(Change { lsn, at, place, deed, body, origin });
    }

    /// Forgets what is older than it is kept.
    pub(super) fn purge(&mut self, now: i64) {
        let oldest = now.saturating_sub(self.retention);
        while self.changes.front().is_some_and(|change| change.at < oldest) {
            self.forget_first();
        }
    }

    /// Adds a slice's changes behind `from` to `entries`, and answers how far that went.
    pub(super) fn read(
        &self,
        slice: &Slice<'_>,
        from: u64,
        items_max: usize,
        entries: &mut Vec<Entry>,
    ) -> Result<u64, Refusal> {
        let floors = self.floors.iter().filter(|floor| floor.touches(slice));
        if let Some(floor) = floors.map(|floor| floor.lsn).max().filter(|floor| from < *floor) {
            return Err(Refusal::Bad(format!(
                "what was done behind {from} is not kept any more, only what came behind {floor}: \
                 start again with If-None-Match: *"
            )));
        }
        let (mut reached, mut items, mut bytes) = (from, 0, 0);
        let first = self.changes.partition_point(|change| change.lsn <= from);
        let own = self.changes.range(first..).filter(|change| change.lies_in(slice));
        for change in own {
            let is_next = reached < change.lsn;
            if is_next && (items_max <= items || PAGE_BYTES_MAX <= bytes) {
                return Ok(reached);
            }
            reached = change.lsn;
            items += 1;
            bytes += change.body.len();
            entries.push(change.entry());
        }
        Ok(slice.range.lsn.max(reached))
    }

    /// What of it lies in an interval: the part of a child after a split.
    pub(super) fn within(&self, low: &Epk, high: &Epk) -> Self {
        let own = |change: &&Change| *low <= change.place.epk && change.place.epk < *high;
        let changes: VecDeque<Change> = self.changes.iter().filter(own).cloned().collect();
        let bytes = changes.iter().map(Change::bytes).sum();
        let floors = self.floors.clone();
        let (range, version) = (self.range, self.version);
        Self { retention: self.retention, changes, bytes, floors, range, version, touched: None }
    }

    /// This and that of the neighbour it is merged with, in the order of their transactions.
    pub(super) fn merged(mut self, other: Self) -> Self {
        self.changes.extend(other.changes);
        self.changes.make_contiguous().sort_by_key(|change| change.lsn);
        self.floors.extend(other.floors);
        self.bytes += other.bytes;
        self.fit();
        self
    }

    /// Where the next change of a transaction comes from.
    fn origin(&self, lsn: u64) -> (u32, u32) {
        let last = self.changes.back().filter(|last| last.lsn == lsn);
        let last = last.filter(|last| last.origin.0 == self.range);
        (self.range, last.map_or(0, |last| last.origin.1 + 1))
    }

    fn push(&mut self, change: Change) {
        self.bytes += change.bytes();
        self.touch(change.name());
        self.changes.push_back(change);
        self.fit();
    }

    fn touch(&mut self, change: ChangeId) {
        if let Some(touched) = &mut self.touched {
            touched.insert(change);
        }
    }

    fn fit(&mut self) {
        while BYTES_MAX < self.bytes {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some(first) = self.changes.pop_front() else { return };
        self.bytes -= first.bytes();
        self.touch(first.name());
        self.version += 1;
        let epk = &first.place.epk;
        for floor in self.floors.iter_mut().filter(|floor| floor.low <= *epk && *epk < floor.high) {
            floor.lsn = floor.lsn.max(first.lsn);
        }
    }
}

impl Change {
    fn name(&self) -> ChangeId {
        (self.origin.0, self.lsn, self.origin.1)
    }

    fn bytes(&self) -> usize {
        self.body.len() + CHANGE_BYTES
    }

    fn lies_in(&self, slice: &Slice<'_>) -> bool {
        slice.covers(&self.place.epk) && slice.key.as_ref().is_none_or(|key| *key == self.place.key)
    }

    fn entry(&self) -> Entry {
        let Self { lsn, at, place, deed, body, origin: _ } = self;
        let key = Arc::clone(&place.key);
        Entry { lsn: *lsn, at: *at, deed: Some((*deed, key)), body: body.clone() }
    }
}

impl Floor {
    fn touches(&self, slice: &Slice<'_>) -> bool {
        self.low < slice.high && slice.low < self.high
    }
}
