//! Why a call failed, sorted by what the caller should do, and whether it may have
//! happened all the same.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::account::Gap;
use crate::credential::TokenError;
use crate::outcome::{NoAnswer, Refusal};

/// A call that did not succeed, after all its attempts.
#[derive(Debug)]
pub struct Failure {
    /// What stood in the way.
    pub why: Why,
    /// Whether an attempt may have taken effect although no success was reported. The
    /// truth is in the store: read it back.
    pub open: bool,
}

/// What stood in the way of a call.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// There is no such document. Nothing to retry.
    #[error("no such document")]
    Missing,
    /// The id is taken, or a unique key.
    #[error("a document of this id exists")]
    Exists,
    /// The `ETag` or the condition no longer holds: read again, decide again.
    #[error("changed by another writer")]
    Changed,
    /// The range was split or merged: ask for the ranges, go on with its children.
    #[error("the partition key range is gone")]
    RangeGone,
    /// The database or the container is missing: somebody has to create it.
    #[error("no such database or container")]
    NoContainer,
    /// The request breaks a limit of the service: do not send it again.
    #[error("{0}")]
    Invalid(Invalid),
    /// The budget of request units is spent. Come back after the time given.
    #[error("throttled")]
    Throttled {
        /// How long to stay away, if the service said so.
        after: Option<Duration>,
    },
    /// Key, role or clock is wrong: somebody has to see to it.
    #[error("access denied ({status}/{substatus}): {message}")]
    Denied {
        /// The HTTP status.
        status: u16,
        /// The substatus that tells kinds of refusal apart.
        substatus: u16,
        /// What the service said.
        message: String,
    },
    /// The service is in trouble. Come back later.
    #[error("the store is unavailable ({status}/{substatus}): {message}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// The substatus that tells kinds of refusal apart.
        substatus: u16,
        /// What the service said.
        message: String,
    },
    /// Nobody answered. Come back later.
    #[error("the store does not answer")]
    Unanswered(#[source] NoAnswer),
    /// Entra ID gave no token. Come back later; it may be a login that expired.
    #[error("not logged in")]
    NoToken(#[source] TokenError),
    /// The service refused what this client sent: a mistake in this program.
    #[error("refused ({status}/{substatus}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The substatus that tells kinds of refusal apart.
        substatus: u16,
        /// What the service said.
        message: String,
    },
    /// An answer came that cannot be read.
    #[error("the answer cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// Partition key ranges came that leave a gap: it may be in the middle of a split.
    #[error("the answer is incomplete")]
    Gap(#[source] Gap),
}

/// A limit of the service that a request would break, found before sending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// An id that no path can carry.
    #[error("the id {0:?} is empty, too long, or has one of / \\ ? #")]
    Id(String),
    /// A batch takes 100 operations.
    #[error("{0} operations are more than a batch takes")]
    TooMany(usize),
    /// A patch takes 10 operations and at least one.
    #[error("{0} operations do not make a patch: it takes 1 to 10")]
    PatchOperations(usize),
    /// A request takes 2 MB.
    #[error("{0} bytes are more than a request takes")]
    TooLarge(usize),
    /// The service says so itself.
    #[error("the service finds it too large: {0}")]
    FoundTooLarge(String),
    /// A text that no header can carry.
    #[error("a header cannot carry it: {0}")]
    Header(String),
    /// A value that JSON cannot express.
    #[error("a value cannot be written as JSON: {0}")]
    NotJson(String),
}

impl Failure {
    /// Whether the range it asked is gone, so that its children have to be asked.
    pub fn is_range_gone(&self) -> bool {
        matches!(self.why, Why::RangeGone)
    }

    /// A failure of a request that never left.
    pub(crate) fn unsent(why: Why) -> Self {
        Self { why, open: false }
    }

    /// A failure after an answer; `open` if an attempt may have been taken.
    pub(crate) fn refused(refusal: Refusal, open: bool) -> Self {
        Self { why: Why::of(refusal), open }
    }

    pub(crate) fn unanswered(no_answer: NoAnswer, open: bool) -> Self {
        Self { why: Why::Unanswered(no_answer), open }
    }

    pub(crate) fn unreadable(error: serde_json::Error) -> Self {
        Self { why: Why::Unreadable(error), open: false }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.why.source()
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::unsent(Why::Invalid(invalid))
    }
}

impl Why {
    fn of(refusal: Refusal) -> Self {
        let Refusal { status, substatus, retry_after, message } = refusal;
        match (status, substatus) {
            (404, 1003) => Self::NoContainer,
            (410, _) | (400, 1024) => Self::RangeGone,
            (404, 1002) => Self::Unavailable { status, substatus, message },
            (404, _) => Self::Missing,
            (409, _) => Self::Exists,
            (412, _) => Self::Changed,
            (413, _) => Self::Invalid(Invalid::FoundTooLarge(message)),
            (429, _) => Self::Throttled { after: retry_after },
            (403, 3 | 1008) | (408 | 449 | 500.., _) => {
                Self::Unavailable { status, substatus, message }
            }
            (401 | 403, _) => Self::Denied { status, substatus, message },
            _ => Self::Refused { status, substatus, message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, substatus: u16, expected: &str) {
        let message = "m".to_owned();
        let refusal = Refusal { status, substatus, retry_after: None, message };
        assert_eq!(Failure::refused(refusal, false).to_string(), expected);
    }

    #[test]
    fn answers_are_sorted_by_what_to_do() {
        check(404, 0, "no such document");
        check(404, 1003, "no such database or container");
        check(404, 1002, "the store is unavailable (404/1002): m");
        check(409, 0, "a document of this id exists");
        check(412, 1110, "changed by another writer");
        check(410, 1002, "the partition key range is gone");
        check(413, 0, "the service finds it too large: m");
        check(429, 3200, "throttled");
        check(401, 0, "access denied (401/0): m");
        check(403, 5300, "access denied (403/5300): m");
        check(403, 3, "the store is unavailable (403/3): m");
        check(503, 0, "the store is unavailable (503/0): m");
        check(449, 0, "the store is unavailable (449/0): m");
        check(400, 0, "refused (400/0): m");
    }
}
