//! Outbox relay: publishes pending events in order, then marks them processed.
//!
//! Reading order: [`round`] is the guarantee, [`decide`] holds its decisions.

pub mod decide;
pub mod memory;
pub mod round;
pub mod turns;

pub use decide::Source;
pub use round::{Limits, Relay, RoundFault, RoundReport};
