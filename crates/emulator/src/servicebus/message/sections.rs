//! Walks the sections of an encoded message.

use super::{BadMessage, section};
use crate::servicebus::amqp::scan::{self, Malformed};

/// One section: its descriptor, where it begins, and its value's bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section<'a> {
    /// The descriptor, one of [`section`].
    pub(crate) code: u8,
    /// The offset of its first byte in the message.
    pub(crate) start: usize,
    /// The offset behind its last byte.
    pub(crate) end: usize,
    /// The value behind the descriptor.
    pub(crate) value: &'a [u8],
}

/// The sections of `message`, in order; stops behind the first error.
///
/// A footer may stand before the body: rhea, below the JavaScript SDK, puts it there. Delivery
/// annotations may stand anywhere: the Python SDK puts them behind all others.
pub(crate) fn sections(message: &[u8]) -> impl Iterator<Item = Result<Section<'_>, BadMessage>> {
    let mut start = 0;
    let mut before = 0;
    let (mut has_footer, mut has_delivery_annotations) = (false, false);
    std::iter::from_fn(move || {
        if message.len() <= start {
            return None;
        }
        let found = section_at(message, start).map_err(|_| BadMessage::Malformed);
        let found = found.and_then(|found| {
            let is_footer = found.code == section::FOOTER;
            let is_loose = found.code == section::DELIVERY_ANNOTATIONS;
            let is_repeated = is_footer && has_footer || is_loose && has_delivery_annotations;
            let in_order = (before <= found.code || is_loose) && !is_repeated;
            has_footer |= is_footer;
            has_delivery_annotations |= is_loose;
            before = before.max(if is_footer { section::DATA } else { found.code });
            if in_order { Ok(found) } else { Err(BadMessage::Malformed) }
        });
        start = found.as_ref().map_or(message.len(), |found| found.end);
        Some(found)
    })
}

/// The section that begins at `start`.
fn section_at(message: &[u8], start: usize) -> Result<Section<'_>, Malformed> {
    let bytes = message.get(start..).ok_or(Malformed)?;
    let (code, descriptor) = match bytes {
        [0, 0x53, code, ..] => (*code, 3),
        [0, 0x80, 0, 0, 0, 0, 0, 0, 0, code, ..] => (*code, 10),
        _ => return Err(Malformed),
    };
    if !(section::HEADER..=section::FOOTER).contains(&code) {
        return Err(Malformed);
    }
    let rest = bytes.get(descriptor..).ok_or(Malformed)?;
    let length = scan::skip(rest)?;
    let value = rest.get(..length).ok_or(Malformed)?;
    Ok(Section { code, start, end: start + descriptor + length, value })
}

/// The encoded elements of a list or map, each with its constructor.
pub(crate) fn elements(value: &[u8]) -> Result<Vec<&[u8]>, BadMessage> {
    elements_of(value).map_err(|_| BadMessage::Malformed)
}

/// The same as [`elements`], before the error has its name.
fn elements_of(value: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let (count, mut rest) = match value {
        [0x45] => (0, value.get(1..).ok_or(Malformed)?),
        [0xc0 | 0xc1, _, count, rest @ ..] => (usize::from(*count), rest),
        [0xd0 | 0xd1, _, _, _, _, a, b, c, d, rest @ ..] => {
            (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest)
        }
        _ => return Err(Malformed),
    };
    let mut found = Vec::with_capacity(count.min(16));
    for _ in 0..count {
        let length = scan::check(rest)?;
        found.push(rest.get(..length).ok_or(Malformed)?);
        rest = rest.get(length..).ok_or(Malformed)?;
    }
    if rest.is_empty() { Ok(found) } else { Err(Malformed) }
}
