//! Sessions: their locks, their states, and which there are.

use super::{
    super::{
        engine::World,
        value::{Ask, map, named, string, timestamp},
    },
    Answer, Call,
};
use bytes::Bytes;
use serde_amqp::Value;

/// Prolongs the lock on a session.
pub(super) fn renew(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let held = (call.queue(world)?, call.connection);
    let until = world.broker.renew_session(held, &call.session()?, world.now)?;
    Ok(Some(named([("expiration", timestamp(until))])))
}

/// The session's state.
pub(super) fn get_state(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let held = (call.queue(world)?, call.connection);
    let state = world.broker.session_state(held, &call.session()?, world.now)?;
    let state = state.map_or(Value::Null, |state| Value::Binary(state.to_vec().into()));
    Ok(Some(named([("session-state", state)])))
}

/// Sets or clears the session's state.
pub(super) fn set_state(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let held = (call.queue(world)?, call.connection);
    let state = call.field("session-state").binary().map(Bytes::copy_from_slice);
    world.broker.set_session_state(held, &call.session()?, state, world.now)?;
    Ok(Some(map([])))
}

/// A page of the sessions with messages or state.
pub(super) fn list(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let queue = call.queue(world)?;
    let skip = usize::try_from(call.number("skip")?).unwrap_or(0);
    let top = usize::try_from(call.number("top")?).unwrap_or(0);
    let since = call.field("last-updated-time").instant();
    let ids = world.broker.session_ids(queue, since, (skip, top), world.now)?;
    let ids: Vec<_> = ids.iter().map(|id| string(&**id)).collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let next = i32::try_from(skip + ids.len()).unwrap_or(i32::MAX);
    Ok(Some(named([("skip", Value::Int(next)), ("sessions-ids", Value::Array(ids.into()))])))
}
