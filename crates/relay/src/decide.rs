//! The relay's decisions: functions of state and input to state and effects. No I/O, no clock.
//!
//! Whoever runs them, the binary, a model checker or a simulator, does what [`Course::next`]
//! asks for and tells the course what came of it.
//!
//! Reading order: [`page`] sorts what came in, [`known`] is what a relay remembers of an order,
//! [`course`] leads one order through a round, [`marks`] says what to write afterwards. Apart from
//! them [`leases`] decides who reads which part of the feed.

pub mod course;
pub mod known;
pub mod leases;
pub mod marks;
pub mod page;

pub use course::{Course, Effect, Outcome, Parked, Sent};
pub use known::Known;
pub use page::{Page, Said, Unreadable};

/// Where readings come from: it decides what the relay's memory of them is worth.
///
/// INVARIANT(feed-is-only-a-hint): the feed may repeat old versions, so that what memory knows as
/// published is old news there. The store may not: what it calls pending is looked at again, and
/// a memory that is wrong (an event set back by hand, a container made anew) is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The change feed: a hint, perhaps an old one.
    Feed,
    /// A query for what is pending.
    Store,
    /// An operator, who wants processed events published again: nothing is looked up or marked.
    Replay,
}
