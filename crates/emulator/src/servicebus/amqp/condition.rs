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
            Refusal::RuleExists(_) => ENTITY_ALREADY_EXISTS,
        };
        Self::new(condition, refusal.to_string())
    }
}

impl From<BadMessage> for Problem {
    fn from(bad: BadMessage) -> Self {
        let condition = match bad {
            BadMessage::Malformed => DECODE,
            BadMessage::TooLong { .. } => ARGUMENT,
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

pub(crate) const NOT_FOUND: &str = "amqp:not-found";
pub(crate) const NOT_ALLOWED: &str = "amqp:not-allowed";
pub(crate) const UNAUTHORIZED: &str = "amqp:unauthorized-access";
pub(crate) const INTERNAL: &str = "amqp:internal-error";
pub(crate) const NOT_IMPLEMENTED: &str = "amqp:not-implemented";
pub(crate) const DECODE: &str = "amqp:decode-error";
pub(crate) const FRAMING: &str = "amqp:connection:framing-error";
pub(crate) const CONNECTION_FORCED: &str = "amqp:connection:forced";
pub(crate) const DETACH_FORCED: &str = "amqp:link:detach-forced";
pub(crate) const TRANSFER_LIMIT: &str = "amqp:link:transfer-limit-exceeded";
pub(crate) const TOO_LARGE: &str = "amqp:link:message-size-exceeded";
pub(crate) const WINDOW: &str = "amqp:session:window-violation";
pub(crate) const HANDLE_IN_USE: &str = "amqp:session:handle-in-use";
pub(crate) const UNATTACHED: &str = "amqp:session:unattached-handle";
pub(crate) const SERVER_BUSY: &str = "com.microsoft:server-busy";
pub(crate) const TIMEOUT: &str = "com.microsoft:timeout";
pub(crate) const ARGUMENT: &str = "com.microsoft:argument-error";
pub(crate) const MESSAGE_LOCK_LOST: &str = "com.microsoft:message-lock-lost";
pub(crate) const SESSION_LOCK_LOST: &str = "com.microsoft:session-lock-lost";
pub(crate) const SESSION_CANNOT_BE_LOCKED: &str = "com.microsoft:session-cannot-be-locked";
pub(crate) const MESSAGE_NOT_FOUND: &str = "com.microsoft:message-not-found";
pub(crate) const ENTITY_ALREADY_EXISTS: &str = "com.microsoft:entity-already-exists";
