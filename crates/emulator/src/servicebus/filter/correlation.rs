//! Correlation filters: every property named must be there and equal.

use super::{Fields, fields::System};
use crate::servicebus::amqp::value::Ask;
use serde_amqp::Value;

/// What a message must have.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_field_names, reason = "the names are those of the properties")]
pub(crate) struct Correlation {
    /// System properties, in the order in which the wire lists them.
    pub(crate) correlation_id: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) reply_to_session_id: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Application properties.
    pub(crate) properties: Vec<(String, Value)>,
}

impl Correlation {
    /// The system properties with what each must be, in the order in which the wire lists them.
    pub(crate) fn system(&self) -> [(System, &Option<String>); 8] {
        [
            (System::CorrelationId, &self.correlation_id),
            (System::MessageId, &self.message_id),
            (System::To, &self.to),
            (System::ReplyTo, &self.reply_to),
            (System::Label, &self.label),
            (System::SessionId, &self.session_id),
            (System::ReplyToSessionId, &self.reply_to_session_id),
            (System::ContentType, &self.content_type),
        ]
    }

    /// Whether it names nothing: such a filter is refused, it would take everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.system().iter().all(|(_, value)| value.is_none())
    }

    /// Whether a message has all of it.
    pub(super) fn holds(&self, fields: &Fields) -> bool {
        let system = self.system().into_iter().all(|(property, wanted)| {
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
