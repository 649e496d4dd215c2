//! One round at a time on an order: the others of this process wait for their turn.

use domain::Key;
use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The orders that are being worked on.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    busy: Mutex<HashSet<Key>>,
    freed: Notify,
}

/// The right to work on an order, until dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    key: &'a Key,
}

impl Turns {
    /// Waits until nobody else works on this order. As long as that takes: the other round is
    /// bounded by its own deadline, and so is this one.
    pub(crate) async fn take<'a>(&'a self, key: &'a Key) -> Turn<'a> {
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if self.lock().insert(key.clone()) {
                return Turn { turns: self, key };
            }
            freed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.lock().remove(self.key);
        self.turns.freed.notify_waiters();
    }
}
