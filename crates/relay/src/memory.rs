//! What this relay remembers of the orders it met last.

use crate::decide::{Known, Outcome, Said};
use domain::{EventId, Key, Sequence};
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded memory of orders, the least recently met forgotten first. Forgetting costs a query
/// or a repeated send, never an event.
#[derive(Debug)]
pub(crate) struct Memory {
    orders: Mutex<LruCache<Key, Known>>,
}

impl Memory {
    /// How many orders it holds: at some 200 bytes each 3 MiB, and many times more than there are
    /// orders in the pages that a host may repeat.
    const ORDERS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16_383);

    /// Takes in what a page says of an order, and returns all that is known of it now.
    pub(crate) fn learn(&self, key: &Key, said: &Said) -> Known {
        self.change(key, |known| {
            known.learn(said);
            known.clone()
        })
    }

    /// The broker settled these events.
    pub(crate) fn settle(&self, key: &Key, settled: &[Sequence]) {
        self.change(key, |known| settled.iter().for_each(|sequence| known.settle(*sequence)));
    }

    /// Takes in how an order left a round.
    pub(crate) fn conclude(&self, key: &Key, outcome: &Outcome) {
        if let Some(is_held) = outcome.is_held {
            self.change(key, |known| known.is_held = is_held);
        }
    }

    /// This event's mark stands in the store.
    pub(crate) fn mark(&self, event: &EventId) {
        self.change(&event.key, |known| known.mark(event.sequence));
    }

    fn change<T>(&self, key: &Key, change: impl FnOnce(&mut Known) -> T) -> T {
        change(self.lock().get_or_insert_mut_ref(key, Known::default))
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Key, Known>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self { orders: Mutex::new(LruCache::new(Self::ORDERS_MAX)) }
    }
}
