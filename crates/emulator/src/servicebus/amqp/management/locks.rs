//! Locks on messages.

use super::{
    super::{
        condition::{ARGUMENT, Problem},
        engine::{World, properties},
        value::{Ask, map, named, timestamp},
    },
    Answer, Call,
};
use crate::servicebus::broker::Settlement;
use serde_amqp::Value;

/// Prolongs locks; tells their new ends.
pub(super) fn renew(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let queue = call.queue(world)?;
    let mut ends = Vec::new();
    for token in call.tokens()? {
        ends.push(timestamp(world.broker.renew(queue, token, world.now)?));
    }
    Ok(Some(named([("expirations", Value::Array(ends.into()))])))
}

/// Settles messages by their lock tokens.
pub(super) fn update(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let queue = call.queue(world)?;
    let settlement = settlement(call)?;
    for token in call.tokens()? {
        world.broker.settle(queue, token, settlement.clone(), world.now)?;
        world.tallies.settlements += 1;
    }
    Ok(Some(map([])))
}

/// What the request wants done with them.
fn settlement(call: &Call<'_>) -> Result<Settlement, Problem> {
    let properties = properties(call.field("properties-to-modify"));
    let text = |key| call.field(key).text().map(str::to_owned);
    Ok(match call.text("disposition-status")? {
        "completed" => Settlement::Complete,
        "abandoned" => Settlement::Abandon(properties),
        "defered" | "deferred" => Settlement::Defer(properties),
        "suspended" => Settlement::DeadLetter {
            reason: text("deadletter-reason"),
            description: text("deadletter-description"),
            properties,
        },
        status => {
            let words = format!("The disposition-status '{status}' is not known.");
            return Err(Problem::new(ARGUMENT, words));
        }
    })
}
