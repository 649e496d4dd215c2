//! The client against a scripted peer: one module per duty, one test per promise.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be fails the test")]

mod attempts;
mod commit;
mod costs;
mod failover;
mod forms;
mod guards;
mod identity;
mod leases;
mod lists;
mod marks;
mod outbox;
mod peer;
mod properties;
mod ready;
mod rulings;
mod sessions;
mod splits;
