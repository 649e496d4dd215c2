//! How long to wait: between reads of the feed, and after a failure.

use domain::retry::{self, Next, Patience};
use domain::{Chain, Fault};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use tracing::info;

/// How often the feed is read: `shortest` while there is work, doubling to `longest` when idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    shortest: Duration,
    longest: Duration,
}

impl Poll {
    /// Shorter would keep a core and the store busy with nothing.
    pub const SHORTEST_MIN: Duration = Duration::from_millis(1);

    /// The pause after a read that came after a pause of `last`.
    pub fn after(&self, last: Duration, had_work: bool) -> Duration {
        if had_work { self.shortest } else { (last * 2).clamp(self.shortest, self.longest) }
    }
}

impl Default for Poll {
    /// Busy, an event waits 2.5 ms on average; idle, a range is asked once a second.
    fn default() -> Self {
        Self { shortest: Duration::from_millis(5), longest: Duration::from_secs(1) }
    }
}

impl FromStr for Poll {
    type Err = PollError;

    fn from_str(text: &str) -> Result<Self, PollError> {
        let (shortest, longest) = text.split_once("..").ok_or(PollError)?;
        let duration = |text: &str| humantime::parse_duration(text.trim()).map_err(|_| PollError);
        let (shortest, longest) = (duration(shortest)?, duration(longest)?);
        let is_range = Self::SHORTEST_MIN <= shortest && shortest <= longest;
        if is_range { Ok(Self { shortest, longest }) } else { Err(PollError) }
    }
}

/// A text that is not a [`Poll`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a range of pauses from at least 1ms up, such as 5ms..1s")]
pub struct PollError;

/// How long to wait after failures, and whether there is anything new to say of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backoff {
    attempt: u32,
    said: Option<String>,
}

impl Backoff {
    /// How long to wait after one more failure. `dice` is any random number.
    pub fn after(&mut self, fault: &Fault, dice: u32) -> Duration {
        self.attempt = self.attempt.saturating_add(1);
        match retry::after(fault, self.attempt, &PATIENCE) {
            Next::Retry(pause) => retry::jittered(pause, dice),
            // There is nobody to give up to: what is pending stays pending.
            Next::GiveUp => retry::jittered(PATIENCE.pause_max, dice),
        }
    }

    /// What there is to say of a fault: nothing if it was said last time.
    pub fn news(&mut self, fault: &Fault) -> Option<String> {
        let text = Chain(fault).to_string();
        let is_new = self.said.as_ref() != Some(&text);
        is_new.then(|| self.said.insert(text).clone())
    }

    /// It went well. Says after how many failures, if there were any.
    pub fn end(&mut self) -> Option<Recovered> {
        let Self { attempt, said: _ } = std::mem::take(self);
        (0 < attempt).then_some(Recovered { failures: attempt })
    }
}

impl Backoff {
    /// It went well: says so in the log, if it did not before.
    pub(super) fn recover(&mut self, what: &str) {
        if let Some(recovered) = self.end() {
            info!("{what} {recovered}");
        }
    }
}

/// What failed goes well again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    failures: u32,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "goes well again after {} failures", self.failures)
    }
}

/// For ever, since an outage is never poison; soon at first, and often enough to be back at work
/// within half a minute of its end.
const PATIENCE: Patience = Patience {
    pause_min: Duration::from_millis(100),
    pause_max: Duration::from_secs(30),
    attempts_max: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn reads_are_close_while_there_is_work_and_rare_when_idle() {
        let poll = Poll::default();
        let mut pause = poll.after(MS(1000), true);
        let mut pauses = vec![pause];
        for _ in 0..9 {
            pause = poll.after(pause, false);
            pauses.push(pause);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000].map(MS));
    }

    #[test]
    fn a_poll_is_two_durations_in_order() {
        assert_eq!("5ms..1s".parse(), Ok(Poll::default()));
        assert_eq!("1ms..1ms".parse(), Ok(Poll { shortest: MS(1), longest: MS(1) }));
        for wrong in ["", "5ms", "..", "1s..5ms", "0ms..1s", "5..1", "5ms..", "-1s..1s"] {
            assert_eq!(wrong.parse::<Poll>(), Err(PollError), "{wrong}");
        }
    }

    #[test]
    fn failures_wait_longer_and_longer_for_ever() {
        let mut backoff = Backoff::default();
        let fault = Fault::Unavailable("refused".into());
        let pauses: Vec<_> = (0..11).map(|_| backoff.after(&fault, 0)).collect();
        let first: Vec<_> = [100, 200, 400, 800, 1600].map(MS).to_vec();
        assert_eq!(pauses[..5], first);
        assert_eq!(pauses[9..], [MS(30_000), MS(30_000)]);
        assert_eq!(backoff.end(), Some(Recovered { failures: 11 }));
        assert_eq!(backoff.after(&fault, 0), MS(100));
    }

    #[test]
    fn a_fault_that_no_repeat_mends_is_tried_slowly_too() {
        let fault = Fault::Rejected { reason: "bad".into() };
        assert_eq!(Backoff::default().after(&fault, 0), MS(30_000));
    }

    #[test]
    fn the_same_fault_is_said_once() {
        let mut backoff = Backoff::default();
        let (one, other) = (Fault::Conflict, Fault::Misconfigured { problem: "no topic".into() });
        assert_eq!(backoff.news(&one).as_deref(), Some("changed by another writer"));
        assert_eq!(backoff.news(&one), None);
        assert_eq!(backoff.news(&other).as_deref(), Some("misconfigured: no topic"));
        assert_eq!(backoff.end(), None);
        assert_eq!(backoff.news(&other).as_deref(), Some("misconfigured: no topic"));
    }
}
