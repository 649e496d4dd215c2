//! What an answer of the broker means: pure, and the only place that knows error conditions.
//!
//! A condition means different things on a transfer (it is about this message) and on the link,
//! session or connection (it is about all of them):
//!
//! | condition | on a transfer | on link, session, connection |
//! |---|---|---|
//! | `com.microsoft:server-busy` | throttled, at least 2 s | throttled, at least 2 s |
//! | `com.microsoft:timeout`, `amqp:internal-error`, `com.microsoft:operation-cancelled` | unanswered | lost |
//! | `amqp:link:detach-forced`, `amqp:connection:forced`, `amqp:link:stolen` | unavailable | lost |
//! | `amqp:link:transfer-limit-exceeded`, `amqp:session:window-violation`, `amqp:resource-locked`, `amqp:illegal-state` | unavailable | lost |
//! | `amqp:not-found`, `amqp:resource-deleted`, `com.microsoft:entity-disabled` | misconfigured | misconfigured |
//! | `amqp:unauthorized-access`, `com.microsoft:auth-failed` | misconfigured | misconfigured |
//! | `amqp:resource-limit-exceeded` | misconfigured | misconfigured |
//! | `amqp:link:message-size-exceeded`, `com.microsoft:argument-error`, `com.microsoft:argument-out-of-range`, `amqp:not-allowed`, `amqp:not-implemented`, `amqp:precondition-failed`, `amqp:invalid-field`, `amqp:decode-error` | rejected | misconfigured |
//! | any not named here | rejected | lost |
//! | rejected without a condition, released, modified | unavailable | – |
//!
//! *Lost* is [`Fault::Unavailable`] for what had not been sent, and [`Fault::Unanswered`] for what
//! had been sent and was not settled. Only a transfer can be rejected: a condition on the link is
//! never blamed on one message, since a message that is parked by mistake waits for an operator.
//! A rejection whose condition is not known is believed: retried for ever, it would hold up
//! every other order.

use std::time::Duration;

use domain::Fault;
use fe2o3_amqp_types::definitions::{Error, ErrorCondition};
use fe2o3_amqp_types::messaging::Outcome;
use fe2o3_amqp_types::primitives::Symbol;

/// The least wait when the namespace is busy: Service Bus asks for 2 seconds in its own words.
pub(crate) const BUSY_PAUSE: Duration = Duration::from_secs(2);

/// What the broker said of a transfer: `Ok` if it took it.
pub(crate) fn of_transfer(outcome: Outcome) -> Result<(), Fault> {
    match outcome {
        Outcome::Accepted(_) => Ok(()),
        Outcome::Rejected(rejected) => Err(match rejected.error {
            Some(error) => rejection(Said::from(error)),
            None => Fault::Unavailable("rejected without a reason".into()),
        }),
        Outcome::Released(_) => Err(Fault::Unavailable("released, not taken".into())),
        Outcome::Modified(_) => Err(Fault::Unavailable("handed back, not taken".into())),
    }
}

/// A condition and what the broker said with it; cheap to hand to everyone who waits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{condition}{}{description}", if description.is_empty() { "" } else { ": " })]
pub(crate) struct Said {
    pub(crate) condition: String,
    pub(crate) description: String,
}

impl From<Error> for Said {
    fn from(error: Error) -> Self {
        Self {
            condition: condition_name(&error.condition),
            description: error.description.unwrap_or_default(),
        }
    }
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Too much at once.
    Busy,
    /// The broker cannot say whether it happened.
    Unsure,
    /// Not now.
    Passing,
    /// Someone has to mend the set-up.
    Setup,
    /// This, as it is, never.
    Content,
    /// A condition that is not known here.
    Unknown,
}

/// The class of a condition, by its name.
pub(crate) fn class(condition: &str) -> Class {
    match condition {
        "com.microsoft:server-busy" => Class::Busy,
        "com.microsoft:timeout" | "com.microsoft:operation-cancelled" | "amqp:internal-error" => {
            Class::Unsure
        }
        "amqp:link:detach-forced"
        | "amqp:link:stolen"
        | "amqp:link:transfer-limit-exceeded"
        | "amqp:connection:forced"
        | "amqp:connection:framing-error"
        | "amqp:session:window-violation"
        | "amqp:resource-locked"
        | "amqp:illegal-state" => Class::Passing,
        "amqp:not-found"
        | "amqp:resource-deleted"
        | "amqp:resource-limit-exceeded"
        | "amqp:unauthorized-access"
        | "amqp:link:redirect"
        | "amqp:connection:redirect"
        | "com.microsoft:auth-failed"
        | "com.microsoft:entity-disabled" => Class::Setup,
        "amqp:link:message-size-exceeded"
        | "amqp:not-allowed"
        | "amqp:not-implemented"
        | "amqp:precondition-failed"
        | "amqp:invalid-field"
        | "amqp:decode-error"
        | "com.microsoft:argument-error"
        | "com.microsoft:argument-out-of-range" => Class::Content,
        _ => Class::Unknown,
    }
}

fn rejection(said: Said) -> Fault {
    match class(&said.condition) {
        Class::Busy => Fault::Throttled { after: Some(BUSY_PAUSE) },
        Class::Unsure => Fault::Unanswered(said.into()),
        Class::Passing => Fault::Unavailable(said.into()),
        Class::Setup => Fault::Misconfigured { problem: said.to_string() },
        Class::Content | Class::Unknown => Fault::Rejected { reason: said.to_string() },
    }
}

/// What the condition that ended a link, a session or a connection means for what was *not* sent.
pub(crate) fn of_unsent(said: &Said) -> Fault {
    match class(&said.condition) {
        Class::Busy => Fault::Throttled { after: Some(BUSY_PAUSE) },
        Class::Setup | Class::Content => Fault::Misconfigured { problem: said.to_string() },
        Class::Unsure | Class::Passing | Class::Unknown => Fault::Unavailable(said.clone().into()),
    }
}

/// The name of a condition on the wire.
pub(crate) fn condition_name(condition: &ErrorCondition) -> String {
    let symbol = match condition {
        ErrorCondition::AmqpError(error) => Symbol::from(error),
        ErrorCondition::ConnectionError(error) => Symbol::from(error),
        ErrorCondition::SessionError(error) => Symbol::from(error),
        ErrorCondition::LinkError(error) => Symbol::from(error),
        ErrorCondition::Custom(symbol) => symbol.clone(),
    };
    symbol.as_str().to_owned()
}

#[cfg(test)]
mod tests;
