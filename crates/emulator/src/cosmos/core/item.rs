//! A stored item, and the place where it is stored.

use super::epk::Epk;
use bytes::Bytes;
use std::sync::Arc;

/// Where an item lies: first by its key's hash, so that ranges are intervals.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The hash of its partition key.
    pub(crate) epk: Epk,
    /// Its partition key as text, which tells keys of equal hash apart.
    pub(crate) key: Arc<str>,
    /// Its id.
    pub(crate) id: Box<str>,
}

/// A place as the key of a map, with the beginning of its hash at hand: nearly every comparison is
/// decided by that, without a look at the place itself.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    start: u64,
    place: Arc<Place>,
}

impl Spot {
    /// The key of this place.
    pub(crate) fn new(place: &Arc<Place>) -> Self {
        Self { start: place.epk.start(), place: Arc::clone(place) }
    }
}

/// A stored item.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Its number in the container, given at creation: the order of scans, and the `_rid`.
    pub(crate) number: u64,
    /// Counts all writes of the container: makes the `ETag`.
    pub(crate) version: u64,
    /// When it was last written, in seconds of Unix time.
    pub(crate) at: i64,
    /// The transaction that last wrote it, and its turn in there.
    pub(crate) change: (u64, u32),
    /// When it expires, in seconds of Unix time.
    pub(crate) expires: Option<i64>,
    /// What it takes of the unique keys.
    pub(crate) uniques: Box<[Box<str>]>,
    /// How many of its values are indexed.
    pub(crate) indexed: u32,
    /// The document with its system properties.
    pub(crate) body: Bytes,
}

/// An item where it lies. Every index of its range holds this one, so that none looks up another.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    /// Where it lies.
    pub(crate) place: Arc<Place>,
    /// What lies there.
    pub(crate) item: Item,
}

impl Placed {
    /// Place and item.
    pub(crate) fn parts(&self) -> (&Arc<Place>, &Item) {
        (&self.place, &self.item)
    }
}

impl Item {
    /// Its `ETag`, in quotes.
    pub(crate) fn etag(&self) -> String {
        etag(self.version, self.at)
    }
}

/// The `ETag` of a version, in quotes: no other version of the container has the same.
pub(crate) fn etag(version: u64, at: i64) -> String {
    let (high, low) = (version >> 32, version & 0xFFFF_FFFF);
    format!("\"{low:08x}-0000-{:04x}-0000-{at:08x}0000\"", high & 0xFFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_has_the_services_form() {
        assert_eq!(etag(0x2A, 0x6543_210F), "\"0000002a-0000-0000-0000-6543210f0000\"");
        assert_ne!(etag(1, 5), etag(1 << 32, 5));
    }
}
