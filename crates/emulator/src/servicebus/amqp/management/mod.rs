//! `$management`: operations on an entity by request and response.
//!
//! | operation (`com.microsoft:`) | in |
//! |---|---|
//! | `schedule-message`, `cancel-scheduled-message` | [`schedule`] |
//! | `peek-message`, `receive-by-sequence-number` | [`browse`] |
//! | `renew-lock`, `update-disposition` | [`locks`] |
//! | `renew-session-lock`, `get-`/`set-session-state`, `get-message-sessions` | [`sessions`] |
//! | `add-rule`, `remove-rule`, `enumerate-rules` | [`rules`] |

mod browse;
mod locks;
mod rules;
mod schedule;
mod sessions;

use super::{
    condition::{ARGUMENT, NOT_IMPLEMENTED, Problem},
    engine::World,
    request::{Request, Response},
    value::Ask,
};
use crate::servicebus::broker::{ConnectionId, LockToken, QueueId, Target};
use serde_amqp::Value;
use std::sync::Arc;

/// What an operation yields: the answer's body, or that there is nothing to tell.
type Answer = Result<Option<Value>, Problem>;

/// A request with what it is about.
struct Call<'a> {
    path: &'a str,
    body: &'a Value,
    connection: ConnectionId,
}

/// Handles a request about the entity at `path`.
pub(crate) fn handle(
    path: &str,
    request: &Request,
    connection: ConnectionId,
    world: &mut World<'_>,
) -> Response {
    let call = Call { path, body: &request.body, connection };
    let operation = request.property("operation").unwrap_or_default();
    match dispatch(operation, &call, world) {
        Ok(Some(body)) => Response::done(body),
        Ok(None) => Response::none(),
        Err(problem) => Response::failed(&problem),
    }
}

/// Does what the operation names.
fn dispatch(operation: &str, call: &Call<'_>, world: &mut World<'_>) -> Answer {
    match operation.strip_prefix("com.microsoft:") {
        Some("schedule-message") => schedule::schedule(call, world),
        Some("cancel-scheduled-message") => schedule::cancel(call, world),
        Some("peek-message") => browse::peek(call, world),
        Some("receive-by-sequence-number") => browse::receive(call, world),
        Some("renew-lock") => locks::renew(call, world),
        Some("update-disposition") => locks::update(call, world),
        Some("renew-session-lock") => sessions::renew(call, world),
        Some("get-session-state") => sessions::get_state(call, world),
        Some("set-session-state") => sessions::set_state(call, world),
        Some("get-message-sessions") => sessions::list(call, world),
        Some("add-rule") => rules::add(call, world),
        Some("remove-rule") => rules::remove(call, world),
        Some("enumerate-rules") => rules::list(call, world),
        Some(_) | None => {
            let words = format!("The operation '{operation}' is not supported.");
            Err(Problem::new(NOT_IMPLEMENTED, words))
        }
    }
}

impl Call<'_> {
    /// The queue or subscription that the request is about.
    fn queue(&self, world: &World<'_>) -> Result<QueueId, Problem> {
        Ok(world.broker.source(self.path)?)
    }

    /// The queue or topic that the request is about.
    fn target(&self, world: &World<'_>) -> Result<Target, Problem> {
        Ok(world.broker.target(self.path)?)
    }

    /// A field of the body; null if it is not there.
    fn field(&self, key: &'static str) -> &Value {
        self.body.entry(key)
    }

    /// A field that must be a number.
    fn number(&self, key: &'static str) -> Result<i64, Problem> {
        self.field(key).integer().ok_or_else(|| missing(key))
    }

    /// A field that must be a text.
    fn text(&self, key: &'static str) -> Result<&str, Problem> {
        self.field(key).text().ok_or_else(|| missing(key))
    }

    /// The session that the request is about.
    fn session(&self) -> Result<Arc<str>, Problem> {
        self.text("session-id").map(Arc::from)
    }

    /// A field that must be a list or an array, and hold something.
    fn elements(&self, key: &'static str) -> Result<&[Value], Problem> {
        let elements = self.field(key).elements().filter(|elements| !elements.is_empty());
        elements.ok_or_else(|| missing(key))
    }

    /// A field that must be a list of numbers.
    fn numbers(&self, key: &'static str) -> Result<Vec<i64>, Problem> {
        let numbers = self.elements(key)?.iter().map(Ask::integer);
        numbers.collect::<Option<_>>().ok_or_else(|| missing(key))
    }

    /// The lock tokens of the request.
    fn tokens(&self) -> Result<Vec<LockToken>, Problem> {
        let tokens = self.elements("lock-tokens")?.iter().map(Ask::uuid);
        let tokens = tokens.map(|uuid| uuid.map(LockToken::from_uuid));
        tokens.collect::<Option<_>>().ok_or_else(|| missing("lock-tokens"))
    }
}

/// The answer to a request that lacks a field.
fn missing(key: &str) -> Problem {
    Problem::new(ARGUMENT, format!("The request's '{key}' is missing, empty or of the wrong type."))
}
