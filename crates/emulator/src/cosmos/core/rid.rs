//! Resource ids: four bytes for a database, four more for a container, eight more for what is in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A database's resource id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DatabaseRid(pub(crate) u32);

/// A container's resource id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContainerRid {
    /// The database's.
    pub(crate) database: DatabaseRid,
    /// The container's number within the account.
    pub(crate) number: u32,
}

/// The bit that tells a container's part from a user's.
const CONTAINER: u32 = 0x8000_0000;
/// The nibble that tells a partition key range from a document.
const RANGE: u64 = 0x50 << 56;

impl DatabaseRid {
    /// As it stands in `_rid`.
    pub(crate) fn text(self) -> String {
        encode(&self.0.to_le_bytes())
    }

    /// The `_self` of this database.
    pub(crate) fn link(self) -> String {
        format!("dbs/{}/", self.text())
    }

    /// Reads a `_rid`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        decode(text).map(u32::from_le_bytes).map(Self)
    }
}

impl ContainerRid {
    /// As it stands in `_rid`.
    pub(crate) fn text(self) -> String {
        encode(&self.bytes())
    }

    /// Reads a `_rid`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        decode(text).and_then(Self::of_bytes)
    }

    /// Reads the `_rid` of a document: its container's, and its number there.
    pub(crate) fn parse_document(text: &str) -> Option<(Self, u64)> {
        let whole: [u8; 16] = decode(text)?;
        let (container, number) = whole.split_first_chunk()?;
        Some((Self::of_bytes(*container)?, u64::from_le_bytes(number.try_into().ok()?)))
    }

    /// The `_rid` of a document of this container.
    pub(crate) fn document(self, number: u64) -> String {
        self.child(number)
    }

    /// The `_rid` of a partition key range of this container.
    pub(crate) fn range(self, number: u32) -> String {
        self.child(u64::from(number) | RANGE)
    }

    /// The `_self` of this container.
    pub(crate) fn link(self) -> String {
        format!("{}colls/{}/", self.database.link(), self.text())
    }

    fn child(self, number: u64) -> String {
        encode(&[self.bytes().as_slice(), number.to_le_bytes().as_slice()].concat())
    }

    fn of_bytes(bytes: [u8; 8]) -> Option<Self> {
        let [a, b, c, d, own @ ..] = bytes;
        let own = u32::from_be_bytes(own);
        let database = DatabaseRid(u32::from_le_bytes([a, b, c, d]));
        (own & CONTAINER != 0).then_some(Self { database, number: own & !CONTAINER })
    }

    fn bytes(self) -> [u8; 8] {
        let own = (self.number | CONTAINER).swap_bytes();
        (u64::from(self.database.0) | u64::from(own) << 32).to_le_bytes()
    }
}

fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('/', "-")
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Nothing of another length is looked at: most of what is no resource id ends here.
    let fits = text.len() == N.div_ceil(3) * 4;
    fits.then(|| STANDARD.decode(text.replace('-', "/")).ok()?.try_into().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_found_below_its_parent_and_twins_differ() {
        let rid = ContainerRid { database: DatabaseRid(0x0102_0304), number: 7 };
        let prefix = rid.text().trim_end_matches('=').to_owned();
        let prefix = prefix.get(..10).unwrap();
        assert!(rid.document(1).starts_with(prefix), "{prefix} {}", rid.document(1));
        assert_ne!(rid.document(1), rid.document(2));
        assert_ne!(rid.document(1), rid.range(1));
    }

    #[test]
    fn what_was_written_is_read_again_and_other_texts_are_none() {
        let database = DatabaseRid(0xFFFF_FFFF);
        let rid = ContainerRid { database, number: 7 };
        assert_eq!(DatabaseRid::parse(&database.text()), Some(database));
        assert_eq!(ContainerRid::parse(&rid.text()), Some(rid));
        assert_eq!(ContainerRid::parse_document(&rid.document(9)), Some((rid, 9)));
        for text in ["", "database", "AAAA", "AAAAAA==x", "éééé", "AQAAAAAAAAI="] {
            assert_eq!(DatabaseRid::parse(text), None, "{text}");
            assert_eq!(ContainerRid::parse(text), None, "{text}");
            assert_eq!(ContainerRid::parse_document(text), None, "{text}");
        }
    }
}
