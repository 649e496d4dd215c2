//! Correlation filters: every property named must be there and equal.

use super::{Fields, fields::System};
use crate::servicebus::amqp::value::Ask;
use serde_amqp::Value;

/// What a message must have.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Correlation {
    /// What each system property of [`SYSTEM`] must be.
    pub(crate) system: [Option<String>; 8],
    /// Application properties.
    pub(crate) properties: Vec<(String, Value)>,
}

/// The system properties that a filter may name, in the order in which the wire lists them: each
/// with what descriptions call it, and with what requests to `$management` do.
pub(crate) const SYSTEM: [(System, &str, &str); 8] = [
    (System::CorrelationId, "CorrelationId", "correlation-id"),
    (System::MessageId, "MessageId", "message-id"),
    (System::To, "To", "to"),
    (System::ReplyTo, "ReplyTo", "reply-to"),
    (System::Label, "Label", "label"),
    (System::SessionId, "SessionId", "session-id"),
    (System::ReplyToSessionId, "ReplyToSessionId", "reply-to-session-id"),
    (System::ContentType, "ContentType", "content-type"),
];

impl Correlation {
    /// Whether it names nothing: such a filter is refused, it would take everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.system.iter().all(Option::is_none)
    }

    /// Whether a message has all of it.
    pub(super) fn holds(&self, fields: &Fields) -> bool {
        let system = SYSTEM.into_iter().zip(&self.system).all(|((property, ..), wanted)| {
            wanted.as_ref().is_none_or(
                |wanted| matches!(fields.system(property), Value::String(text) if text == *wanted),
            )
        });
        let same = |found: &Value, wanted: &Value| {
            // Who writes the filter and who sends the message need not agree how wide a number is.
            let numbers = number(found).zip(number(wanted));
            found == wanted
                || numbers.is_some_and(|(found, wanted)| found.total_cmp(&wanted).is_eq())
        };
        system
            && self
                .properties
                .iter()
                .all(|(name, wanted)| fields.user(name).is_some_and(|found| same(found, wanted)))
    }
}

/// A number of any width; exact for whole ones that are not beyond 2^53.
#[expect(clippy::cast_precision_loss, reason = "JavaScript, which mixes them, has no others")]
fn number(value: &Value) -> Option<f64> {
    if let Value::Double(number) = value {
        return Some(number.0);
    }
    if let Value::Float(number) = value {
        return Some(number.0.into());
    }
    value.integer().map(|number| number as f64)
}
