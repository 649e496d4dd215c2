//! What requests cost, in request units.
//!
//! The service publishes few figures: a point read costs 1 RU at 1 KB and 10 RU at 100 KB; an
//! insert of 1 KB without indexing about 5.5 RU; a replace twice the insert; a patch as much as a
//! replace; a batch the sum of its operations. The model is a line through these points:
//!
//! | request | charge |
//! |---|---|
//! | read | `1 × size`, where `size` is 1 up to 1 KB and grows by 1/11 with each further KB |
//! | create, delete | `5.5 × size + 0.3` per indexed value |
//! | replace, patch, upsert of an existing item | twice a create |
//! | query page | `2.3` and `1/11` per KB answered |
//! | feed page | `1` and `1/11` per KB answered |
//! | refused operation | `1`; for the operations that a failed batch drags along, none |
//! | everything else | `1` |

/// A request that touches no document, and one that is refused.
pub(crate) const FLAT: f64 = 1.0;

/// A point read.
pub(crate) fn read(bytes: usize) -> f64 {
    size(bytes)
}

/// A create or delete.
pub(crate) fn create(bytes: usize, indexed: u32) -> f64 {
    5.5 * size(bytes) + 0.3 * f64::from(indexed)
}

/// A replace, a patch, or an upsert that replaces.
pub(crate) fn replace(bytes: usize, indexed: u32) -> f64 {
    2.0 * create(bytes, indexed)
}

/// One page of a query.
pub(crate) fn query(bytes: usize) -> f64 {
    2.3 + kilobytes(bytes) / 11.0
}

/// One page of the change feed.
pub(crate) fn feed(bytes: usize) -> f64 {
    1.0 + kilobytes(bytes) / 11.0
}

fn size(bytes: usize) -> f64 {
    1.0 + (kilobytes(bytes) - 1.0).max(0.0) / 11.0
}

fn kilobytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_points_lie_on_the_line() {
        assert!((read(1024) - 1.0).abs() < 1e-9);
        assert!((read(100 * 1024) - 10.0).abs() < 1e-9);
        assert!((create(1000, 0) - 5.5).abs() < 1e-9);
        assert!((replace(1000, 0) - 11.0).abs() < 1e-9);
    }

    #[test]
    fn indexed_values_make_writes_dearer_and_size_makes_everything_dearer() {
        assert!(create(1000, 0) < create(1000, 1));
        assert!(create(1000, 3) < create(3000, 3));
        assert!(query(0) < query(5000) && feed(0) < feed(5000));
    }
}
