//! Events at rest: an envelope and how far it has come.

use crate::{Envelope, Timestamp};

/// An event as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The event.
    pub envelope: Envelope,
    /// How far it has come.
    pub state: EventState,
}

/// How far an event has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventState {
    /// Waits to be published.
    Pending,
    /// Published, settled by the broker, and marked.
    Processed {
        /// When it was marked.
        at: Timestamp,
    },
    /// Can never be sent as it is; the later events of its aggregate wait behind it.
    Parked {
        /// When it was parked.
        at: Timestamp,
        /// What the broker said of it.
        reason: String,
    },
    /// Given up by an operator; the later ones go on.
    Skipped,
}

impl EventState {
    /// Whether later events of the aggregate must wait for this one.
    pub const fn is_unpublished(&self) -> bool {
        matches!(self, Self::Pending | Self::Parked { .. })
    }
}

/// What a document of the change feed turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// An event.
    Event(Entry),
    /// A document of another kind, such as the aggregate itself.
    Other,
    /// Says it is an event, and cannot be read: written by hand or by another version.
    Unreadable {
        /// The document's id, or `?` where it has none.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
}
