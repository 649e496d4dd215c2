//! What a relay promises, each file one part of it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: what cannot be fails the test"
)]

mod alone;
mod crash;
mod functions;
mod history;
mod host;
mod leases;
mod replay;
mod round;
mod sweep;
mod world;
