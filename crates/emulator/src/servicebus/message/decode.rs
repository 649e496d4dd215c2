//! From the bytes of a transfer to a message: the door through which all of them come.

use super::{
    Annotations, BadMessage, LENGTH_MAX, Message, PROPERTIES_MAX, PROPERTY_MAX, edit, section,
    sections::{Section, elements, sections},
};
use crate::servicebus::amqp::value::{self, Ask};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use serde_amqp::Value;
use std::{ops::Range, sync::Arc, time::Duration};

/// Decodes one message. `new_id` gives the message-id where the sender left it out.
///
/// # Errors
/// Sections out of order or malformed, no body, or a property that is too long.
pub(crate) fn decode(bytes: &[u8], new_id: impl FnOnce() -> String) -> Result<Message, BadMessage> {
    let mut parts = Parts::default();
    for section in sections(bytes) {
        parts.take(section?)?;
    }
    let bare = parts.bare(bytes);
    let (id, bare) = if let Some(id) = parts.id {
        (id, bare)
    } else {
        let id = new_id();
        let bare = edit::with_message_id(&bare, &id)?;
        (id, bare)
    };
    short_enough("MessageId", &id)?;
    short_enough("SessionId", parts.session.as_deref().unwrap_or_default())?;
    Ok(Message {
        id: Arc::from(id),
        session: parts.session.map(Arc::from),
        scheduled: parts.scheduled,
        time_to_live: parts.time_to_live,
        durable: parts.durable,
        priority: parts.priority,
        annotations: parts.annotations,
        bare,
    })
}

/// What the sections yield, one by one.
#[derive(Default)]
struct Parts {
    id: Option<String>,
    session: Option<String>,
    scheduled: Option<Timestamp>,
    time_to_live: Option<Duration>,
    durable: bool,
    priority: Option<u8>,
    annotations: Annotations,
    bare_from: Option<usize>,
    /// Delivery annotations behind that, which are for the broker alone.
    cut: Option<Range<usize>>,
}

impl Parts {
    /// Takes what one section says.
    fn take(&mut self, section: Section<'_>) -> Result<(), BadMessage> {
        match section.code {
            section::HEADER => self.take_header(section.value),
            section::DELIVERY_ANNOTATIONS => {
                self.cut = self.bare_from.map(|_| section.start..section.end);
                Ok(())
            }
            section::MESSAGE_ANNOTATIONS => self.take_annotations(section.value),
            section::PROPERTIES => {
                self.bare_from = Some(section.start);
                self.take_properties(section.value)
            }
            section::APPLICATION_PROPERTIES => {
                self.bare_from.get_or_insert(section.start);
                small_enough(section.value)
            }
            _ => {
                self.bare_from.get_or_insert(section.start);
                Ok(())
            }
        }
    }

    /// What goes on to receivers as it came.
    fn bare(&self, bytes: &[u8]) -> Bytes {
        let from = self.bare_from.unwrap_or(bytes.len());
        let cut = self.cut.clone().unwrap_or(bytes.len()..bytes.len());
        let parts = [bytes.get(from..cut.start), bytes.get(cut.end..)];
        parts.map(Option::unwrap_or_default).concat().into()
    }

    /// Durable flag, priority and time to live.
    fn take_header(&mut self, bytes: &[u8]) -> Result<(), BadMessage> {
        let fields = elements(bytes)?;
        self.durable = field(&fields, 0)?.flag().unwrap_or(false);
        self.priority = field(&fields, 1)?.uint().and_then(|priority| u8::try_from(priority).ok());
        let ttl = field(&fields, 2)?.uint();
        self.time_to_live = ttl.map(|ttl| Duration::from_millis(ttl.into()));
        Ok(())
    }

    /// The sender's annotations, and among them when to enqueue.
    fn take_annotations(&mut self, bytes: &[u8]) -> Result<(), BadMessage> {
        let mut kept = BytesMut::new();
        for pair in elements(bytes)?.chunks_exact(2) {
            let [key, value] = pair else { return Err(BadMessage::Malformed) };
            match symbol_text(key) {
                Some("x-opt-scheduled-enqueue-time") => {
                    self.scheduled = whole(value)?.instant();
                }
                Some(key) if SET_BY_BROKER.contains(&key) => continue,
                _ => {}
            }
            kept.extend_from_slice(key);
            kept.extend_from_slice(value);
            self.annotations.pairs += 1;
        }
        self.annotations.bytes = kept.freeze();
        Ok(())
    }

    /// Message-id and group-id.
    fn take_properties(&mut self, bytes: &[u8]) -> Result<(), BadMessage> {
        let fields = elements(bytes)?;
        self.id = id_text(&field(&fields, 0)?);
        self.session = field(&fields, 10)?.text().map(str::to_owned);
        Ok(())
    }
}

/// The text that identifies a message-id of any of its four AMQP types.
pub(crate) fn id_text(id: &Value) -> Option<String> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a message-id has one of four types")]
    match id {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Ulong(number) => Some(number.to_string()),
        Value::Uuid(id) => Some(uuid::Uuid::from_bytes(*id.as_inner()).to_string()),
        Value::Binary(bytes) => Some(URL_SAFE_NO_PAD.encode(bytes)),
        _ => id.text().map(str::to_owned).filter(|text| !text.is_empty()),
    }
}

/// A field of a list; null if the list is shorter.
fn field(fields: &[&[u8]], index: usize) -> Result<Value, BadMessage> {
    fields.get(index).map_or(Ok(Value::Null), |bytes| whole(bytes))
}

/// A value that fills its bytes.
fn whole(bytes: &[u8]) -> Result<Value, BadMessage> {
    value::decode(bytes).map(|(value, _)| value).map_err(|_| BadMessage::Malformed)
}

/// The text of an encoded symbol or string.
fn symbol_text(key: &[u8]) -> Option<&str> {
    match key {
        [0xa3 | 0xa1, _, text @ ..] | [0xb3 | 0xb1, _, _, _, _, text @ ..] => {
            std::str::from_utf8(text).ok()
        }
        _ => None,
    }
}

/// Checks the size of application properties, which few messages have to be looked into for.
fn small_enough(properties: &[u8]) -> Result<(), BadMessage> {
    if properties.len() <= PROPERTY_MAX {
        return Ok(());
    }
    let pairs = elements(properties)?;
    let largest = pairs.chunks(2).map(|pair| pair.iter().map(|part| part.len()).sum()).max();
    let is_small = properties.len() <= PROPERTIES_MAX && largest <= Some(PROPERTY_MAX);
    if is_small { Ok(()) } else { Err(BadMessage::PropertiesTooLarge) }
}

/// Checks the length of a property.
fn short_enough(property: &'static str, text: &str) -> Result<(), BadMessage> {
    let short = text.len() <= LENGTH_MAX || text.chars().count() <= LENGTH_MAX;
    if short { Ok(()) } else { Err(BadMessage::TooLong { property }) }
}

/// Annotations that only the broker sets: what a sender writes there is dropped.
const SET_BY_BROKER: [&str; 6] = [
    "x-opt-enqueued-time",
    "x-opt-sequence-number",
    "x-opt-enqueue-sequence-number",
    "x-opt-locked-until",
    "x-opt-message-state",
    "x-opt-deadletter-source",
];
