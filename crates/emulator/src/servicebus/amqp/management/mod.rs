//! `$management`: operations on an entity by request and response.

use super::{
    condition::{NOT_IMPLEMENTED, Problem},
    engine::World,
    request::{Request, Response},
};
use crate::servicebus::broker::ConnectionId;

/// Handles a request about the entity at `path`.
pub(crate) fn handle(
    _path: &str,
    _request: &Request,
    _connection: ConnectionId,
    _world: &mut World<'_>,
) -> Response {
    Response::failed(&Problem::new(NOT_IMPLEMENTED, "x"))
}
