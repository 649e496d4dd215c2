//! What the client does against a peer that does what each test tells it to.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "also the helpers of a test fail by panicking"
)]

mod batching;
mod healing;
mod peer;
mod pipelining;
mod readiness;
mod receiving;
mod refusals;
mod tokens;
#[path = "../words/mod.rs"]
mod words;
mod world;
