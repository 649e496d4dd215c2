//! The API through real sockets, over a store in memory.

mod bad_bodies;
mod bad_fields;
mod changing;
mod functions;
mod hardening;
mod health;
mod history;
mod listing;
mod lost_answers;
mod memory;
mod openapi;
mod placing;
mod process;
mod reading;
mod routing;
mod sockets;
mod store_faults;
mod traces;
mod world;
