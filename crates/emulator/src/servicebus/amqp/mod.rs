//! AMQP 1.0 over the broker core: framing, SASL, sessions and links, `$cbs`, `$management`.

pub(crate) mod cbs;
pub(crate) mod condition;
pub(crate) mod connection;
pub(crate) mod engine;
pub(crate) mod frame;
pub(crate) mod management;
pub(crate) mod performative;
pub(crate) mod request;
pub(crate) mod sasl;
pub(crate) mod scan;
#[cfg(test)]
mod tests;
pub(crate) mod value;
