//! Stretches of the ring on which a store spreads its keys.

use std::fmt;

/// From `min` up to, and without, `max`. Positions are texts whose order is that of the ring,
/// which runs from the empty text to `FF`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stretch {
    /// The first position it holds.
    pub min: String,
    /// The first position it holds no more.
    pub max: String,
}

impl Stretch {
    /// From `min` up to `max`.
    pub fn new(min: impl Into<String>, max: impl Into<String>) -> Self {
        Self { min: min.into(), max: max.into() }
    }

    /// Whether there is no position in it.
    pub fn is_empty(&self) -> bool {
        self.max <= self.min
    }

    /// Whether all of `other` lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        self.min <= other.min && other.max <= self.max
    }

    /// What lies in both; `None` where nothing does.
    pub fn common(&self, other: &Self) -> Option<Self> {
        let min = (&self.min).max(&other.min).clone();
        let max = (&self.max).min(&other.max).clone();
        Some(Self { min, max }).filter(|common| !common.is_empty())
    }

    /// What of it none of `others` holds, in the order of the ring.
    pub fn gaps<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Vec<Self> {
        let mut covers: Vec<_> =
            others.into_iter().filter_map(|other| self.common(other)).collect();
        covers.sort();
        let mut gaps = Vec::new();
        let mut reached = self.min.clone();
        for cover in covers {
            if reached < cover.min {
                gaps.push(Self::new(reached.clone(), cover.min));
            }
            reached = reached.max(cover.max);
        }
        if reached < self.max {
            gaps.push(Self::new(reached, self.max.clone()));
        }
        gaps
    }
}

/// `min-max`.
impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(of: (&str, &str), others: &[(&str, &str)], expected: &[(&str, &str)]) {
        let stretch = |(min, max): &(&str, &str)| Stretch::new(*min, *max);
        let others: Vec<_> = others.iter().map(stretch).collect();
        let expected: Vec<_> = expected.iter().map(stretch).collect();
        assert_eq!(stretch(&of).gaps(&others), expected);
    }

    #[test]
    fn gaps_are_what_nobody_holds() {
        check(("", "FF"), &[], &[("", "FF")]);
        check(("", "FF"), &[("", "FF")], &[]);
        check(("", "FF"), &[("1F", "FF"), ("", "1F")], &[]);
        check(("", "FF"), &[("10", "20"), ("15", "18"), ("30", "FF")], &[("", "10"), ("20", "30")]);
        check(("10", "20"), &[("", "15"), ("20", "FF")], &[("15", "20")]);
    }

    #[test]
    fn neighbours_have_nothing_in_common() {
        let (low, high) = (Stretch::new("", "1F"), Stretch::new("1F", "FF"));
        assert_eq!(low.common(&high), None);
        assert_eq!(low.common(&Stretch::new("10", "FF")), Some(Stretch::new("10", "1F")));
        assert!(Stretch::new("", "FF").contains(&low) && !low.contains(&high));
        assert_eq!(high.to_string(), "1F-FF");
    }
}
