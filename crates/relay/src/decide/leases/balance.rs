//! Which leases a host takes.
//!
//! Its share is `⌈leases ÷ hosts⌉`, where a host counts that holds a lease, and the one that asks.
//!
//! | a host with | takes |
//! |---|---|
//! | its share or more | nothing |
//! | less, and there are free leases | those, up to its share |
//! | less, and none is free | one from whoever holds most, if that is more than a share |
//!
//! So nobody who holds a share or less loses a living lease, never two thefts happen at once, and
//! each theft brings two hosts closer to their share: it ends.

use super::Seen;
use domain::ports::Lease;
use std::collections::BTreeMap;
use std::str::FromStr;

/// How many leases a host holds at least, if there are so many, and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

/// What a host takes now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take<'a> {
    /// It has its share, or nobody has more than that.
    Nothing,
    /// These, which nobody holds.
    Free(Vec<&'a Lease>),
    /// This one, which another holds.
    Steal(&'a Lease),
}

impl Share {
    /// How many of so many leases are one of so many hosts' share.
    pub fn of(self, leases: usize, hosts: usize) -> usize {
        leases.div_ceil(hosts.max(1)).max(self.least).min(self.most)
    }
}

impl Default for Share {
    fn default() -> Self {
        Self { least: 0, most: usize::MAX }
    }
}

impl FromStr for Share {
    type Err = ShareError;

    /// `1..4`; either side may be left out.
    fn from_str(text: &str) -> Result<Self, ShareError> {
        let (least, most) = text.split_once("..").ok_or(ShareError)?;
        let number = |text: &str, otherwise: usize| match text.trim() {
            "" => Ok(otherwise),
            text => text.parse().map_err(|_| ShareError),
        };
        let Self { least: none, most: all } = Self::default();
        let share = Self { least: number(least, none)?, most: number(most, all)? };
        let is_range = share.least <= share.most && 0 < share.most;
        if is_range { Ok(share) } else { Err(ShareError) }
    }
}

/// A text that is not a [`Share`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a range of numbers, such as 1..4 or ..4")]
pub struct ShareError;

/// What `me` takes.
pub fn take<'a>(seen: &'a [Seen], me: &str, share: Share) -> Take<'a> {
    let mut holdings = BTreeMap::from([(me, 0)]);
    for holder in seen.iter().filter_map(Seen::holder) {
        *holdings.entry(holder).or_insert(0) += 1;
    }
    let target = share.of(seen.len(), holdings.len());
    let wanted = target.saturating_sub(holdings.get(me).copied().unwrap_or_default());
    if wanted == 0 {
        return Take::Nothing;
    }
    let free = seen.iter().filter(|seen| seen.holder().is_none());
    let free: Vec<_> = free.map(|seen| &seen.lease).take(wanted).collect();
    if !free.is_empty() {
        return Take::Free(free);
    }
    let others = holdings.into_iter().filter(|(host, _)| *host != me);
    let richest = others.max_by_key(|(_, held)| *held).filter(|(_, held)| target < *held);
    let theirs = richest.and_then(|(host, _)| seen.iter().find(|s| s.holder() == Some(host)));
    theirs.map_or(Take::Nothing, |seen| Take::Steal(&seen.lease))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lease, seen};
    use super::*;

    #[track_caller]
    fn check(owners: &[Option<&str>], expected: &str) {
        let all: Vec<_> = (0..).zip(owners).map(|(n, owner)| seen(lease(n, *owner))).collect();
        let said = match take(&all, "me", Share::default()) {
            Take::Nothing => "nothing".to_owned(),
            Take::Free(leases) => format!("free {}", leases.len()),
            Take::Steal(lease) => format!("steal {}", lease.part),
        };
        assert_eq!(said, expected, "{owners:?}");
    }

    #[test]
    fn a_host_takes_its_share() {
        check(&[None, None, None], "free 3");
        check(&[None, None, Some("a")], "free 2");
        check(&[None, Some("me"), Some("a")], "free 1");
        check(&[Some("me"), Some("me"), None], "free 1");
        check(&[], "nothing");
    }

    #[test]
    fn who_has_none_takes_one_from_who_has_most() {
        check(&[Some("a"), Some("a"), Some("b")], "steal 0");
        check(&[Some("a"), Some("b"), Some("b"), Some("b")], "steal 1");
    }

    #[test]
    fn who_holds_a_share_or_less_keeps_it() {
        check(&[Some("a"), Some("b"), Some("me")], "nothing");
        check(&[Some("a"), Some("b")], "nothing");
        check(&[Some("a"), Some("a"), Some("me"), Some("me")], "nothing");
        check(&[Some("a"), Some("a"), Some("me")], "nothing");
    }

    #[test]
    fn a_share_has_bounds_of_its_own() {
        let share = "2..3".parse::<Share>().unwrap();
        assert_eq!([share.of(1, 1), share.of(9, 1), share.of(9, 9)], [2, 3, 2]);
        assert_eq!("..4".parse(), Ok(Share { least: 0, most: 4 }));
        assert_eq!("1..".parse(), Ok(Share { least: 1, most: usize::MAX }));
        for wrong in ["", "3", "4..2", "a..b", "..0", "-1..2"] {
            assert_eq!(wrong.parse::<Share>(), Err(ShareError), "{wrong}");
        }
    }
}
