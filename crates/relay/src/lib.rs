//! Outbox relay: publishes pending events in order, then marks them processed.
//!
//! Reading order: [`round`] is the guarantee, [`decide`] holds its decisions, [`sweep`] finds what
//! every hint missed. [`app`] is woken through [`http`] by the Functions host, or by [`feed`]
//! where it stands alone; [`operate`] is
//! the operator's tool.

pub mod app;
pub mod config;
pub mod decide;
pub mod feed;
#[doc(hidden)]
pub mod fuzz;
pub mod http;
pub mod logs;
mod memory;
pub mod name;
pub mod operate;
mod payload;
pub mod round;
pub mod setup;
pub mod stop;
pub mod sweep;
mod turns;

pub use app::App;
pub use decide::Source;
pub use round::{Limits, Relay, RoundFault, RoundReport};
