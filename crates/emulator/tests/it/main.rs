//! The emulator as its users meet it: processes and sockets.

mod control;
mod functions;
mod functions_cosmos;
mod functions_life;
mod cosmos;
mod support;
