//! Every control route of the contract over the real wire: each fault of each operation does what
//! it says, as often as it says, and nothing else.

mod cosmos;
mod routes;
mod servicebus;
