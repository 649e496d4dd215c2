//! What to do about leases: every decision as a function of values, without I/O and clock.
//!
//! | question | answered by |
//! |---|---|
//! | Which ranges have no lease, and which lease to create? | [`missing`] |
//! | Whose time is over? | [`watch`] |
//! | Which leases are mine to take? | [`balance`] |
//! | Where is what a lease is on, and who takes over after a split or merge? | [`place`] |
//! | Somebody changed my lease: write again, or stop? | [`conflict`] |
//! | Who sweeps for all? | [`sweeps`] |
//! | Which lease does not move although there is work? | [`stall`] |

pub mod balance;
pub mod conflict;
pub mod missing;
pub mod place;
pub mod stall;
pub mod watch;

#[cfg(test)]
mod tests;

use domain::ports::{Lease, Part};

/// A lease, and whether its owner still gives signs of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The lease.
    pub lease: Lease,
    /// Whether whoever owns it was silent for too long.
    pub is_expired: bool,
    /// Whether it was seen to change: only then is its owner known to live.
    pub is_stirring: bool,
}

impl Seen {
    /// Who owns it and is alive; `None`: it is free.
    pub fn holder(&self) -> Option<&str> {
        self.lease.owner.as_deref().filter(|_| !self.is_expired)
    }
}

/// Whether `me` is the one who sweeps as soon as an event is due: the holder of the first lease
/// of the ring. Where nobody holds it, or who does gave no sign of life since `me` started,
/// everybody does.
pub fn sweeps(seen: &[Seen], me: &str) -> bool {
    let first = seen.iter().min_by_key(|seen| (begins(&seen.lease.part), &seen.lease.part));
    let living = first.filter(|seen| seen.is_stirring);
    living.and_then(Seen::holder).is_none_or(|holder| holder == me)
}

fn begins(part: &Part) -> &str {
    match part {
        Part::Range { stretch: Some(stretch), .. } | Part::Stretch(stretch) => &stretch.min,
        Part::Range { stretch: None, .. } => "",
    }
}
