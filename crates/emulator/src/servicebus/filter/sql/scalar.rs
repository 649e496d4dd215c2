//! Values as SQL sees them.

use crate::servicebus::amqp::value::Ask;
use serde_amqp::{
    Value,
    primitives::{Timestamp, Uuid},
};
use std::cmp::Ordering;

/// A value; null stands for what is unknown too.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::servicebus::filter) enum Scalar {
    Null,
    Boolean(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
    /// Milliseconds from 1970 on.
    Instant(i64),
    Id(uuid::Uuid),
}

impl Scalar {
    /// A property or parameter.
    #[expect(clippy::wildcard_enum_match_arm, reason = "types that SQL does not know are null")]
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Boolean(*truth),
            Value::Float(number) => Self::Decimal(f64::from(number.into_inner())),
            Value::Double(number) => Self::Decimal(number.into_inner()),
            Value::Timestamp(at) => Self::Instant(at.milliseconds()),
            Value::Uuid(id) => Self::Id(uuid::Uuid::from_bytes(*id.as_inner())),
            other => match (other.text(), other.integer()) {
                (Some(text), _) => Self::Text(text.to_owned()),
                (None, Some(number)) => Self::Integer(number),
                (None, None) => Self::Null,
            },
        }
    }

    /// As an application property that replaces `old`: of the same type, where none is lost by it.
    pub(super) fn into_value(self, old: Option<&Value>) -> Value {
        match (self, old) {
            (Self::Null, _) => Value::Null,
            (scalar, Some(Value::String(_))) => scalar.text().map_or(Value::Null, Value::String),
            (Self::Integer(number), Some(Value::Int(_))) => {
                i32::try_from(number).map_or(Value::Long(number), Value::Int)
            }
            (scalar @ Self::Integer(_), Some(Value::Double(_))) => {
                scalar.number().map_or(Value::Null, Value::from)
            }
            (Self::Boolean(truth), _) => Value::Bool(truth),
            (Self::Integer(number), _) => Value::Long(number),
            (Self::Decimal(number), _) => Value::from(number),
            (Self::Text(text), _) => Value::String(text),
            (Self::Instant(at), _) => Value::Timestamp(Timestamp::from_milliseconds(at)),
            (Self::Id(id), _) => Value::Uuid(Uuid::from(id.into_bytes())),
        }
    }

    /// The value as text, if it is not null.
    pub(in crate::servicebus::filter) fn text(self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(truth) => truth.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Text(text) => text,
            Self::Instant(at) => jiff::Timestamp::from_millisecond(at).ok()?.to_string(),
            Self::Id(id) => id.to_string(),
        })
    }

    /// A number of either kind.
    #[expect(clippy::cast_precision_loss, reason = "numbers of mixed types compare as floats")]
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Decimal(number) => Some(*number),
            Self::Null | Self::Boolean(_) | Self::Text(_) | Self::Instant(_) | Self::Id(_) => None,
        }
    }

    /// How two values compare; unknown if either is null or their types differ.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Boolean(left), Self::Boolean(right)) => Some(left.cmp(right)),
            (Self::Integer(left), Self::Integer(right))
            | (Self::Instant(left), Self::Instant(right)) => Some(left.cmp(right)),
            (Self::Id(left), Self::Id(right)) => Some(left.cmp(right)),
            // Who writes a condition has no other way to name an id.
            (Self::Id(id), Self::Text(text)) => Some(id.to_string().cmp(text)),
            (Self::Text(text), Self::Id(id)) => Some(text.cmp(&id.to_string())),
            (left, right) => left.number()?.partial_cmp(&right.number()?),
        }
    }
}
