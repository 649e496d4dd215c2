//! A message as it was received: parsed once, with everything on it.

use std::collections::BTreeMap;

use domain::Timestamp;
use fe2o3_amqp::Delivery;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp_types::messaging::annotations::OwnedKey;
use fe2o3_amqp_types::messaging::{
    AmqpValue, Body, Data, Message, MessageAnnotations, MessageId, Properties,
};
use fe2o3_amqp_types::primitives::{SimpleValue, Symbol, Value};
use uuid::Uuid;

/// A message that is locked to us until it is settled.
#[derive(Debug, Clone)]
pub struct Received {
    /// `MessageId`: here the event id.
    pub message_id: Option<String>,
    /// `SessionId`: here the aggregate's key.
    pub session_id: Option<String>,
    /// `Subject`: here the event type.
    pub subject: Option<String>,
    /// `ContentType`.
    pub content_type: Option<String>,
    /// `CorrelationId`: here the aggregate's key.
    pub correlation_id: Option<String>,
    /// The application properties.
    pub properties: BTreeMap<String, Property>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// The place in the entity.
    pub sequence_number: Option<i64>,
    /// When the broker took it.
    pub enqueued_at: Option<Timestamp>,
    /// How often it was handed out before.
    pub delivery_count: u32,
    /// What the lock goes by.
    pub lock_token: Option<Uuid>,
    pub(super) delivery: DeliveryInfo,
}

/// The value of an application property.
#[derive(Debug, Clone, PartialEq)]
pub enum Property {
    /// Text.
    Text(String),
    /// Any integer that fits.
    Integer(i64),
    /// Floating point.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A type that is not told apart here, in words.
    Other(String),
}

impl Received {
    /// An application property that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.properties.get(name)? {
            Property::Text(text) => Some(text),
            Property::Integer(_) | Property::Float(_) | Property::Bool(_) | Property::Other(_) => {
                None
            }
        }
    }

    /// An application property that is an integer.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.properties.get(name)? {
            Property::Integer(number) => Some(*number),
            Property::Text(_) | Property::Float(_) | Property::Bool(_) | Property::Other(_) => None,
        }
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn of(delivery: Delivery<Body<Value>>) -> Self {
        // The tag is the lock token, in the byte order of a .NET Guid.
        let lock_token = Uuid::from_slice_le(delivery.delivery_tag().as_ref()).ok();
        let (delivery, message) = delivery.into_parts();
        let Message {
            header,
            delivery_annotations: _,
            message_annotations,
            properties,
            application_properties,
            body,
            footer: _,
        } = message;
        let properties = properties.unwrap_or_default();
        let annotations = message_annotations.unwrap_or_default();
        let application = application_properties.unwrap_or_default().0;
        let Properties { message_id, subject, correlation_id, content_type, group_id, .. } =
            properties;
        Self {
            message_id: message_id.map(id_text),
            session_id: group_id,
            subject,
            content_type: content_type.map(|symbol| symbol.as_str().to_owned()),
            correlation_id: correlation_id.map(id_text),
            properties: application.into_iter().map(|(name, value)| (name, value.into())).collect(),
            body: bytes(body),
            sequence_number: sequence_number(&annotations),
            enqueued_at: enqueued_at(&annotations),
            delivery_count: header.map_or(0, |header| header.delivery_count),
            lock_token,
            delivery,
        }
    }
}

impl From<SimpleValue> for Property {
    fn from(value: SimpleValue) -> Self {
        let integer = match &value {
            SimpleValue::String(text) => return Self::Text(text.clone()),
            SimpleValue::Bool(value) => return Self::Bool(*value),
            SimpleValue::Float(value) => return Self::Float(f64::from(value.into_inner())),
            SimpleValue::Double(value) => return Self::Float(value.into_inner()),
            SimpleValue::Ubyte(value) => Some(i64::from(*value)),
            SimpleValue::Ushort(value) => Some(i64::from(*value)),
            SimpleValue::Uint(value) => Some(i64::from(*value)),
            SimpleValue::Ulong(value) => i64::try_from(*value).ok(),
            SimpleValue::Byte(value) => Some(i64::from(*value)),
            SimpleValue::Short(value) => Some(i64::from(*value)),
            SimpleValue::Int(value) => Some(i64::from(*value)),
            SimpleValue::Long(value) => Some(*value),
            SimpleValue::Null
            | SimpleValue::Decimal32(_)
            | SimpleValue::Decimal64(_)
            | SimpleValue::Decimal128(_)
            | SimpleValue::Char(_)
            | SimpleValue::Timestamp(_)
            | SimpleValue::Uuid(_)
            | SimpleValue::Binary(_)
            | SimpleValue::Symbol(_)
            | SimpleValue::Described(_) => None,
        };
        integer.map_or_else(|| Self::Other(format!("{value:?}")), Self::Integer)
    }
}

fn id_text(id: MessageId) -> String {
    match id {
        MessageId::String(text) => text,
        MessageId::Ulong(number) => number.to_string(),
        MessageId::Uuid(uuid) => Uuid::from_bytes(uuid.into_inner()).to_string(),
        MessageId::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn bytes(body: Body<Value>) -> Vec<u8> {
    match body {
        Body::Data(sections) => sections.into_iter().flat_map(|Data(bytes)| bytes).collect(),
        Body::Value(AmqpValue(Value::String(text))) => text.into_bytes(),
        Body::Value(AmqpValue(Value::Binary(bytes))) => bytes.into_vec(),
        Body::Value(AmqpValue(other)) => format!("{other:?}").into_bytes(),
        Body::Sequence(sequence) => format!("{sequence:?}").into_bytes(),
        Body::Empty => Vec::new(),
    }
}

fn annotation<'a>(annotations: &'a MessageAnnotations, name: &str) -> Option<&'a Value> {
    annotations.0.get(&OwnedKey::Symbol(Symbol::from(name)))
}

fn sequence_number(annotations: &MessageAnnotations) -> Option<i64> {
    let Value::Long(number) = annotation(annotations, "x-opt-sequence-number")? else {
        return None;
    };
    Some(*number)
}

fn enqueued_at(annotations: &MessageAnnotations) -> Option<Timestamp> {
    let Value::Timestamp(time) = annotation(annotations, "x-opt-enqueued-time")? else {
        return None;
    };
    Timestamp::from_millisecond(time.milliseconds()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_keep_their_kind() {
        let cases = [
            (SimpleValue::String("a".to_owned()), Property::Text("a".to_owned())),
            (SimpleValue::Long(-7), Property::Integer(-7)),
            (SimpleValue::Ulong(7), Property::Integer(7)),
            (SimpleValue::Bool(true), Property::Bool(true)),
            (SimpleValue::Null, Property::Other("Null".to_owned())),
        ];
        for (value, property) in cases {
            assert_eq!(Property::from(value), property);
        }
        assert!(matches!(Property::from(SimpleValue::Ulong(u64::MAX)), Property::Other(_)));
    }

    #[test]
    fn a_body_of_several_sections_is_one_text() {
        let sections = vec![Data(b"ab".to_vec().into()), Data(b"c".to_vec().into())];
        assert_eq!(bytes(Body::Data(sections.into())), b"abc");
        assert_eq!(bytes(Body::Value(AmqpValue(Value::String("t".to_owned())))), b"t");
        assert_eq!(bytes(Body::Empty), b"");
    }
}
