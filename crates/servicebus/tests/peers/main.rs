//! The client's connection and link layer against brokers that this project did not write.
//!
//! `cargo xtask peers` starts RabbitMQ and a small broker on rhea, says in the environment where
//! they are, and starts each again when it ends. Neither knows `$cbs`: a login opens them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "also the helpers of a test fail by panicking"
)]

mod healing;
mod receiving;
mod sending;
#[path = "../words/mod.rs"]
mod words;
mod world;
