//! Order service: warp routes over the domain.
//!
//! Reading order: [`routes()`] is the table of what is answered where; each use case is a file of
//! its name; `problem` is every way to say no; `server` is the sockets under it all.
//!
//! The library knows the domain and its port [`domain::ports::Aggregates`], and no store: the
//! binary brings one.

#[doc(hidden)]
pub mod fuzz;
pub mod routes;
pub mod server;

mod cancel;
mod change;
mod change_quantity;
mod health;
mod history;
mod list;
mod openapi;
mod place;
mod read;
mod ship;

mod asked;
mod body;
mod context;
mod fields;
mod precondition;
mod problem;
mod view;

pub use openapi::document as openapi;
pub use routes::routes;
pub use server::serve;
