//! A physical partition: an interval of the key space with its items and its own clock, the LSN.

use super::document::Document;
use super::epk::Epk;
use super::feed::Entry;
use super::history::History;
use super::index::Index;
use super::item::{Item, Place};
use super::refusal::Refusal;
use super::scope::Slice;
use super::shape::Shape;
use crate::cosmos::query::Requirement;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound;
use std::sync::Arc;

/// A physical partition, which the wire calls a partition key range.
#[derive(Debug)]
pub(crate) struct Range {
    /// Its number in the container; never used again after a split or merge.
    pub(crate) id: u32,
    /// Where it begins.
    pub(crate) low: Epk,
    /// Where the next one begins.
    pub(crate) high: Epk,
    /// The hashes it covers, on the axis that splits divide.
    pub(crate) axis: (u64, u64),
    /// The ranges it came from, oldest first.
    pub(crate) parents: Vec<u32>,
    /// The last transaction.
    pub(crate) lsn: u64,
    items: BTreeMap<Arc<Place>, Item>,
    /// By creation: what scans follow.
    order: BTreeMap<u64, Arc<Place>>,
    /// By last write: what the change feed follows.
    changes: BTreeMap<(u64, u32), Change>,
    expiries: BTreeSet<(i64, Arc<Place>)>,
    taken: HashSet<(Arc<str>, Box<str>)>,
    /// By value: what queries look up.
    index: Index,
    /// All that was done, from the moment on that somebody can ask for it.
    pub(crate) history: Option<History>,
    /// The numbers of items put or removed since they were last asked for, if anybody asks.
    touched: Option<BTreeSet<u64>>,
}

/// The last write of one item.
#[derive(Debug)]
struct Change {
    place: Arc<Place>,
    at: i64,
}

impl Range {
    /// An empty range.
    pub(crate) fn new(id: u32, low: Epk, high: Epk, axis: (u64, u64)) -> Self {
        Self {
            id,
            low,
            high,
            axis,
            parents: Vec::new(),
            lsn: 0,
            items: BTreeMap::new(),
            order: BTreeMap::new(),
            changes: BTreeMap::new(),
            expiries: BTreeSet::new(),
            taken: HashSet::new(),
            index: Index::default(),
            history: None,
            touched: None,
        }
    }

    /// Keeps from now on which items are put or removed.
    pub(super) fn record(&mut self) {
        self.touched.get_or_insert_default();
        self.history.iter_mut().for_each(History::record);
    }

    /// Notes that an item is to be stored anew.
    pub(super) fn touch(&mut self, number: u64) {
        if let Some(touched) = &mut self.touched {
            touched.insert(number);
        }
    }

    /// The items put or removed since the last call.
    pub(super) fn take_touched(&mut self) -> BTreeSet<u64> {
        self.touched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The item of this number.
    pub(super) fn numbered(&self, number: u64) -> Option<(&Arc<Place>, &Item)> {
        self.items.get_key_value(self.order.get(&number)?.as_ref())
    }

    /// How many items it holds.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether this range is `id`, or came from it.
    pub(crate) fn descends_from(&self, id: u32) -> bool {
        self.id == id || self.parents.contains(&id)
    }

    /// The item at a place.
    pub(crate) fn get(&self, place: &Place) -> Option<&Item> {
        self.items.get(place)
    }

    /// Whether an item of this partition key has taken a unique key.
    pub(crate) fn is_taken(&self, key: &Arc<str>, unique: &str) -> bool {
        self.taken.contains(&(Arc::clone(key), unique.into()))
    }

    /// Puts an item at a place, or nothing, and answers what was there: the one way to change.
    pub(crate) fn put(&mut self, place: &Arc<Place>, item: Option<Item>) -> Option<Item> {
        let before = self.items.remove(place);
        if let Some(before) = &before {
            self.touch(before.number);
            self.forget(place, before);
        }
        if let Some(item) = item {
            self.touch(item.number);
            self.note(place, &item);
            self.items.insert(Arc::clone(place), item);
        }
        before
    }

    /// Removes everything that has expired at `now`.
    pub(crate) fn purge(&mut self, now: i64) {
        while let Some((_, place)) = self.expiries.first().filter(|(at, _)| *at <= now) {
            let place = Arc::clone(place);
            let expired = self.put(&place, None);
            if let (Some(history), Some(item)) = (&mut self.history, expired) {
                self.lsn += 1;
                history.add_expired(self.lsn, item.expires.unwrap_or(now), &place, &item);
            }
        }
        if let Some(history) = &mut self.history {
            history.purge(now);
        }
    }

    /// Keeps from now on what is done, for so many seconds.
    pub(crate) fn keep_history(&mut self, retention: i64) {
        let interval = (self.low.clone(), self.high.clone());
        let start = || History::new(retention, interval, self.lsn);
        let history = self.history.get_or_insert_with(start);
        history.set_retention(retention);
        history.range = self.id;
        if self.touched.is_some() {
            history.record();
        }
    }

    /// Ends a transaction that has put these places from what was there before.
    pub(crate) fn end_transaction(
        &mut self,
        (lsn, at): (u64, i64),
        undo: &[(Arc<Place>, Option<Item>)],
    ) {
        self.lsn = lsn;
        let Some(history) = &mut self.history else { return };
        for (turn, (place, before)) in undo.iter().enumerate() {
            let mut later = undo.iter().skip(turn + 1).filter(|(other, _)| other == place);
            let after = later.next().map(|(_, after)| after.as_ref());
            let after = after.unwrap_or_else(|| self.items.get(place));
            history.add((lsn, at), place, before.as_ref(), after);
        }
    }

    /// Adds what was done in a slice behind a transaction to `entries`; answers how far that went.
    pub(super) fn done(
        &self,
        slice: &Slice<'_>,
        from: u64,
        items_max: usize,
        entries: &mut Vec<Entry>,
    ) -> Result<u64, Refusal> {
        match &self.history {
            Some(history) => history.read(slice, from, items_max, entries),
            None => Ok(self.lsn),
        }
    }

    /// Says anew when each item expires.
    pub(crate) fn set_expiries(&mut self, shape: &Shape) {
        self.expiries.clear();
        for (place, item) in &mut self.items {
            let expires = Document::parse(&item.body)
                .and_then(|document| shape.expiry(&document, item.at))
                .unwrap_or(item.expires);
            if expires != item.expires
                && let Some(touched) = &mut self.touched
            {
                touched.insert(item.number);
            }
            item.expires = expires;
            if let Some(at) = item.expires {
                self.expiries.insert((at, Arc::clone(place)));
            }
        }
    }

    /// Items in the order of their creation, behind `after`.
    pub(crate) fn scan(&self, after: u64) -> impl Iterator<Item = (&Arc<Place>, &Item)> {
        let behind = self.order.range((Bound::Excluded(after), Bound::Unbounded));
        behind.filter_map(|(_, place)| self.items.get_key_value(place.as_ref()))
    }

    /// Of the items behind `after`, in the order of their creation, those that may meet all these
    /// requirements, as far as the index knows.
    pub(crate) fn find(
        &self,
        wanted: &[Requirement],
        after: u64,
    ) -> Box<dyn Iterator<Item = (&Arc<Place>, &Item)> + '_> {
        let Some(narrowest) = self.index.narrowest(wanted, self.len()) else {
            return Box::new(self.scan(after));
        };
        let places =
            self.index.behind(narrowest, after).filter_map(|number| self.order.get(&number));
        Box::new(places.filter_map(|place| self.items.get_key_value(place.as_ref())))
    }

