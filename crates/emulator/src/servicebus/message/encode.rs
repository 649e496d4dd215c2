//! From a stored message to the bytes of a transfer: header and annotations in front of the
//! bare message.

use super::{Message, section};
use bytes::{BufMut, BytesMut};
use jiff::Timestamp;

/// What the broker says about one copy of a message when it hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Its number in the queue or subscription.
    pub(crate) sequence: i64,
    /// Its number where it was first enqueued.
    pub(crate) enqueued_sequence: i64,
    /// When it was enqueued.
    pub(crate) enqueued: Timestamp,
    /// Failed deliveries so far.
    pub(crate) delivery_count: u32,
    /// Until when the receiver holds it.
    pub(crate) locked_until: Option<Timestamp>,
    /// 0 active, 1 deferred, 2 scheduled.
    pub(crate) state: i32,
    /// Its lock as a UUID, if no delivery tag tells it: `azure-servicebus` up to 7.14 looks for it
    /// in deferred messages.
    pub(crate) lock_token: Option<[u8; 16]>,
    /// Where it was dead-lettered, if it was forwarded from there.
    pub(crate) dead_letter_source: Option<std::sync::Arc<str>>,
}

/// Appends the message with its stamp.
pub(crate) fn encode(message: &Message, stamp: &Stamp, into: &mut BytesMut) {
    into.reserve(message.bare.len() + message.annotations.bytes.len() + 256);
    put_header(message, stamp.delivery_count, into);
    if let Some(token) = stamp.lock_token {
        put_delivery_annotations(token, into);
    }
    put_annotations(message, stamp, into);
    into.put_slice(&message.bare);
}

/// All five fields: Python reads the delivery-count only if it is there.
fn put_header(message: &Message, delivery_count: u32, into: &mut BytesMut) {
    into.put_slice(&[0, 0x53, section::HEADER, 0xc0]);
    let size_at = into.len();
    into.put_slice(&[0, 5]);
    into.put_u8(if message.durable { 0x41 } else { 0x42 });
    match message.priority {
        Some(priority) => into.put_slice(&[0x50, priority]),
        None => into.put_u8(0x40),
    }
    match message.time_to_live {
        Some(ttl) => {
            into.put_u8(0x70);
            into.put_u32(u32::try_from(ttl.as_millis()).unwrap_or(u32::MAX));
        }
        None => into.put_u8(0x40),
    }
    into.put_u8(0x40);
    into.put_u8(0x70);
    into.put_u32(delivery_count);
    let size = u8::try_from(into.len() - size_at - 1).unwrap_or(u8::MAX);
    if let Some(byte) = into.get_mut(size_at) {
        *byte = size;
    }
}

/// The lock token, for those who look for it here.
fn put_delivery_annotations(token: [u8; 16], into: &mut BytesMut) {
    const KEY: &str = "x-opt-lock-token";
    into.put_slice(&[0, 0x53, section::DELIVERY_ANNOTATIONS, 0xc1, 1 + 2 + 16 + 1 + 16, 2]);
    put_symbol(into, KEY);
    into.put_u8(0x98);
    into.put_slice(&token);
}

/// What the broker knows, and what the sender annotated.
fn put_annotations(message: &Message, stamp: &Stamp, into: &mut BytesMut) {
    into.put_slice(&[0, 0x53, section::MESSAGE_ANNOTATIONS, 0xd1]);
    let size_at = into.len();
    into.put_u64(0);
    let mut pairs = 4 + message.annotations.pairs;
    put_timestamp(into, "x-opt-enqueued-time", stamp.enqueued);
    put_long(into, "x-opt-sequence-number", stamp.sequence);
    put_long(into, "x-opt-enqueue-sequence-number", stamp.enqueued_sequence);
    put_symbol(into, "x-opt-message-state");
    into.put_u8(0x71);
    into.put_i32(stamp.state);
    if let Some(until) = stamp.locked_until {
        put_timestamp(into, "x-opt-locked-until", until);
        pairs += 1;
    }
    if let Some(source) = &stamp.dead_letter_source {
        put_symbol(into, "x-opt-deadletter-source");
        into.put_u8(0xb1);
        into.put_u32(u32::try_from(source.len()).unwrap_or(u32::MAX));
        into.put_slice(source.as_bytes());
        pairs += 1;
    }
    into.put_slice(&message.annotations.bytes);
    let size = u32::try_from(into.len() - size_at - 4).unwrap_or(u32::MAX);
    if let Some((size_field, rest)) =
        into.get_mut(size_at..).and_then(|bytes| bytes.split_first_chunk_mut::<4>())
    {
        *size_field = size.to_be_bytes();
        if let Some(count_field) = rest.first_chunk_mut::<4>() {
            *count_field = (2 * pairs).to_be_bytes();
        }
    }
}

/// A symbol of fewer than 256 bytes.
fn put_symbol(into: &mut BytesMut, text: &str) {
    into.put_u8(0xa3);
    into.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
    into.put_slice(text.as_bytes());
}

/// A pair whose value is a long.
fn put_long(into: &mut BytesMut, key: &str, number: i64) {
    put_symbol(into, key);
    into.put_u8(0x81);
    into.put_i64(number);
}

/// A pair whose value is an instant.
fn put_timestamp(into: &mut BytesMut, key: &str, instant: Timestamp) {
    put_symbol(into, key);
    into.put_u8(0x83);
    into.put_i64(instant.as_millisecond());
}
