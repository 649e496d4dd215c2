//! Error conditions, and what the broker's refusals are called on the wire.

use super::{
    scan::Malformed,
    value::{described, map, string, symbol},
};
use crate::servicebus::{broker::Refusal, message::BadMessage};
use serde_amqp::Value;
use std::borrow::Cow;

/// An AMQP error: condition and description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The condition's symbol.
    pub(crate) condition: Cow<'static, str>,
    /// Words for a human; the SDKs match on some of them.
    pub(crate) description: String,
}

impl Problem {
    /// A problem under one of the names below.
    pub(crate) fn new(condition: &'static str, description: impl Into<String>) -> Self {
        Self { condition: Cow::Borrowed(condition), description: description.into() }
    }

    /// The error as a list of three fields: azure-servicebus waits for ever on shorter ones.
    pub(crate) fn to_value(&self) -> Value {
        let fields = vec![symbol(&self.condition), string(&*self.description), map([])];
        described(0x1d, fields)
    }

    /// The status code that says the same in a `$management` response.
    pub(crate) fn status(&self) -> i32 {
        match &*self.condition {
            NOT_FOUND | MESSAGE_NOT_FOUND => 404,
            MESSAGE_LOCK_LOST | SESSION_LOCK_LOST => 410,
            SESSION_CANNOT_BE_LOCKED | ENTITY_ALREADY_EXISTS => 409,
            UNAUTHORIZED => 401,
            NOT_IMPLEMENTED => 501,
            SERVER_BUSY => 503,
            TIMEOUT => 408,
            INTERNAL => 500,
            _ => 400,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let condition = match &refusal {
            Refusal::EntityNotFound(_) => NOT_FOUND,
            Refusal::NotAllowed(_) => NOT_ALLOWED,
            Refusal::MessageLockLost => MESSAGE_LOCK_LOST,
            Refusal::SessionLockLost(_) => SESSION_LOCK_LOST,
            Refusal::SessionHeld(_) => SESSION_CANNOT_BE_LOCKED,
            Refusal::MessageNotFound(_) => MESSAGE_NOT_FOUND,
            Refusal::RuleExists(_) | Refusal::EntityExists(_) => ENTITY_ALREADY_EXISTS,
            Refusal::Invalid(_) => ARGUMENT,
            Refusal::Disabled(_) => ENTITY_DISABLED,
            Refusal::Full(..) => RESOURCE_LIMIT,
        };
        Self::new(condition, refusal.to_string())
    }
}

impl From<BadMessage> for Problem {
    fn from(bad: BadMessage) -> Self {
        let condition = match bad {
            BadMessage::Malformed => DECODE,
            BadMessage::TooLong { .. } | BadMessage::PropertiesTooLarge => ARGUMENT,
            BadMessage::EmptyBatch => NOT_ALLOWED,
        };
        Self::new(condition, bad.to_string())
    }
}

impl From<Malformed> for Problem {
    fn from(_: Malformed) -> Self {
        Self::new(DECODE, "The frame holds a malformed AMQP value.")
    }
}

/// No such entity; the JS SDK matches on the words too.
pub(crate) const NOT_FOUND: &str = "amqp:not-found";
/// Not on this kind of entity, or not in this state.
pub(crate) const NOT_ALLOWED: &str = "amqp:not-allowed";
/// No token, or none that is still good.
pub(crate) const UNAUTHORIZED: &str = "amqp:unauthorized-access";
/// What a rejection says if a fault names nothing else; clients retry it.
pub(crate) const INTERNAL: &str = "amqp:internal-error";
/// An operation that does not exist here.
pub(crate) const NOT_IMPLEMENTED: &str = "amqp:not-implemented";
/// Bytes that are not what they should be.
pub(crate) const DECODE: &str = "amqp:decode-error";
/// Bytes that are not a frame.
pub(crate) const FRAMING: &str = "amqp:connection:framing-error";
/// The broker ends the connection; clients connect again.
pub(crate) const CONNECTION_FORCED: &str = "amqp:connection:forced";
/// The broker ends the link; clients attach again.
pub(crate) const DETACH_FORCED: &str = "amqp:link:detach-forced";
/// A transfer without credit.
pub(crate) const TRANSFER_LIMIT: &str = "amqp:link:transfer-limit-exceeded";
/// A message or batch beyond the limit.
pub(crate) const TOO_LARGE: &str = "amqp:link:message-size-exceeded";
/// A transfer beyond the session window.
pub(crate) const WINDOW: &str = "amqp:session:window-violation";
/// An attach with a handle that is attached, or beyond the limit.
pub(crate) const HANDLE_IN_USE: &str = "amqp:session:handle-in-use";
/// A frame for a handle that is not attached.
pub(crate) const UNATTACHED: &str = "amqp:session:unattached-handle";
/// Throttled: clients wait and send again.
pub(crate) const SERVER_BUSY: &str = "com.microsoft:server-busy";
/// Nothing came in the time the client gave.
pub(crate) const TIMEOUT: &str = "com.microsoft:timeout";
/// A request or property that is not as it must be; repeating does not help.
pub(crate) const ARGUMENT: &str = "com.microsoft:argument-error";
/// The lock on a message is not in force any more.
pub(crate) const MESSAGE_LOCK_LOST: &str = "com.microsoft:message-lock-lost";
/// The lock on a session is not in force any more.
pub(crate) const SESSION_LOCK_LOST: &str = "com.microsoft:session-lock-lost";
/// Another receiver holds the session.
pub(crate) const SESSION_CANNOT_BE_LOCKED: &str = "com.microsoft:session-cannot-be-locked";
/// No such deferred or scheduled message.
pub(crate) const MESSAGE_NOT_FOUND: &str = "com.microsoft:message-not-found";
/// An administrator has disabled the entity.
pub(crate) const ENTITY_DISABLED: &str = "com.microsoft:entity-disabled";
/// The entity is full.
pub(crate) const RESOURCE_LIMIT: &str = "amqp:resource-limit-exceeded";
/// A rule of that name is there.
pub(crate) const ENTITY_ALREADY_EXISTS: &str = "com.microsoft:entity-already-exists";
