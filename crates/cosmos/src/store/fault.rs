//! From what the service said to what the domain should do.
//!
//! | failure | fault |
//! |---|---|
//! | a write that may have happened | unanswered |
//! | throttled | throttled |
//! | exists, changed, missing | conflict |
//! | larger than the service takes, an id it does not take | rejected |
//! | no container, denied, refused | misconfigured |
//! | anything else | unavailable |

use std::borrow::Borrow;
use std::error::Error;

use domain::Fault;

use crate::container::Container;
use crate::failure::{Failure, Why};

/// The fault of a failed call, naming the container where somebody has to mend it. A
/// failure may be one call's own, or shared by many.
pub(crate) fn fault<E>(container: &Container, failure: E) -> Fault
where
    E: Borrow<Failure> + Error + Send + Sync + 'static,
{
    let Failure { why, open } = failure.borrow();
    if *open {
        return Fault::Unanswered(Box::new(failure));
    }
    match why {
        Why::Throttled { after } => Fault::Throttled { after: *after },
        Why::Exists | Why::Changed | Why::Missing => Fault::Conflict,
        Why::Invalid(invalid) => Fault::Rejected { reason: invalid.to_string() },
        Why::NoContainer => mend(format!("there is no container {}; create it", container.link())),
        Why::Denied { .. } => mend(format!("{why}; check the key or the role, and the clock")),
        Why::Refused { .. } => mend(format!("{}: {why}", container.link())),
        Why::RangeGone
        | Why::Unavailable { .. }
        | Why::Unanswered(_)
        | Why::NoToken(_)
        | Why::Unreadable(_)
        | Why::Gap(_) => Fault::Unavailable(Box::new(failure)),
    }
}

fn mend(problem: String) -> Fault {
    Fault::Misconfigured { problem }
}

/// A document that cannot be read where one must be.
#[derive(Debug, thiserror::Error)]
#[error("the document {id} cannot be read: {reason}")]
pub(super) struct Unreadable {
    pub(super) id: String,
    pub(super) reason: String,
}

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self::Misconfigured { problem: unreadable.to_string() }
    }
}
