//! A write found another version of the lease: is it still mine?

use domain::ports::Lease;
use std::fmt;

/// Somebody who changes a lease without taking it, five times within one write, is at war with
/// this host: then let it go, and look again with the next pass.
const TRIES_MAX: u32 = 5;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is mine still: write again, over this version.
    Again(Box<Lease>),
    /// It is not: stop reading at once.
    Lost(Loss),
}

/// How a lease was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// Somebody took it.
    Taken {
        /// Who.
        by: String,
    },
    /// It has no owner, though this host did not give it back.
    Freed,
    /// It is not there any more, or not a lease.
    Deleted,
    /// It was changed again and again.
    Contested,
    /// The store did not take a sign of life for as long as a lease lives.
    Unconfirmed,
}

/// What to do after the `tries`th write that found another version; `read` is what is there now.
pub fn after_change(read: Option<Lease>, me: &str, tries: u32) -> Verdict {
    let Some(lease) = read else { return Verdict::Lost(Loss::Deleted) };
    match lease.owner.as_deref() {
        Some(owner) if owner == me && tries < TRIES_MAX => Verdict::Again(Box::new(lease)),
        Some(owner) if owner == me => Verdict::Lost(Loss::Contested),
        Some(owner) => Verdict::Lost(Loss::Taken { by: owner.to_owned() }),
        None => Verdict::Lost(Loss::Freed),
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { by } => write!(f, "taken by {by}"),
            Self::Freed => f.write_str("freed by another"),
            Self::Deleted => f.write_str("deleted"),
            Self::Contested => f.write_str("changed by another again and again"),
            Self::Unconfirmed => f.write_str("the store took no sign of life"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::lease;
    use super::*;

    #[track_caller]
    fn check(owner: Option<&str>, tries: u32, expected: Option<&Loss>) {
        let lost = match after_change(Some(lease(0, owner)), "me", tries) {
            Verdict::Again(_) => None,
            Verdict::Lost(loss) => Some(loss),
        };
        assert_eq!(lost.as_ref(), expected);
    }

    #[test]
    fn it_is_mine_as_long_as_it_says_so() {
        check(Some("me"), 1, None);
        check(Some("me"), 4, None);
        check(Some("me"), 5, Some(&Loss::Contested));
        check(Some("a"), 1, Some(&Loss::Taken { by: "a".into() }));
        check(None, 1, Some(&Loss::Freed));
        assert_eq!(after_change(None, "me", 1), Verdict::Lost(Loss::Deleted));
    }
}
