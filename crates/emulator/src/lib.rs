//! A local Azure: Cosmos DB, Service Bus and the Functions host, for development and tests.

pub mod clock;
pub mod control;
pub mod cosmos;
pub mod faults;
pub mod functions;
#[doc(hidden)]
pub mod fuzz;
pub mod gate;
pub mod local;
pub mod port;
pub mod servicebus;
pub mod store;
