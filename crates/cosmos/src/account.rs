//! The account: its endpoint, its regions, and how keys spread over its partitions.

mod endpoint;
mod epk;
mod ranges;
mod regions;

pub use endpoint::{Endpoint, EndpointError};
pub use epk::PartitionKey;
pub(crate) use ranges::Ranges;
pub use ranges::{Gap, Range};
pub(crate) use regions::{Access, AccountDocument, Regions};
