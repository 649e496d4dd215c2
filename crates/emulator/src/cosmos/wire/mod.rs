//! The gateway's wire: HTTP requests in, storage operations done, HTTP answers out.
//!
//! A request goes this way: [`connection`] reads it, [`target`] names what its path addresses,
//! [`auth`] verifies its signature, [`rids`] puts names in the place of resource ids, [`binary`]
//! makes text of its body where it is none, [`door`] asks for faults and picks the handler, a handler
//! ([`items`], [`batch`], [`feed`], [`query`], [`resources`], [`conflicts`], [`account`],
//! [`offers`]) does it, and
//! [`reply`] writes the answer.

mod account;
mod auth;
mod batch;
mod binary;
mod call;
mod conflicts;
mod connection;
mod door;
mod feed;
pub(crate) mod fuzz;
mod items;
mod offers;
mod query;
mod reply;
mod resources;
mod rids;
mod scope;
mod sieve;
mod target;

pub(super) use auth::Keys;
pub(super) use connection::serve;
pub(super) use target::Owner;
