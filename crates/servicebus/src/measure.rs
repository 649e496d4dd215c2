//! Counters: what a publisher did, exact, so that tests can assert on costs.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a publisher did since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Messages handed to the link.
    pub messages: u64,
    /// Transfers handed to the link: a batch is one.
    pub transfers: u64,
    /// Transfers that the broker took.
    pub accepted: u64,
    /// Transfers that were refused, or whose settlement was lost.
    pub failed: u64,
    /// Attempts to open a connection: one, and more when it was lost or refused.
    pub connections: u64,
    /// Links attached: one, and one more for each time it was lost.
    pub links: u64,
    /// Links lost, for whatever reason.
    pub losses: u64,
    /// Tokens presented for renewal, before they expired.
    pub renewals: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Measure {
    pub(crate) messages: Counter,
    pub(crate) transfers: Counter,
    pub(crate) accepted: Counter,
    pub(crate) failed: Counter,
    pub(crate) connections: Counter,
    pub(crate) links: Counter,
    pub(crate) losses: Counter,
    pub(crate) renewals: Counter,
}

impl Measure {
    pub(crate) fn read(&self) -> Measured {
        Measured {
            messages: self.messages.get(),
            transfers: self.transfers.get(),
            accepted: self.accepted.get(),
            failed: self.failed.get(),
            connections: self.connections.get(),
            links: self.links.get(),
            losses: self.losses.get(),
            renewals: self.renewals.get(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
