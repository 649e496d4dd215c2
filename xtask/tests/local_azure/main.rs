//! `cargo xtask deploy` from end to end: the real `az` and `curl`, against an Azure on this machine.
//!
//! `cargo xtask infra test` installs `az` and runs these; an ordinary `cargo nextest run` does not.
//! The local Azure holds what it is sent to what the real one asks: tokens, versions, parameters,
//! packages; and it fails where it is told to. Bicep's compiler is stood in for (`bicep.py`): the
//! template itself is not compiled here.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests: what cannot be fails the test"
)]

mod arm;
mod failures;
mod login;
mod machine;
mod scm;
mod server;
mod shop;
mod success;
mod world;
