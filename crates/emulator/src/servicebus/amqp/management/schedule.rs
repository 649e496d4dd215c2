//! Scheduling and taking back.

use super::{
    super::{
        engine::{World, new_id},
        value::{Ask, map, named},
    },
    Answer, Call, missing,
};
use crate::servicebus::message::decode;
use serde_amqp::Value;

/// Takes messages for later; tells their numbers.
pub(super) fn schedule(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let target = call.target(world)?;
    let mut messages = Vec::new();
    for entry in call.elements("messages")? {
        let bytes = entry.entry("message").binary().ok_or_else(|| missing("messages"))?;
        messages.push(decode(bytes, new_id)?);
    }
    let sequences = world.broker.schedule(target, messages, world.now)?;
    let sequences = sequences.into_iter().map(Value::Long).collect();
    Ok(Some(named([("sequence-numbers", Value::Array(sequences))])))
}

/// Takes scheduled messages back.
pub(super) fn cancel(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let target = call.target(world)?;
    world.broker.cancel(target, &call.numbers("sequence-numbers")?, world.now)?;
    Ok(Some(map([])))
}
