//! The batch envelope (message-format 0x80013700): each data section is one encoded message.

use super::{BadMessage, Message, decode, section, sections::sections};

/// The messages of a batch, in order; all of them or none.
///
/// # Errors
/// A batch without data, or with a message that is not one.
pub(crate) fn split_batch(
    envelope: &[u8],
    mut new_id: impl FnMut() -> String,
) -> Result<Vec<Message>, BadMessage> {
    let mut messages = Vec::new();
    for section in sections(envelope) {
        let section = section?;
        if section.code == section::DATA {
            let inner = binary(section.value).ok_or(BadMessage::Malformed)?;
            messages.push(decode(inner, &mut new_id)?);
        }
    }
    if messages.is_empty() { Err(BadMessage::EmptyBatch) } else { Ok(messages) }
}

/// The content of an encoded binary.
pub(crate) fn binary(value: &[u8]) -> Option<&[u8]> {
    match value {
        [0xa0, _, content @ ..] | [0xb0, _, _, _, _, content @ ..] => Some(content),
        _ => None,
    }
}
