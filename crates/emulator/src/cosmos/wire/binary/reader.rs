//! A place in a body, moved on only over bytes that are there.

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    /// No value starts with this byte, or none that can stand there.
    #[error("the marker 0x{marker:02X} at byte {at} is not known there")]
    Marker {
        /// The byte.
        marker: u8,
        /// Where it is.
        at: usize,
    },
    /// The body ends before the value does.
    #[error("it ends within the value at byte {at}")]
    Short {
        /// Where the missing part begins.
        at: usize,
    },
    /// A value contradicts itself.
    #[error("{what}, at byte {at}")]
    Wrong {
        /// What is wrong.
        what: &'static str,
        /// Where the value begins.
        at: usize,
    },
    /// The text would be longer than anything that is taken.
    #[error("it stands for too much text")]
    TooLong,
}

/// A place in a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    /// At this place of a body.
    pub(super) fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// How many bytes lie before.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The same body, at another place.
    pub(super) fn elsewhere(&self, at: usize) -> Self {
        Self { at, ..*self }
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Flaw> {
        self.array().map(|[byte]| byte)
    }

    /// The next bytes, as many as the array has.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| Flaw::Short { at })
    }

    /// The next bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'b [u8], Flaw> {
        let end = self.end_of(count)?;
        let taken = self.bytes.get(self.at..end).ok_or(Flaw::Short { at: self.at })?;
        self.at = end;
        Ok(taken)
    }

    /// A length, count or offset in so many bytes, the lowest first.
    pub(super) fn length(&mut self, width: usize) -> Result<usize, Flaw> {
        let bytes = self.take(width)?;
        Ok(bytes.iter().rev().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
    }

    /// Where so many bytes end, if they are all there.
    pub(super) fn end_of(&self, count: usize) -> Result<usize, Flaw> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        end.ok_or(Flaw::Short { at: self.at })
    }

    /// Refuses what follows the last value.
    pub(super) fn check_end(&self) -> Result<(), Flaw> {
        if self.at == self.bytes.len() {
            return Ok(());
        }
        Err(Flaw::Wrong { what: "something follows the value", at: self.at })
    }
}
