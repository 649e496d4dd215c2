//! Messages for tests, encoded as a client would.

use super::{Message, decode};
use crate::servicebus::amqp::value::{self, map, named, string, symbol, timestamp};
use bytes::BytesMut;
use jiff::Timestamp;
use serde_amqp::Value;

/// A message in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    id: Option<Value>,
    session: Option<String>,
    label: Option<String>,
    time_to_live: Option<u32>,
    scheduled: Option<Timestamp>,
    properties: Vec<(&'static str, Value)>,
    body: Vec<u8>,
}

impl Sample {
    /// A message whose body is its id.
    pub(crate) fn new(id: &str) -> Self {
        Self { id: Some(string(id)), body: id.as_bytes().to_vec(), ..Self::default() }
    }

    /// A message without an id.
    pub(crate) fn nameless() -> Self {
        Self { body: b"nameless".to_vec(), ..Self::default() }
    }

    /// With an id of any type.
    pub(crate) fn id(self, id: Value) -> Self {
        Self { id: Some(id), ..self }
    }

    /// In a session.
    pub(crate) fn session(self, session: &str) -> Self {
        Self { session: Some(session.to_owned()), ..self }
    }

    /// With a subject.
    pub(crate) fn label(self, label: &str) -> Self {
        Self { label: Some(label.to_owned()), ..self }
    }

    /// With a time to live in milliseconds.
    pub(crate) fn time_to_live(self, millis: u32) -> Self {
        Self { time_to_live: Some(millis), ..self }
    }

    /// To become visible later.
    pub(crate) fn scheduled(self, at: Timestamp) -> Self {
        Self { scheduled: Some(at), ..self }
    }

    /// With an application property.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.properties.push((key, value.into()));
        self
    }

    /// With this body.
    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The bytes of the message.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        let mut put = |code, value: Value| {
            bytes.extend_from_slice(&[0, 0x53, code]);
            value::encode(&value, &mut bytes);
        };
        if let Some(ttl) = self.time_to_live {
            put(0x70, Value::List(vec![Value::Bool(true), Value::Null, Value::Uint(ttl)]));
        }
        if let Some(at) = self.scheduled {
            put(0x72, map([(symbol("x-opt-scheduled-enqueue-time"), timestamp(at))]));
        }
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, string);
        let mut fields = vec![Value::Null; 13];
        fields[0] = self.id.clone().unwrap_or_default();
        fields[3] = text(&self.label);
        fields[10] = text(&self.session);
        put(0x73, Value::List(fields));
        if !self.properties.is_empty() {
            put(0x74, named(self.properties.iter().cloned()));
        }
        put(0x75, Value::Binary(self.body.clone().into()));
        bytes.to_vec()
    }

    /// The message as the broker has it.
    pub(crate) fn message(&self) -> Message {
        decode(&self.bytes(), || "given-by-the-broker".to_owned()).expect("a sample is a message")
    }
}

/// A batch envelope of samples.
pub(crate) fn batch<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    for sample in samples {
        bytes.extend_from_slice(&[0, 0x53, 0x75]);
        value::encode(&Value::Binary(sample.bytes().into()), &mut bytes);
    }
    bytes.to_vec()
}
