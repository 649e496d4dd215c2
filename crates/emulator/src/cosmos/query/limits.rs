//! What one query may ask for. The documented limits of the service where there are any.

/// Length of a query text (the service's "maximum length of SQL query").
pub(super) const TEXT_BYTES_MAX: usize = 512 * 1024;

/// How deep expressions and subqueries may nest. Every walk over the tree is recursive, and this
/// many levels stay far below the 2 MiB stack of a worker thread.
pub(super) const DEPTH_MAX: usize = 128;

/// Joins of one SELECT (the service's limit); it also bounds the recursion over sources.
pub(super) const JOINS_MAX: usize = 10;

/// Arguments of one `IN` (the service's limit), and of any other list.
pub(super) const ITEMS_MAX: usize = 6_000;

/// Operands of one chain of `AND`s, of `OR`s or of another operator (the service's limit).
pub(super) const OPERANDS_MAX: usize = 2_000;

/// Work of one evaluation: one for a row, one for a value built, one for 32 bytes of text built.
/// A million documents of twenty fields can be sorted within it; a runaway join cannot eat memory.
pub(super) const WORK_MAX: u64 = 40_000_000;
