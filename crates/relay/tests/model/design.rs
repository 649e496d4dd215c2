//! The design that is built, and the wrong ones that it was chosen over.

/// How a relay works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Design {
    /// As built.
    Built,
    /// As built, but nothing looks for what the feed missed.
    NoSweep,
    /// Events are marked as they are sent.
    MarkBeforeSettled,
    /// The place in the feed is written as a page is read; nothing else looks.
    CheckpointBeforeSettled,
    /// Events have a time to live from the start.
    TtlAtCreation,
    /// After a batch that failed the order goes on with what is behind its first event.
    SkipFailed,
    /// The topic does not detect duplicates.
    NoDuplicateDetection,
}

impl Design {
    pub(crate) const fn sweeps(self) -> bool {
        !matches!(self, Self::NoSweep | Self::CheckpointBeforeSettled)
    }
}