    /// Makes the index know a path, unless it has enough of them.
    pub(crate) fn index_path(&mut self, names: &[String]) {
        if !self.index.is_settled(names) {
            self.index.open(names, self.items.values());
        }
    }

    /// Prepares an empty range to index what `other` does.
    pub(crate) fn index_like(&mut self, other: &Self) {
        self.index = Index::like(&other.index);
    }

    /// Forgets what is indexed: another policy may not allow it.
    pub(crate) fn drop_index(&mut self) {
        self.index = Index::default();
    }

    /// The items of one partition key, in the order of their ids.
    pub(crate) fn of_key(&self, epk: &Epk, key: &Arc<str>) -> impl Iterator<Item = &Item> {
        let first = Place { epk: epk.clone(), key: Arc::clone(key), id: Box::default() };
        let (epk, key) = (epk.clone(), Arc::clone(key));
        let within = move |place: &Place| place.epk == epk && place.key == key;
        self.items.range(first..).take_while(move |(place, _)| within(place)).map(|(_, item)| item)
    }

    /// Items in the order of their last writes, behind transaction `lsn`.
    pub(crate) fn changes(&self, lsn: u64) -> impl Iterator<Item = (&Arc<Place>, &Item)> {
        let behind = self.changes.range((Bound::Excluded((lsn, u32::MAX)), Bound::Unbounded));
        behind.filter_map(|(_, change)| self.items.get_key_value(change.place.as_ref()))
    }

    /// The last transaction before the first write at or after `at`.
    pub(crate) fn lsn_before(&self, at: i64) -> u64 {
        let first = self.changes.iter().find(|(_, change)| at <= change.at);
        first.map_or(self.lsn, |((lsn, _), _)| lsn.saturating_sub(1))
    }

    /// Whether a turn of a transaction is some item's last write.
    pub(crate) fn has_change(&self, change: (u64, u32)) -> bool {
        self.changes.contains_key(&change)
    }

    /// Takes all items out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (Arc<Place>, Item)> + use<> {
        self.order.clear();
        self.changes.clear();
        self.expiries.clear();
        self.taken.clear();
        std::mem::take(&mut self.items).into_iter()
    }

    fn note(&mut self, place: &Arc<Place>, item: &Item) {
        let change = Change { place: Arc::clone(place), at: item.at };
        self.index.add(item);
        self.order.insert(item.number, Arc::clone(place));
        self.changes.insert(item.change, change);
        if let Some(at) = item.expires {
            self.expiries.insert((at, Arc::clone(place)));
        }
        for unique in &item.uniques {
            self.taken.insert((Arc::clone(&place.key), unique.clone()));
        }
    }

    fn forget(&mut self, place: &Arc<Place>, item: &Item) {
        self.index.remove(item);
        self.order.remove(&item.number);
        self.changes.remove(&item.change);
        if let Some(at) = item.expires {
            self.expiries.remove(&(at, Arc::clone(place)));
        }
        for unique in &item.uniques {
            self.taken.remove(&(Arc::clone(&place.key), unique.clone()));
        }
    }
}
