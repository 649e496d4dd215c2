//! Ports: what the edges must be able to do. Native async; futures are `Send`.
//!
//! [`Aggregates`] and [`Outbox`] are two views of one store: the API writes through the first, the
//! relay works on the second. [`Feed`] only hints at where the second has work; [`Leases`] say who
//! reads which part of it.

mod leases;

pub use leases::{
    Begin, Created, Deleted, Lag, Lease, Leases, Listed, NewLease, Part, Stranger, Written,
};

use crate::stretch::Stretch;
use crate::{Aggregate, Change, Entry, Envelope, EventId, Fault, Key, Reading, Timestamp};
use std::future::Future;
use std::time::Duration;

/// A store of aggregates with their events.
pub trait Aggregates<A: Aggregate>: Send + Sync {
    /// Writes state and events in one transaction, in one round trip.
    ///
    /// `basis` is what the change was decided on. [`Fault::Conflict`]: another writer was there
    /// first. A lost answer is resolved by reading back; [`Fault::Unanswered`] is left only where
    /// that is not answered either.
    fn commit(
        &self,
        change: Change<A>,
        basis: Basis,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Reads one aggregate; `None` where there is none.
    fn load(&self, key: &Key) -> impl Future<Output = Result<Option<Stored<A>>, Fault>> + Send;

    /// One page of the aggregates that `field` is `value` of, newest first.
    fn list(&self, query: ListQuery) -> impl Future<Output = Result<Page<A>, Fault>> + Send;

    /// The events of one aggregate in sequence, as far as they have not expired.
    fn history(&self, key: &Key) -> impl Future<Output = Result<Vec<Entry>, Fault>> + Send;

    /// Whether it can serve now, and if not, why.
    fn ready(&self) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// What a change was decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Nothing: the aggregate must not exist yet.
    New,
    /// The state that was loaded under this tag, and no other.
    Loaded(Tag),
}

/// A store's name for one version of a document; opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(pub String);

/// An aggregate as it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<A> {
    /// Its state.
    pub state: A,
    /// What to give back with a change of it.
    pub tag: Tag,
}

/// Which aggregates to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// The stored field to select by, such as `accountNumber`; every aggregate if `None`.
    pub filter: Option<(&'static str, String)>,
    /// At most this many.
    pub limit: usize,
    /// Where the last page ended.
    pub continuation: Option<Continuation>,
}

/// Where a page ended: the instant and key of its last aggregate, so that the next page starts
/// there whatever was written meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation {
    /// When the last aggregate of the page was created.
    pub placed_at: Timestamp,
    /// Its key.
    pub key: Key,
}

/// One page of aggregates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<A> {
    /// Newest first.
    pub items: Vec<A>,
    /// Where the next page starts; `None` where this was the last.
    pub continuation: Option<Continuation>,
}

/// The events of a store that are on their way.
pub trait Outbox: Send + Sync {
    /// Reads one document of the feed (JSON text). Never fails: what it cannot read it says.
    fn read(&self, document: &str) -> Reading;

    /// The unpublished events (pending or parked) of one aggregate, in sequence, up to the first
    /// that cannot be read.
    fn unpublished(&self, key: &Key) -> impl Future<Output = Result<Vec<Entry>, Fault>> + Send;

    /// One page of the pending events of all aggregates that were last written at or before
    /// `before`, in no particular order. `cursor` is where the last page ended.
    fn pending(
        &self,
        before: Timestamp,
        cursor: Option<String>,
    ) -> impl Future<Output = Result<PendingPage, Fault>> + Send;

    /// Marks events, each only if it is still pending; one answer a mark, in the same order.
    fn mark(&self, marks: Vec<Mark>) -> impl Future<Output = Vec<Result<Marked, Fault>>> + Send;

    /// Whether it can serve now, and if not, why.
    fn ready(&self) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// One page of pending events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPage {
    /// What was read.
    pub readings: Vec<Reading>,
    /// Where the next page starts; `None` where this was the last.
    pub cursor: Option<String>,
}

/// What to write on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Which event.
    pub event: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub verdict: MarkAs,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkAs {
    /// Published and settled.
    ///
    /// INVARIANT(nothing-pending-expires): the only mark that carries a time to live.
    Processed {
        /// How long to keep it from now on.
        retention: Duration,
    },
    /// It can never be sent as it is.
    Parked {
        /// What the broker said of it.
        reason: String,
    },
}

/// What came of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It stands there now.
    Done,
    /// The event was not pending any more: another relay was there first, or it expired.
    NotPending,
}

/// A broker that keeps the order of a key's messages and drops repeats of an id.
pub trait Publisher: Send + Sync {
    /// Publishes the first of these events, which are of one key and in sequence: as many as go
    /// into one message batch, which the broker takes whole or not at all.
    ///
    /// Returns how many were settled, at least one. [`Fault::Rejected`]: the batch was refused
    /// for its content, and nothing of it was taken.
    fn publish(&self, events: &[Envelope]) -> impl Future<Output = Result<usize, Fault>> + Send;

    /// Whether it can serve now, and if not, why.
    fn ready(&self) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// A change feed, by range.
pub trait Feed: Send + Sync {
    /// The ranges that make up the whole feed now, asked for anew.
    fn ranges(&self) -> impl Future<Output = Result<Vec<FeedRange>, Fault>> + Send;

    /// The next page of a part.
    fn next(
        &self,
        part: &FeedPart,
        from: &FeedPosition,
    ) -> impl Future<Output = Result<FeedPage, Fault>> + Send;
}

/// One range of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedRange {
    /// Its id (partition key range id).
    pub id: String,
    /// Where it lies on the ring.
    pub stretch: Stretch,
    /// The ids of the ranges it came from, by split or merge.
    pub parents: Vec<String>,
}

/// What one reader reads of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedPart {
    /// The range that holds it.
    pub range: String,
    /// Only this much of the range; `None`: all of it.
    pub within: Option<Stretch>,
}

/// Where to read a part from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedPosition {
    /// Only what is written from now on.
    Now,
    /// Behind this continuation.
    After(String),
}

/// What a read of a part brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedPage {
    /// What was written since; empty when nothing was.
    Read {
        /// In the order of their writes per key.
        readings: Vec<Reading>,
        /// Where to go on.
        continuation: String,
    },
    /// The range was split or merged: read [`Feed::ranges`] again and go on there from the
    /// same position.
    Gone,
}
