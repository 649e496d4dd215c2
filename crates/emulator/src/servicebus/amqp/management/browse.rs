//! Looking at messages, and taking deferred ones.

use super::{
    super::{
        condition::{ARGUMENT, Problem},
        engine::World,
        value::{Ask, named},
    },
    Answer, Call,
};
use crate::servicebus::{
    broker::{Mode, Part, transfers_of},
    message::{Message, Stamp, encode, without_body},
};
use bytes::BytesMut;
use serde_amqp::{Value, primitives::Uuid};

/// Messages of one peek: what fits a frame is for the client's window to say, this for ours.
const PEEK_MAX: usize = 250;

/// Messages from a number on, locking none.
pub(super) fn peek(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    if transfers_of(call.path).is_some() {
        return Ok(None);
    }
    let queue = call.queue(world)?;
    let from = call.number("from-sequence-number")?;
    let count = call.number("message-count")?;
    let count = usize::try_from(count).ok().filter(|count| 0 < *count);
    let count = count.ok_or_else(|| Problem::new(ARGUMENT, "message-count is not positive."))?;
    let session = call.field("session-id").text();
    let part = Part { sequence: from, count: count.min(PEEK_MAX), session };
    let found = world.broker.peek(queue, part, world.now)?;
    if found.is_empty() {
        return Ok(None);
    }
    let omits_body = call.field("omit-message-body").flag().unwrap_or(false);
    let found = found.iter().map(|(message, stamp)| {
        let bytes =
            if omits_body { binary(&without_body(message), stamp) } else { binary(message, stamp) };
        named([("message", bytes)])
    });
    Ok(Some(named([("messages", Value::List(found.collect()))])))
}

/// Deferred messages by their numbers.
pub(super) fn receive(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let queue = call.queue(world)?;
    let sequences = call.numbers("sequence-numbers")?;
    let mode = match call.field("receiver-settle-mode").integer() {
        Some(0) => Mode::ReceiveAndDelete,
        Some(_) | None => Mode::PeekLock,
    };
    let asker = call.connection;
    let found = world.broker.receive_deferred((queue, asker), &sequences, mode, world.now)?;
    world.tallies.deliveries_out += found.len() as u64;
    let found = found.iter().map(|delivery| {
        named([
            ("message", binary(&delivery.message, &delivery.stamp)),
            ("lock-token", Value::Uuid(Uuid::from(delivery.token.to_uuid()))),
        ])
    });
    Ok(Some(named([("messages", Value::List(found.collect()))])))
}

/// A message, encoded as if it were transferred.
fn binary(message: &Message, stamp: &Stamp) -> Value {
    let mut bytes = BytesMut::new();
    encode(message, stamp, &mut bytes);
    Value::Binary(bytes.to_vec().into())
}
