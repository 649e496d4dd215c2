//! Which of an order's events are not there, as stretches: what a document says of its version may
//! be any number, and is not counted up to.

use std::fmt;

/// Events of one order that follow each other, none of which is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Gap {
    /// The stretches of 1 to `version` that `there`, ascending, leaves out.
    pub(super) fn all(version: u32, there: impl IntoIterator<Item = u32>) -> Vec<Self> {
        let (mut gaps, mut before) = (Vec::new(), 0);
        for sequence in there.into_iter().take_while(|sequence| *sequence <= version) {
            gaps.extend(Self::between(before, sequence - 1));
            before = sequence;
        }
        gaps.extend(Self::between(before, version));
        gaps
    }

    /// How many events it is long.
    pub(super) fn count(self) -> u64 {
        u64::from(self.last - self.first) + 1
    }

    /// It, in words, as events of this order.
    pub(super) fn of(self, order: impl fmt::Display) -> String {
        let Self { first, last } = self;
        if first == last {
            format!("{order}.{first}")
        } else {
            format!("{order}.{first} to {last}")
        }
    }

    fn between(before: u32, last: u32) -> Option<Self> {
        (before < last).then(|| Self { first: before + 1, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(version: u32, there: &[u32]) -> String {
        let gaps = Gap::all(version, there.iter().copied());
        gaps.into_iter().map(|gap| gap.of("o")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_is_not_there_is_said_in_stretches() {
        assert_eq!(gaps(3, &[1, 2, 3]), "");
        assert_eq!(gaps(0, &[1]), "");
        assert_eq!(gaps(4, &[2]), "o.1, o.3 to 4");
        assert_eq!(gaps(2, &[1, 9]), "o.2");
    }

    #[test]
    fn any_version_is_answered_at_once() {
        assert_eq!(gaps(u32::MAX, &[7]), "o.1 to 6, o.8 to 4294967295");
        let whole = Gap { first: 1, last: u32::MAX };
        assert_eq!(whole.count(), u64::from(u32::MAX));
    }
}
