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
}

impl ContainerRid {
    /// As it stands in `_rid`.
    pub(crate) fn text(self) -> String {
        encode(&self.bytes())
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
        format!("dbs/{}/colls/{}/", self.database.text(), self.text())
    }

    fn child(self, number: u64) -> String {
        encode(&[self.bytes().as_slice(), number.to_le_bytes().as_slice()].concat())
    }

    fn bytes(self) -> [u8; 8] {
        let own = (self.number | CONTAINER).swap_bytes();
        (u64::from(self.database.0) | u64::from(own) << 32).to_le_bytes()
    }
}

fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('/', "-")
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
}
