//! Orders, events, envelopes, faults and ports.
//!
//! Pure: no I/O, no wire form, no clock, no async runtime. Time is an argument, and whatever a
//! function decides is a value.
//!
//! Reading order: [`order`] decides, [`change`] holds what was decided, [`envelope`] is what
//! travels, [`ports`] is what the edges must do, [`fault`] and [`retry`] say what to do when they
//! cannot.

pub mod change;
pub mod entry;
pub mod envelope;
pub mod fault;
pub mod key;
pub mod order;
pub mod ports;
pub mod retry;
pub mod stretch;
pub mod trace;
pub mod value;

pub use change::{Aggregate, Change, Event};
pub use entry::{Entry, EventState, Reading};
pub use envelope::{Envelope, EventId, Json, Sequence};
pub use fault::{Chain, Fault};
pub use key::Key;
pub use stretch::Stretch;
pub use trace::TraceParent;

/// An instant, as every part of the project writes it.
pub use jiff::Timestamp;
