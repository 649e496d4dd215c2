//! What the broker asks of the connections after it has changed.

use super::Refusal;
use jiff::Timestamp;
use std::sync::Arc;

/// A connection, as the wire numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// A receiver on a queue or subscription, as the broker numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConsumerId(pub(crate) u64);

/// Something that a connection has to do for one of its consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// There are messages: call receive, even if there is no credit any more.
    Wake(ConsumerId),
    /// The session it waited for is its own.
    SessionGranted {
        /// The consumer that waited.
        consumer: ConsumerId,
        /// Which session.
        session: Arc<str>,
        /// Until when it holds it.
        until: Timestamp,
    },
    /// No session came free in time; the consumer is gone.
    SessionWaitOver(ConsumerId),
    /// The session's lock expired; the consumer is gone.
    SessionLost(ConsumerId),
    /// Its queue is gone, or gives nothing any more; the consumer is gone.
    Dismissed(ConsumerId, Refusal),
}
