//! Whose time is over: clocks of two machines are never compared more closely than they agree.
//!
//! A lease is over when this host saw it unchanged for a whole expiry, by its own monotonic
//! clock. That takes an expiry to find out, so after a start it is over also where the *store*
//! took its last write longer ago than an expiry and [`SKEW_MAX`]. Why so: decision 28.

use super::Seen;
use domain::Timestamp;
use domain::ports::{Lease, Tag};
use std::collections::BTreeMap;
use std::time::Duration;

/// How wrong the clock of this machine may be: Azure refuses signatures that are dated further
/// off than this, so that a host which gets this far is not further off.
pub const SKEW_MAX: Duration = Duration::from_mins(15);

/// What time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// By the clock on the wall, which may be wrong and may jump.
    pub wall: Timestamp,
    /// By the clock that only runs: since this host started.
    pub running: Duration,
}

/// What was seen of the leases, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watch {
    known: BTreeMap<String, Known>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    tag: Tag,
    since: Duration,
    is_stirring: bool,
}

/// What a look at the leases showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The leases, in the order of their parts.
    pub seen: Vec<Seen>,
    /// When the first of the leases that are not over will be, if its owner stays silent: by the
    /// clock that only runs.
    pub next_expiry: Option<Duration>,
}

impl Watch {
    /// Looks at the leases as they are now.
    pub fn look(&mut self, mut leases: Vec<Lease>, now: Now, expire: Duration) -> Look {
        leases.sort_by(|a, b| a.part.cmp(&b.part));
        let before = std::mem::take(&mut self.known);
        let mut look = Look { seen: Vec::with_capacity(leases.len()), next_expiry: None };
        for lease in leases {
            let token = lease.part.token();
            let known = before.get(&token);
            let (since, is_stirring) = match known {
                Some(known) if known.tag == lease.tag => (known.since, known.is_stirring),
                Some(_) => (now.running, true),
                None => (now.running, false),
            };
            self.known.insert(token, Known { tag: lease.tag.clone(), since, is_stirring });
            let ends = since.saturating_add(expire);
            let is_expired = ends <= now.running || is_long_over(&lease, now.wall, expire);
            if lease.owner.is_some() && !is_expired {
                look.next_expiry = Some(look.next_expiry.map_or(ends, |next| next.min(ends)));
            }
            look.seen.push(Seen { lease, is_expired, is_stirring });
        }
        look
    }
}

fn is_long_over(lease: &Lease, wall: Timestamp, expire: Duration) -> bool {
    let silent = Duration::try_from(wall.duration_since(lease.stored_at)).unwrap_or_default();
    expire.saturating_add(SKEW_MAX) < silent
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, lease};
    use super::*;

    const EXPIRE: Duration = Duration::from_mins(1);

    fn now(running: u64, wall: i64) -> Now {
        Now { wall: at(wall), running: Duration::from_secs(running) }
    }

    /// Whether the lease of `a` is over, looked at at these times with these tags.
    fn looked(looks: &[(Now, &str)]) -> Vec<bool> {
        let mut watch = Watch::default();
        let look = |(now, tag): &(Now, &str)| {
            let lease = Lease { tag: Tag((*tag).into()), ..lease(0, Some("a")) };
            watch.look(vec![lease], *now, EXPIRE).seen[0].is_expired
        };
        looks.iter().map(look).collect()
    }

    #[test]
    fn an_owner_is_gone_who_stayed_silent_for_an_expiry() {
        let looks = [(now(5, 0), "1"), (now(64, 0), "1"), (now(65, 0), "1"), (now(66, 0), "2")];
        assert_eq!(looked(&looks), [false, false, true, false]);
    }

    #[test]
    fn a_wrong_clock_takes_nobody_s_lease() {
        let quarter = 15 * 60;
        let looks = [(now(0, quarter + 60), "1"), (now(0, -quarter), "1")];
        assert_eq!(looked(&looks), [false, false]);
    }

    #[test]
    fn what_was_left_long_ago_is_free_at_once() {
        assert_eq!(looked(&[(now(0, 15 * 60 + 61), "1")]), [true]);
    }

    #[test]
    fn the_next_look_is_due_when_the_first_lease_ends() {
        let mut watch = Watch::default();
        let leases = || vec![lease(0, Some("a")), lease(1, None)];
        assert_eq!(watch.look(leases(), now(5, 0), EXPIRE).next_expiry, Some(now(65, 0).running));
        assert_eq!(watch.look(leases(), now(65, 0), EXPIRE).next_expiry, None);
    }
}
