//! How many patches become few requests.

use std::collections::BTreeMap;

use super::Patching;
use crate::account::Ranges;
use crate::batch::{Body, OPERATIONS_MAX, Operation};
use crate::failure::{Failure, Invalid};

/// The patches of one request, and whose answers are whose.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) range: String,
    pub(super) body: Body,
    /// The places of its patches in the caller's list.
    pub(super) places: Vec<usize>,
    /// Whether every patch carries a condition.
    pub(super) guarded: bool,
}

/// Requests to send, and patches that cannot be sent at all.
#[derive(Debug, Default)]
pub(super) struct Spread {
    pub(super) chunks: Vec<Chunk>,
    pub(super) unfit: Vec<(usize, Failure)>,
}

/// Spreads the patches at these places over the ranges that hold their keys.
pub(super) fn spread(patches: &[Patching], places: &[usize], ranges: &Ranges) -> Spread {
    let mut spread = Spread::default();
    let mut open: BTreeMap<&str, Chunk> = BTreeMap::new();
    for at in places {
        let Some(patching) = patches.get(*at) else { continue };
        let Some(range) = ranges.holding(&patching.key) else { continue };
        let chunk = open.entry(&range.id).or_insert_with(|| Chunk::of(&range.id));
        if let Err(invalid) = chunk.take(*at, patching) {
            spread.unfit.push((*at, invalid));
            continue;
        }
        if chunk.is_full() {
            spread.chunks.push(std::mem::replace(chunk, Chunk::of(&range.id)));
        }
    }
    spread.chunks.extend(open.into_values().filter(|chunk| !chunk.places.is_empty()));
    spread
}

impl Chunk {
    fn of(range: &str) -> Self {
        let body = Body::default();
        Self { range: range.to_owned(), body, places: Vec::new(), guarded: true }
    }

    fn take(&mut self, at: usize, patching: &Patching) -> Result<(), Failure> {
        let Patching { key, id, patch } = patching;
        let header = key.header();
        if PATCH_BYTES_MAX < patch.size() {
            return Err(Invalid::TooLarge(patch.size()).into());
        }
        self.body.push(&Operation::patch(id, patch)?.of_key(&header))?;
        self.places.push(at);
        self.guarded &= patch.is_conditional();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.places.len() == OPERATIONS_MAX || BODY_BYTES_FULL < self.body.bytes()
    }
}

/// A request takes 2 MB; what is above this starts the next one.
const BODY_BYTES_FULL: usize = 1024 * 1024;
/// What still fits into a request that is not yet full.
const PATCH_BYTES_MAX: usize = 512 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{PartitionKey, Range};
    use crate::patch::Patch;

    fn patching(n: usize, value: &str) -> Patching {
        let patch = Patch::new().only_if("from c").set("/v", &value).unwrap();
        Patching { key: PartitionKey::new(format!("o-{n}")), id: format!("o-{n}.1"), patch }
    }

    fn ranges(borders: &[&str]) -> Ranges {
        let found = borders
            .windows(2)
            .enumerate()
            .map(|(n, border)| Range {
                id: n.to_string(),
                min: border[0].into(),
                max: border[1].into(),
                parents: vec![],
            })
            .collect();
        Ranges::assemble(found).unwrap()
    }

    fn all(patches: &[Patching], ranges: &Ranges) -> Spread {
        let places: Vec<usize> = (0..patches.len()).collect();
        spread(patches, &places, ranges)
    }

    #[test]
    fn a_hundred_go_into_one_request() {
        let patches: Vec<_> = (0..250).map(|n| patching(n, "x")).collect();
        let spread = all(&patches, &ranges(&["", "FF"]));
        let sizes: Vec<_> = spread.chunks.iter().map(|chunk| chunk.places.len()).collect();
        assert_eq!(sizes, [100, 100, 50]);
    }

    #[test]
    fn every_range_gets_its_own() {
        let patches: Vec<_> = (0..40).map(|n| patching(n, "x")).collect();
        let ranges = ranges(&["", "20", "FF"]);
        let spread = all(&patches, &ranges);
        assert_eq!(spread.chunks.len(), 2);
        for chunk in &spread.chunks {
            for at in &chunk.places {
                assert_eq!(ranges.holding(&patches[*at].key).unwrap().id, chunk.range);
            }
        }
        assert_eq!(spread.chunks.iter().map(|chunk| chunk.places.len()).sum::<usize>(), 40);
    }

    #[test]
    fn large_patches_start_a_new_request_in_time() {
        let text = "x".repeat(400 * 1024);
        let patches: Vec<_> = (0..7).map(|n| patching(n, &text)).collect();
        let spread = all(&patches, &ranges(&["", "FF"]));
        let sizes: Vec<_> = spread.chunks.iter().map(|chunk| chunk.places.len()).collect();
        assert_eq!(sizes, [3, 3, 1]);
        assert!(spread.chunks.iter().all(|chunk| chunk.body.bytes() < 2 * 1024 * 1024));
    }

    #[test]
    fn what_cannot_be_sent_does_not_hold_up_the_rest() {
        let mut patches: Vec<_> = (0..3).map(|n| patching(n, "x")).collect();
        patches[1].id = "a/b".to_owned();
        let spread = all(&patches, &ranges(&["", "FF"]));
        assert_eq!(spread.unfit.len(), 1);
        assert_eq!(spread.unfit[0].0, 1);
        assert_eq!(spread.chunks[0].places, [0, 2]);
    }
}
