//! The wire form of events: written by name, read with whatever else may stand there.
//!
//! Nothing here is derived from domain types: a rename there must not change what lies in
//! a store. Documents of other kinds and of other versions are told apart, never a crash.

mod aggregate;
mod event;
mod record;

pub(crate) use aggregate::{AggregateDocument, tag_and_aggregate};
pub(crate) use event::{EventDocument, Says, reading_of};
pub(crate) use record::found_in;
pub use record::{Found, Holder, Note, Record};

/// The `type` of every event.
const EVENT: &str = "event";
