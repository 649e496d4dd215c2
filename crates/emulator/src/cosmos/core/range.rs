//! A physical partition: an interval of the key space with its items and its own clock, the LSN.

use super::document::Document;
use super::epk::Epk;
use super::feed::Entry;
use super::history::History;
use super::index::Index;
use super::item::{Item, Place, Placed, Spot};
use super::orders::{Order, Orders, SORTED_MAX};
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
    items: BTreeMap<Spot, Arc<Placed>>,
    /// By creation: what scans follow.
    order: BTreeMap<u64, Arc<Placed>>,
    /// By last write: what the change feed follows.
    changes: BTreeMap<(u64, u32), Arc<Placed>>,
    /// The same two orders of single keys.
    orders: Orders,
    /// The first transaction of each second: where a feed from a point in time begins.
    seconds: BTreeMap<i64, u64>,
    expiries: BTreeSet<(i64, Arc<Place>)>,
    taken: HashSet<(Arc<str>, Box<str>)>,
    /// By value: what queries look up.
    index: Index,
    /// All that was done, from the moment on that somebody can ask for it.
    pub(crate) history: Option<History>,
    /// The numbers of items put or removed since they were last asked for, if anybody asks.
    touched: Option<BTreeSet<u64>>,
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
            orders: Orders::default(),
            seconds: BTreeMap::new(),
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
        self.order.get(&number).map(|placed| placed.parts())
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
    pub(crate) fn get(&self, place: &Arc<Place>) -> Option<&Item> {
        self.items.get(&Spot::new(place)).map(|placed| &placed.item)
    }

    /// Whether an item of this partition key has taken a unique key.
    pub(crate) fn is_taken(&self, key: &Arc<str>, unique: &str) -> bool {
        self.taken.contains(&(Arc::clone(key), unique.into()))
    }

    /// Puts an item at a place, or nothing, and answers what was there: the one way to change.
    pub(crate) fn put(&mut self, place: &Arc<Place>, item: Option<Item>) -> Option<Item> {
        let at = Spot::new(place);
        let after = item.map(|item| Arc::new(Placed { place: Arc::clone(place), item }));
        let before = match &after {
            Some(after) => self.items.insert(at, Arc::clone(after)),
            None => self.items.remove(&at),
        };
        if let Some(before) = &before {
            self.touch(before.item.number);
            self.forget(before);
        }
        if let Some(after) = after {
            self.touch(after.item.number);
            self.note(after);
        }
        before.map(|placed| Arc::unwrap_or_clone(placed).item)
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
        let after = |turn: usize| {
            let (place, _) = undo.get(turn)?;
            let mut later = undo.iter().skip(turn + 1).filter(|(other, _)| other == place);
            match later.next() {
                Some((_, after)) => after.as_ref(),
                None => Some(&self.items.get(&Spot::new(place))?.item),
            }
        };
        let mut renamed = None;
        for (turn, (place, before)) in undo.iter().enumerate() {
            let before = renamed.take().or(before.as_ref());
            let item = after(turn);
            // A replace under another id takes the item away here and puts it there: one change.
            let goes_on = |next: &Item| before.is_some_and(|item| item.number == next.number);
            if item.is_none() && after(turn + 1).is_some_and(goes_on) {
                renamed = before;
            } else {
                history.add((lsn, at), place, before, item);
            }
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
        for placed in self.items.values().map(Arc::clone).collect::<Vec<_>>() {
            let Placed { place, item } = &*placed;
            let expires = Document::parse(&item.body)
                .and_then(|document| shape.expiry(&document, item.at))
                .unwrap_or(item.expires);
            if expires != item.expires {
                self.put(place, Some(Item { expires, ..item.clone() }));
            }
        }
    }

    /// Items in the order of their creation, behind `after`.
    pub(crate) fn scan(&self, after: u64) -> impl Iterator<Item = (&Arc<Place>, &Item)> {
        let behind = self.order.range((Bound::Excluded(after), Bound::Unbounded));
        behind.map(|(_, placed)| placed.parts())
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
        let numbers = self.index.behind(narrowest, after);
        Box::new(numbers.filter_map(|number| Some(self.order.get(&number)?.parts())))
    }

    /// Makes the index know a path, unless it has enough of them.
    pub(crate) fn index_path(&mut self, names: &[String]) {
        if !self.index.is_settled(names) {
            self.index.open(names, self.items.values().map(|placed| &placed.item));
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

    /// Keeps the items of a key in order, if they are many.
    pub(crate) fn order_key(&mut self, epk: &Epk, key: &Arc<str>) {
        if self.orders.get(key).is_none() && self.of_key(epk, key).nth(SORTED_MAX).is_some() {
            let order = Order::of(self.of_key(epk, key));
            self.orders.open(key, order);
        }
    }

    /// Of a key's items behind `after`, in the order of their creation, those that may meet all
    /// these requirements, as far as the index knows.
    pub(crate) fn find_in_key(
        &self,
        (epk, key): (&Epk, &Arc<str>),
        wanted: &[Requirement],
        after: u64,
    ) -> Box<dyn Iterator<Item = &Item> + '_> {
        let Some(order) = self.orders.get(key) else {
            let items = self.of_key(epk, key).map(|placed| &placed.item);
            let mut items: Vec<&Item> = items.filter(|item| after < item.number).collect();
            items.sort_unstable_by_key(|item| item.number);
            return Box::new(items.into_iter());
        };
        let Some(narrowest) = self.index.narrowest(wanted, order.len()) else {
            return Box::new(order.scan(after));
        };
        let numbers = self.index.behind(narrowest, after);
        Box::new(numbers.filter_map(|number| order.numbered(number)))
    }

    /// A key's items in the order of their last writes, behind transaction `lsn`.
    pub(crate) fn changes_in_key(
        &self,
        epk: &Epk,
        key: &Arc<str>,
        lsn: u64,
    ) -> Box<dyn Iterator<Item = &Item> + '_> {
        let Some(order) = self.orders.get(key) else {
            let items = self.of_key(epk, key).map(|placed| &placed.item);
            let mut items: Vec<&Item> = items.filter(|item| lsn < item.change.0).collect();
            items.sort_unstable_by_key(|item| item.change);
            return Box::new(items.into_iter());
        };
        Box::new(order.changes(lsn))
    }

    /// The items of one partition key, in the order of their ids.
    pub(crate) fn of_key(&self, epk: &Epk, key: &Arc<str>) -> impl Iterator<Item = &Arc<Placed>> {
        let first = Place { epk: epk.clone(), key: Arc::clone(key), id: Box::default() };
        let (epk, key) = (epk.clone(), Arc::clone(key));
        let within = move |place: &Place| place.epk == epk && place.key == key;
        let behind = self.items.range(Spot::new(&Arc::new(first))..).map(|(_, placed)| placed);
        behind.take_while(move |placed| within(&placed.place))
    }

    /// Items in the order of their last writes, behind transaction `lsn`.
    pub(crate) fn changes(&self, lsn: u64) -> impl Iterator<Item = (&Arc<Place>, &Item)> {
        let behind = self.changes.range((Bound::Excluded((lsn, u32::MAX)), Bound::Unbounded));
        behind.map(|(_, placed)| placed.parts())
    }

    /// The last transaction before the first write at or after `at`. The clock may have been set
    /// back, and merged ranges had clocks of their own: a later second may have begun earlier.
    pub(crate) fn lsn_before(&self, at: i64) -> u64 {
        let first = self.seconds.range(at..).map(|(_, lsn)| *lsn).min();
        first.map_or(self.lsn, |lsn| lsn.saturating_sub(1))
    }

    /// Whether a turn of a transaction is some item's last write.
    pub(crate) fn has_change(&self, change: (u64, u32)) -> bool {
        self.changes.contains_key(&change)
    }

    /// Takes all items out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (Arc<Place>, Item)> + use<> {
        self.order.clear();
        self.changes.clear();
        self.orders = Orders::default();
        self.seconds.clear();
        self.expiries.clear();
        self.taken.clear();
        let items = std::mem::take(&mut self.items).into_values();
        items.map(|placed| {
            let Placed { place, item } = Arc::unwrap_or_clone(placed);
            (place, item)
        })
    }

    fn note(&mut self, placed: Arc<Placed>) {
        let Placed { place, item } = &*placed;
        self.index.add(item);
        let first = self.seconds.entry(item.at).or_insert(item.change.0);
        *first = item.change.0.min(*first);
        if let Some(at) = item.expires {
            self.expiries.insert((at, Arc::clone(place)));
        }
        for unique in &item.uniques {
            self.taken.insert((Arc::clone(&place.key), unique.clone()));
        }
        self.orders.add(&placed);
        self.order.insert(item.number, Arc::clone(&placed));
        self.changes.insert(item.change, placed);
    }

    fn forget(&mut self, placed: &Placed) {
        let Placed { place, item } = placed;
        self.index.remove(item);
        self.orders.remove(placed);
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
