//! Azure Cosmos DB for NoSQL over reqwest.
//!
//! A slim client: what this project needs of the service, with all that keeps it correct
//! under throttling, failover, splits and lost answers. Bytes, meaning and I/O are kept
//! apart: `request` and `outcome` are functions of values, `verdict` decides, and only
//! `transport` touches the socket.

mod account;
mod batch;
mod caches;
mod client;
mod container;
mod credential;
mod documents;
mod failure;
mod feed;
mod form;
#[doc(hidden)]
pub mod fuzz;
mod leases;
mod meter;
mod moment;
mod outcome;
mod patch;
mod query;
mod request;
mod session;
mod settings;
mod store;
mod tls;
mod transport;
mod verdict;

pub use account::{Endpoint, EndpointError, Gap, PartitionKey, Range};
pub use batch::{Batch, Outcome, Step};
pub use client::{Client, NoTls};
pub use container::{
    CompositePath, Container, Definition, IndexedPath, IndexingPolicy, Item,
    PartitionKeyDefinition, Patched, Patching, Within,
};
pub use credential::{Credential, Entra, KeyError, MasterKey, TokenError};
pub use documents::{Found, Holder, Note, Record};
pub use failure::{Failure, Invalid, Why};
pub use feed::{Start, Written};
pub use form::Form;
pub use leases::CosmosLeases;
pub use meter::{Kind, Meter, Tally};
pub use moment::Moment;
pub use outcome::NoAnswer;
pub use patch::Patch;
pub use query::{Page, Query};
pub use request::{ContainerName, NameError};
pub use settings::{Mistake, Settings};
pub use store::{CosmosDesk, CosmosOutbox, CosmosStore, Counts, Gather, Ruling, Seen};
pub use verdict::Patience;
