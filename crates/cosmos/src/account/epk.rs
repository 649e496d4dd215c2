//! The effective partition key: where on the ring a partition key lies.
//!
//! Version 2 of the hash: `MurmurHash3` (128 bits) of the tagged value, its bytes
//! reversed, the two highest bits cleared, written as 32 hex digits. The ring runs
//! from the empty text to `FF`, and texts compare as positions do.

use std::fmt::{self, Write};

/// The value that a document is partitioned by. Here always a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartitionKey(String);

/// A position on the ring.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Epk(String);

impl PartitionKey {
    /// A key of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it lies on the ring.
    pub(crate) fn epk(&self) -> Epk {
        let mut tagged = Vec::with_capacity(self.0.len() + 2);
        tagged.push(TAG_STRING);
        tagged.extend_from_slice(self.0.as_bytes());
        tagged.push(END_OF_STRING);
        Epk::of_tagged(&tagged)
    }

    /// The key as a header value: a JSON array, all beyond ASCII written as `\uXXXX`,
    /// since a header carries nothing else.
    pub(crate) fn header(&self) -> String {
        let mut text = String::with_capacity(self.0.len() + 4);
        text.push_str("[\"");
        for unit in self.0.encode_utf16() {
            push_escaped(&mut text, unit);
        }
        text.push_str("\"]");
        text
    }
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Epk {
    fn of_tagged(mut tagged: &[u8]) -> Self {
        let hash = murmur3::murmur3_x64_128(&mut tagged, 0).unwrap_or_default();
        // The low half comes first on the wire and the whole is reversed: that is the
        // number written from its high end.
        Self(format!("{:032X}", hash & HIGHEST_BITS_CLEARED))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn push_escaped(text: &mut String, unit: u16) {
    match char::from_u32(u32::from(unit)) {
        Some(c @ ('"' | '\\')) => {
            text.push('\\');
            text.push(c);
        }
        Some(c @ ' '..='~') => text.push(c),
        _ => {
            // Writing to a text cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
}

const TAG_STRING: u8 = 0x08;
const END_OF_STRING: u8 = 0xFF;
const HIGHEST_BITS_CLEARED: u128 = u128::MAX >> 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_lies_where_the_service_puts_it() {
        let epk = PartitionKey::new("partitionKey").epk();
        assert_eq!(epk.as_str(), "013AEFCF77FA271571CF665A58C933F1");
    }

    #[test]
    fn null_lies_where_the_service_puts_it() {
        assert!(Epk::of_tagged(&[0x01]).as_str().starts_with("378867E4"));
    }

    #[test]
    fn every_position_is_on_the_ring() {
        for n in 0..500 {
            let epk = PartitionKey::new(format!("order-{n}")).epk();
            assert_eq!(epk.as_str().len(), 32);
            assert!(epk.as_str() < "40", "{epk:?}");
        }
    }

    #[test]
    fn the_header_is_ascii_json() {
        assert_eq!(PartitionKey::new("A-17").header(), r#"["A-17"]"#);
        assert_eq!(PartitionKey::new("a\"b\\c").header(), r#"["a\"b\\c"]"#);
        assert_eq!(PartitionKey::new("é\n😀").header(), r#"["\u00e9\u000a\ud83d\ude00"]"#);
    }
}
