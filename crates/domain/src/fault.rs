//! Faults, sorted by what the caller should do, and whether it may have happened.
//!
//! | fault | it may have happened | do |
//! |---|---|---|
//! | [`Fault::Throttled`] | no | wait as long as told, send the same again |
//! | [`Fault::Unavailable`] | no | wait, send the same again |
//! | [`Fault::Unanswered`] | yes | send the same again: ids make it harmless; or read back |
//! | [`Fault::Conflict`] | no | read again, decide again |
//! | [`Fault::Rejected`] | no | never send it again as it is: park it, or answer 4xx |
//! | [`Fault::Misconfigured`] | no | tell the operator; try again slowly, it may be mended |

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What lies under a fault, for the log.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a port could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The other side is busy. Wait as long as it says, then send the same again.
    #[error("throttled")]
    Throttled {
        /// How long it asked to wait, if it said.
        after: Option<Duration>,
    },
    /// Not reached, or unable. Nothing happened; send the same again later.
    #[error("unavailable")]
    Unavailable(#[source] Cause),
    /// It may have happened. Send the same again: ids make it harmless.
    #[error("no answer")]
    Unanswered(#[source] Cause),
    /// Changed by another writer. Read again, decide again.
    #[error("changed by another writer")]
    Conflict,
    /// Will never be taken as it is, for its content.
    #[error("rejected: {reason}")]
    Rejected {
        /// What the other side said.
        reason: String,
    },
    /// Nobody can be served until the set-up is mended: a wrong key, a missing container.
    #[error("misconfigured: {problem}")]
    Misconfigured {
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl Fault {
    /// Whether what was asked may have happened all the same.
    pub const fn may_have_happened(&self) -> bool {
        match self {
            Self::Unanswered(_) => true,
            Self::Throttled { .. }
            | Self::Unavailable(_)
            | Self::Conflict
            | Self::Rejected { .. }
            | Self::Misconfigured { .. } => false,
        }
    }
}

/// An error and all its causes on one line, each level said once: `no answer: connection reset`.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(level) = cause {
            write!(f, ": {level}")?;
            cause = level.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_each_level_once() {
        let fault = Fault::Unanswered("connection reset".into());
        assert_eq!(Chain(&fault).to_string(), "no answer: connection reset");
    }

    #[test]
    fn only_silence_leaves_open_whether_it_happened() {
        assert!(Fault::Unanswered("cut".into()).may_have_happened());
        for fault in [
            Fault::Throttled { after: None },
            Fault::Unavailable("refused".into()),
            Fault::Conflict,
            Fault::Rejected { reason: String::new() },
            Fault::Misconfigured { problem: String::new() },
        ] {
            assert!(!fault.may_have_happened(), "{fault}");
        }
    }
}
