//! The orders of single partition keys, so that a page of one key costs what it returns.
//!
//! Where a key holds few items, they are sorted for each page. One that holds more is kept in order
//! from the first page on that is asked of it: what nobody asks for costs neither memory nor time.

use super::item::{Item, Placed};
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

/// The keys of one range that are kept in order, by their texts.
#[derive(Debug, Default)]
pub(super) struct Orders(HashMap<Arc<str>, Order>);

/// The items of one key.
#[derive(Debug, Default)]
pub(super) struct Order {
    created: BTreeMap<u64, Arc<Placed>>,
    written: BTreeMap<(u64, u32), Arc<Placed>>,
}

/// So many items, a page of usual size, are sorted each time.
pub(super) const SORTED_MAX: usize = 100;

impl Orders {
    /// The order of a key, if it is kept.
    pub(super) fn get(&self, key: &str) -> Option<&Order> {
        self.0.get(key)
    }

    /// Keeps a key in order from now on.
    pub(super) fn open(&mut self, key: &Arc<str>, order: Order) {
        self.0.insert(Arc::clone(key), order);
    }

    /// Notes an item.
    pub(super) fn add(&mut self, placed: &Arc<Placed>) {
        if let Some(order) = self.0.get_mut(&placed.place.key) {
            order.add(placed);
        }
    }

    /// Forgets an item, and the order of a key that holds few.
    pub(super) fn remove(&mut self, Placed { place, item }: &Placed) {
        let Some(order) = self.0.get_mut(&place.key) else { return };
        order.created.remove(&item.number);
        order.written.remove(&item.change);
        if order.len() <= SORTED_MAX {
            self.0.remove(&place.key);
        }
    }
}

impl Order {
    /// The order of these items.
    pub(super) fn of<'i>(items: impl Iterator<Item = &'i Arc<Placed>>) -> Self {
        let mut order = Self::default();
        items.for_each(|placed| order.add(placed));
        order
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.created.len()
    }

    /// The item of this number, if it is one of the key.
    pub(super) fn numbered(&self, number: u64) -> Option<&Item> {
        self.created.get(&number).map(|placed| &placed.item)
    }

    /// Items in the order of their creation, behind `after`.
    pub(super) fn scan(&self, after: u64) -> impl Iterator<Item = &Item> {
        self.created.range((Excluded(after), Unbounded)).map(|(_, placed)| &placed.item)
    }

    /// Items in the order of their last writes, behind transaction `lsn`.
    pub(super) fn changes(&self, lsn: u64) -> impl Iterator<Item = &Item> {
        let behind = self.written.range((Excluded((lsn, u32::MAX)), Unbounded));
        behind.map(|(_, placed)| &placed.item)
    }

    fn add(&mut self, placed: &Arc<Placed>) {
        self.created.insert(placed.item.number, Arc::clone(placed));
        self.written.insert(placed.item.change, Arc::clone(placed));
    }
}
