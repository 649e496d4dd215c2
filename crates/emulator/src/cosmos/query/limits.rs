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

/// Steps of one evaluation: one for a row, one for an expression, ten for a value built, one for
/// four bytes of text built. A million documents of twenty fields can be filtered and sorted
/// within it; a runaway join ends after some seconds and cannot eat all memory.
pub(super) const WORK_MAX: u64 = 400_000_000;

/// The longest text that one function or operator may build: an item may not hold more anyway.
pub(super) const BUILT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How often `REPLICATE` repeats its text (the service's limit).
pub(super) const REPLICATE_MAX: usize = 10_000;

/// Regular expressions kept ready during one evaluation; patterns may come out of documents.
pub(super) const PATTERNS_MAX: usize = 64;

/// Memory that one compiled regular expression may take.
pub(super) const PATTERN_BYTES_MAX: usize = 256 * 1024;
