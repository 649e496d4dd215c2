//! The storage core: databases, containers and items, as pure values.
//!
//! Nothing here does I/O or reads a clock: the instant is an argument, and a reason for not doing
//! something is a value. An account owns containers; a container owns ranges; a range owns items
//! and three orders over them: by place (reads), by creation (scans), by last write (change feed);
//! the last two also of single keys ([`orders`]).
//! Every write goes through one [`writer::Writer`], which is one transaction with one LSN.

pub(crate) mod account;
mod batch;
pub(crate) mod charge;
pub(crate) mod container;
pub(crate) mod document;
pub(crate) mod epk;
mod feed;
mod history;
mod index;
mod indexing;
mod item;
pub(crate) mod key;
mod members;
pub(crate) mod meter;
pub(crate) mod operation;
mod orders;
pub(crate) mod patch;
mod patch_value;
mod path;
mod range;
pub(crate) mod refusal;
pub(crate) mod rid;
mod scan;
pub(crate) mod scope;
mod session;
mod shape;
mod split;
mod throughput;
mod writer;

pub(crate) use account::{Account, Offer};
pub(crate) use batch::BulkEntry;
pub(crate) use container::Container;
pub(crate) use feed::{Deed, Entry, FeedPage, FeedRequest, Mode, Start};
pub(crate) use refusal::Refusal;
pub(crate) use scan::{Position, ScanPage, Search};
pub(crate) use split::SplitError;
pub(crate) use throughput::Throughput;

#[cfg(test)]
mod tests;
