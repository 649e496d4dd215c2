//! The retry verdict: decides, and does nothing else. No clock, no socket, no randomness.
//!
//! | fault | verdict |
//! |---|---|
//! | throttled, with a time | that time, or the usual pause if longer |
//! | throttled, unavailable, unanswered | the usual pause |
//! | misconfigured | the longest pause: someone has to mend it |
//! | conflict, rejected | give up: the same again would fail the same |
//! | any, attempts used up | give up |
//!
//! The usual pause doubles from `pause_min` with each attempt, up to `pause_max`.

use crate::Fault;
use std::time::Duration;

/// How long and how often a caller is willing to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The pause after the first failure.
    pub pause_min: Duration,
    /// No pause is longer, unless the other side asks for it.
    pub pause_max: Duration,
    /// How often to try at all; `None` is for ever.
    pub attempts_max: Option<u32>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send the same again after this pause.
    Retry(Duration),
    /// Hand the fault to the caller.
    GiveUp,
}

/// The verdict after the `attempt`th try (1 is the first) ended in `fault`.
pub fn after(fault: &Fault, attempt: u32, patience: &Patience) -> Next {
    if patience.attempts_max.is_some_and(|most| most <= attempt) {
        return Next::GiveUp;
    }
    let pause = pause(attempt, patience);
    match fault {
        Fault::Throttled { after } => Next::Retry(after.map_or(pause, |asked| asked.max(pause))),
        Fault::Unavailable(_) | Fault::Unanswered(_) => Next::Retry(pause),
        Fault::Misconfigured { .. } => Next::Retry(patience.pause_max),
        Fault::Conflict | Fault::Rejected { .. } => Next::GiveUp,
    }
}

/// The usual pause after the `attempt`th failure.
pub fn pause(attempt: u32, patience: &Patience) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    patience.pause_min.saturating_mul(1 << doublings).min(patience.pause_max)
}

/// Shortens a pause by up to a half, so that callers that failed together do not return together.
/// `dice` is any random number.
pub fn jittered(pause: Duration, dice: u32) -> Duration {
    pause.mul_f64(1.0 - f64::from(dice) / f64::from(u32::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[track_caller]
    fn check(fault: &Fault, expect: Expect) {
        let patience = Patience { pause_min: MS(100), pause_max: MS(300), attempts_max: Some(5) };
        let steps: Vec<Next> = (1..=5).map(|attempt| after(fault, attempt, &patience)).collect();
        expect.assert_eq(&format!("{steps:?}"));
    }

    #[test]
    fn silence_backs_off_to_the_cap_and_gives_up() {
        let expect = expect!["[Retry(100ms), Retry(200ms), Retry(300ms), Retry(300ms), GiveUp]"];
        check(&Fault::Unanswered("cut".into()), expect);
    }

    #[test]
    fn an_outage_backs_off_to_the_cap_and_gives_up() {
        let expect = expect!["[Retry(100ms), Retry(200ms), Retry(300ms), Retry(300ms), GiveUp]"];
        check(&Fault::Unavailable("refused".into()), expect);
    }

    #[test]
    fn a_throttle_waits_at_least_as_long_as_told() {
        let expect = expect!["[Retry(250ms), Retry(250ms), Retry(300ms), Retry(300ms), GiveUp]"];
        check(&Fault::Throttled { after: Some(MS(250)) }, expect);
    }

    #[test]
    fn a_throttle_without_a_time_backs_off() {
        let expect = expect!["[Retry(100ms), Retry(200ms), Retry(300ms), Retry(300ms), GiveUp]"];
        check(&Fault::Throttled { after: None }, expect);
    }

    #[test]
    fn a_wrong_set_up_is_tried_slowly() {
        let expect = expect!["[Retry(300ms), Retry(300ms), Retry(300ms), Retry(300ms), GiveUp]"];
        check(&Fault::Misconfigured { problem: "no such container".into() }, expect);
    }

    #[test]
    fn what_would_fail_the_same_is_not_repeated() {
        let expect = expect!["[GiveUp, GiveUp, GiveUp, GiveUp, GiveUp]"];
        check(&Fault::Conflict, expect);
        let expect = expect!["[GiveUp, GiveUp, GiveUp, GiveUp, GiveUp]"];
        check(&Fault::Rejected { reason: "too large".into() }, expect);
    }

    #[test]
    fn patience_without_end_never_gives_up() {
        let patience = Patience { pause_min: MS(1), pause_max: MS(9), attempts_max: None };
        let verdict = after(&Fault::Unanswered("cut".into()), u32::MAX, &patience);
        assert_eq!(verdict, Next::Retry(MS(9)));
    }

    #[test]
    fn jitter_takes_at_most_a_half() {
        assert_eq!(jittered(MS(100), 0), MS(100));
        assert_eq!(jittered(MS(100), u32::MAX), MS(50));
    }
}
