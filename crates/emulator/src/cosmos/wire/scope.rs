//! Which part of a container a request names in its headers.

use super::call::Call;
use crate::cosmos::core::epk::Epk;
use crate::cosmos::core::scope::Scope;
use crate::cosmos::core::{Container, Refusal};

/// Reads the scope; none if the request names no part.
pub(super) fn read(call: &Call, container: &Container) -> Result<Option<Scope>, Refusal> {
    if let Some(text) = call.header("x-ms-documentdb-partitionkey") {
        return container.shape().key.parse_key(text).map(Scope::Key).map(Some);
    }
    let low = bound(call, "x-ms-start-epk")?;
    let high = bound(call, "x-ms-end-epk")?;
    let narrowed = low.is_some() || high.is_some();
    let (low, high) = (low.unwrap_or_else(Epk::first), high.unwrap_or_else(Epk::end));
    match call.header("x-ms-documentdb-partitionkeyrangeid") {
        Some(id) => {
            let id = id.parse().map_err(|_| Refusal::RangeGone(id.to_owned()))?;
            Ok(Some(if narrowed { Scope::Within(id, low, high) } else { Scope::Range(id) }))
        }
        None => Ok(narrowed.then_some(Scope::Interval(low, high))),
    }
}

/// Refuses what was sent to a container that has been replaced since, or is ahead of it.
pub(super) fn check(call: &Call, container: &Container, scope: &Scope) -> Result<(), Refusal> {
    check_rid(call, container)?;
    match call.header("x-ms-session-token") {
        Some(token) => container.check_session(scope, token),
        None => Ok(()),
    }
}

/// Refuses what was meant for a container of another resource id.
pub(super) fn check_rid(call: &Call, container: &Container) -> Result<(), Refusal> {
    match call.header("x-ms-cosmos-intended-collection-rid") {
        Some(rid) if rid != container.rid().text() => Err(Refusal::StaleContainer),
        Some(_) | None => Ok(()),
    }
}

fn bound(call: &Call, name: &str) -> Result<Option<Epk>, Refusal> {
    let Some(text) = call.header(name) else { return Ok(None) };
    let epk = Epk::from_hex(text);
    epk.map(Some)
        .ok_or_else(|| Refusal::Bad(format!("{name} is {text}, no effective partition key")))
}
