//! The emulator as its users meet it: processes and sockets.

mod control;
mod support;
