//! The changes the broker makes to bare bytes: a message-id where there was none, application
//! properties set on abandon, defer and dead-letter, and what the actions of rules change.

use super::{
    BadMessage, Message, id_text, section,
    sections::{elements, sections},
};
use crate::servicebus::amqp::value::{self, Ask};
use bytes::{BufMut, Bytes, BytesMut};
use serde_amqp::{Value, primitives::OrderedMap};
use std::sync::Arc;

/// `bare` with message-id `id`; its other properties as they were.
pub(super) fn with_message_id(bare: &[u8], id: &str) -> Result<Bytes, BadMessage> {
    let mut fields = Vec::new();
    let mut rest = bare;
    if let Some(first) = sections(bare).next().transpose()?
        && first.code == section::PROPERTIES
    {
        fields = elements(first.value)?;
        rest = bare.get(first.end..).unwrap_or_default();
    }
    let mut list = BytesMut::new();
    value::encode(&value::string(id), &mut list);
    fields.iter().skip(1).for_each(|field| list.put_slice(field));
    let mut bytes = BytesMut::with_capacity(list.len() + rest.len() + 12);
    bytes.put_slice(&[0, 0x53, section::PROPERTIES]);
    put_compound(&mut bytes, 0xd0, fields.len().max(1), &list);
    bytes.put_slice(rest);
    Ok(bytes.freeze())
}

/// `message` with application properties set.
pub(crate) fn edit_application_properties(
    message: &Message,
    edits: impl IntoIterator<Item = (String, Value)>,
) -> Message {
    let Parts { properties, mut own, rest } = Parts::of(&message.bare);
    for (key, value) in edits {
        own.insert(Value::String(key), value);
    }
    Message { bare: joined(properties, own, rest), ..message.clone() }
}

/// `message` with other properties and application properties.
pub(crate) fn with_properties(
    message: &Message,
    properties: Vec<Value>,
    own: OrderedMap<Value, Value>,
) -> Message {
    let id = id_text(value::at(&properties, 0)).map_or_else(|| Arc::clone(&message.id), Arc::from);
    let session = value::at(&properties, 10).text().map(Arc::from);
    let mut section = BytesMut::new();
    value::encode(&value::described(u64::from(section::PROPERTIES), properties), &mut section);
    let bare = joined(&section, own, Parts::of(&message.bare).rest);
    Message { id, session, bare, ..message.clone() }
}

/// `message` with its properties and application properties alone.
pub(crate) fn without_body(message: &Message) -> Message {
    let length = message.bare.len() - Parts::of(&message.bare).rest.len();
    Message { bare: message.bare.slice(..length), ..message.clone() }
}

/// The bare message, taken apart.
struct Parts<'a> {
    /// The properties section.
    properties: &'a [u8],
    /// The application properties.
    own: OrderedMap<Value, Value>,
    /// Body and footer.
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bare: &'a [u8]) -> Self {
        let mut own = OrderedMap::new();
        let (mut middle, mut end) = (0, 0);
        for section in sections(bare).map_while(Result::ok) {
            match section.code {
                section::PROPERTIES => (middle, end) = (section.end, section.end),
                section::APPLICATION_PROPERTIES => {
                    end = section.end;
                    own = pairs(section.value);
                }
                _ => {}
            }
        }
        let properties = bare.get(..middle).unwrap_or_default();
        Self { properties, own, rest: bare.get(end..).unwrap_or_default() }
    }
}

/// The map that is encoded; empty if it is none.
fn pairs(encoded: &[u8]) -> OrderedMap<Value, Value> {
    match value::decode(encoded) {
        Ok((Value::Map(pairs), _)) => pairs,
        Ok(_) | Err(_) => OrderedMap::new(),
    }
}

/// A bare message from its parts.
fn joined(properties: &[u8], own: OrderedMap<Value, Value>, rest: &[u8]) -> Bytes {
    let mut bare = BytesMut::with_capacity(properties.len() + rest.len() + 256);
    bare.put_slice(properties);
    bare.put_slice(&[0, 0x53, section::APPLICATION_PROPERTIES]);
    value::encode(&Value::Map(own), &mut bare);
    bare.put_slice(rest);
    bare.freeze()
}

/// Appends a list or map in its 32-bit form from elements that are encoded already.
pub(super) fn put_compound(into: &mut BytesMut, code: u8, count: usize, elements: &[u8]) {
    into.put_u8(code);
    into.put_u32(u32::try_from(elements.len() + 4).unwrap_or(u32::MAX));
    into.put_u32(u32::try_from(count).unwrap_or(u32::MAX));
    into.put_slice(elements);
}
