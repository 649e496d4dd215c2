//! What the end-to-end tests, the demo and the benchmarks stand on: real processes over real
//! sockets, and a ledger that compares what was acknowledged with what arrived.
#![expect(clippy::missing_errors_doc, reason = "every failure here fails the run that met it")]

pub mod backend;
pub mod client;
pub mod consumer;
pub mod container;
pub mod emulator;
pub mod functions;
pub mod http;
pub mod identity;
pub mod ledger;
pub mod load;
pub mod microsoft;
pub mod operator;
pub mod process;
pub mod proxy;
pub mod topic;
pub mod usage;
pub mod wait;
pub mod world;
