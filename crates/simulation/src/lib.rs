//! Orders, relays and their leases, played from a seed: the code that production runs, over ports in
//! memory every call of which may fail, on a clock that nobody waits for.
//!
//! A *seed* decides everything: how many relays there are and how each is woken, what is ordered,
//! which process acts next (each call takes a drawn time), which call fails and how, who dies, who
//! sleeps longer than a lease, whose clock jumps, when ranges split and merge. So the same seed tells the
//! same story, to the letter.
//!
//! Every write is checked as it happens (`ledger`), and once the faults stop, everything has to be
//! out and accounted for within bounded time (`audit`).
//!
//! Reading order: [`run`] plays one seed; `port` is how a call goes wrong, over `store`, `broker`
//! and `leases`; `cast` are the processes, `weather` is what befalls them.

mod audit;
mod broker;
mod cast;
mod fate;
mod feed;
mod history;
mod leases;
mod ledger;
mod operator;
mod port;
mod relays;
mod ring;
mod run;
mod store;
mod weather;
mod world;
mod writer;

pub use history::Told;
pub use run::{Failure, Options, run};
pub use world::Wrong;
