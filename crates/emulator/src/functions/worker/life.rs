//! What follows when the handler's process ends.
//!
//! | end | counts as an error | next |
//! |---|---|---|
//! | exit code 0 | no | it stays down until the host is started again |
//! | exit code 200 | no | it is started again |
//! | any other exit code, or a signal | yes | it is started again, or the host stops |
//! | no answer within `initializationTimeout` | yes | likewise |
//! | it cannot be started at all | yes | likewise |
//! | killed because a function ran into its timeout | no | it is started again |
//!
//! The host stops at the third error. Errors are forgotten once 30 minutes passed between two.

use jiff::{SignedDuration, Timestamp};
use std::{fmt, time::Duration};

/// How one run of the handler ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// With this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// Killed: it did not listen in time.
    NotReady(Duration),
    /// There was no process.
    NotStarted(String),
    /// Killed by the host, because a function took too long.
    Recycled,
}

/// What the host does about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Start it again.
    Start,
    /// Leave it down; invocations fail.
    StayDown,
    /// Give up, and say so.
    StopHost,
}

/// The errors that still count.
#[derive(Debug, Default)]
pub(crate) struct Life {
    errors: u32,
    last_error: Option<Timestamp>,
}

/// At the third error the host gives up.
pub(crate) const ERRORS_MAX: u32 = 3;
/// Between the last error and this one.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_mins(30);

impl Life {
    /// Decides, and remembers errors.
    pub(crate) fn after(&mut self, end: &End, now: Timestamp) -> Next {
        match end {
            End::Exit(0) => Next::StayDown,
            End::Exit(RESTART_WANTED) | End::Recycled => Next::Start,
            End::Exit(_) | End::Signal(_) | End::NotReady(_) | End::NotStarted(_) => {
                self.count(now);
                if self.errors < ERRORS_MAX { Next::Start } else { Next::StopHost }
            }
        }
    }

    /// One more error, after forgetting old ones.
    fn count(&mut self, now: Timestamp) {
        let long_ago = |last: Timestamp| FORGOTTEN_AFTER < now.duration_since(last);
        if self.last_error.is_some_and(long_ago) {
            self.errors = 0;
        }
        self.errors += 1;
        self.last_error = Some(now);
    }
}

/// The exit code by which a handler asks to be started again.
const RESTART_WANTED: i32 = 200;

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(0) => f.write_str(
                "the handler ended with exit code 0, after which Azure does not start it again; \
                 end with another code if it should be",
            ),
            Self::Exit(code) => write!(f, "the handler ended with exit code {code}"),
            Self::Signal(signal) => write!(f, "the handler was ended by signal {signal}"),
            Self::NotReady(limit) => write!(
                f,
                "the handler did not answer GET / at FUNCTIONS_CUSTOMHANDLER_PORT within {limit:?}"
            ),
            Self::NotStarted(why) => write!(f, "the handler cannot be started: {why}"),
            Self::Recycled => f.write_str("the handler was killed because a function timed out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn crashes(minutes: &[i64]) -> Vec<Next> {
        let mut life = Life::default();
        minutes.iter().map(|minute| life.after(&End::Exit(1), at(*minute))).collect()
    }

    #[test]
    fn the_third_error_stops_the_host() {
        assert_eq!(crashes(&[0, 1, 2]), [Next::Start, Next::Start, Next::StopHost]);
    }

    #[test]
    fn errors_are_forgotten_after_half_an_hour_of_peace() {
        assert!(crashes(&[0, 1, 32, 33]).iter().all(|next| *next == Next::Start));
        assert_eq!(crashes(&[0, 30, 60]), [Next::Start, Next::Start, Next::StopHost]);
    }

    #[test]
    fn every_kind_of_failure_counts() {
        let mut life = Life::default();
        let ends = [End::Signal(9), End::NotReady(Duration::ZERO), End::NotStarted(String::new())];
        let next = ends.map(|end| life.after(&end, at(0)));
        assert_eq!(next, [Next::Start, Next::Start, Next::StopHost]);
    }

    #[test]
    fn wanted_restarts_never_stop_the_host() {
        let mut life = Life::default();
        for _ in 0..10 {
            assert_eq!(life.after(&End::Exit(200), at(0)), Next::Start);
            assert_eq!(life.after(&End::Recycled, at(0)), Next::Start);
        }
    }

    #[test]
    fn exit_code_zero_leaves_it_down() {
        assert_eq!(Life::default().after(&End::Exit(0), at(0)), Next::StayDown);
    }
}
