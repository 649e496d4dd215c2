//! The two changes the broker makes to bare bytes: a message-id where there was none, and
//! application properties set on abandon, defer and dead-letter.

use super::{
    BadMessage, Message, section,
    sections::{elements, sections},
};
use crate::servicebus::amqp::value;
use bytes::{BufMut, Bytes, BytesMut};
use serde_amqp::{Value, primitives::OrderedMap};

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

/// `message` with application properties set, or removed where there is no value.
pub(crate) fn edit_application_properties(
    message: &Message,
    edits: impl IntoIterator<Item = (String, Option<Value>)>,
) -> Message {
    let mut own = OrderedMap::new();
    let (mut start, mut end) = (0, 0);
    for section in sections(&message.bare).map_while(Result::ok) {
        if section.code == section::PROPERTIES {
            (start, end) = (section.end, section.end);
        }
        if section.code == section::APPLICATION_PROPERTIES {
            (start, end) = (section.start, section.end);
            if let Ok((Value::Map(pairs), _)) = value::decode(section.value) {
                own = pairs;
            }
        }
    }
    for (key, value) in edits {
        let key = Value::String(key);
        match value {
            Some(value) => own.insert(key, value),
            None => own.shift_remove(&key),
        };
    }
    let mut bare = BytesMut::with_capacity(message.bare.len() + 256);
    bare.put_slice(message.bare.get(..start).unwrap_or_default());
    bare.put_slice(&[0, 0x53, section::APPLICATION_PROPERTIES]);
    value::encode(&Value::Map(own), &mut bare);
    bare.put_slice(message.bare.get(end..).unwrap_or_default());
    Message { bare: bare.freeze(), ..message.clone() }
}

/// Appends a list or map in its 32-bit form from elements that are encoded already.
pub(super) fn put_compound(into: &mut BytesMut, code: u8, count: usize, elements: &[u8]) {
    into.put_u8(code);
    into.put_u32(u32::try_from(elements.len() + 4).unwrap_or(u32::MAX));
    into.put_u32(u32::try_from(count).unwrap_or(u32::MAX));
    into.put_slice(elements);
}
