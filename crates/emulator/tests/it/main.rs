//! The emulator as its users meet it: processes and sockets.

mod control;
mod cosmos;
mod durability;
mod faults;
mod functions;
mod functions_cosmos;
mod functions_life;
mod servicebus;
mod servicebus_bad;
mod servicebus_client;
mod servicebus_wire;
mod support;
