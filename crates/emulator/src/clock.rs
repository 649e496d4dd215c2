//! The emulator's time: the machine's, plus what `POST /clock/advance` added.

use crate::store::{BadRow, Change, Journal, Rows, Table, encode};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::sync::watch;

/// The clock that every part of the emulator shares.
///
/// The cores never read it: the wire layers read it once a request and hand the instant in.
#[derive(Debug)]
pub struct Clock {
    ahead: watch::Sender<SignedDuration>,
    journal: Journal,
}

/// The name under which it is stored how far the clock is ahead.
const AHEAD: &str = "clock.ahead";

impl Clock {
    /// A clock that shows the machine's time.
    pub fn new() -> Self {
        Self { ahead: watch::Sender::new(SignedDuration::ZERO), journal: Journal::default() }
    }

    /// A clock that goes on as it was stored: otherwise what was written after an advance would
    /// come from the future.
    pub(crate) fn stored((rows, journal): (&Rows, &Journal)) -> Result<Self, BadRow> {
        let nanos: i128 = rows.meta(AHEAD)?.unwrap_or(0);
        let ahead = SignedDuration::from_nanos_i128(nanos);
        Ok(Self { ahead: watch::Sender::new(ahead), journal: journal.clone() })
    }

    /// The machine's time, never advanced: clients sign and date their tokens by it.
    #[expect(clippy::disallowed_methods, reason = "the one place where the emulator reads a clock")]
    pub(crate) fn machine() -> Timestamp {
        Timestamp::now()
    }

    /// The emulator's instant: the machine's time plus everything advanced so far.
    pub fn now(&self) -> Timestamp {
        Self::machine().checked_add(*self.ahead.borrow()).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock forward and wakes everything in [`Clock::sleep_until`].
    pub fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.ahead.send_modify(|ahead| {
            *ahead = ahead.saturating_add(by);
            // Nobody reads the clock meanwhile: whatever uses the new time is stored behind it.
            let row = encode(&ahead.as_nanos());
            self.journal.append([Change::Put(Table::Meta, AHEAD.as_bytes().to_vec(), row)]);
        });
    }

    /// Waits until the emulator's time has reached `deadline`, also when it is advanced there.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        let mut ahead = self.ahead.subscribe();
        loop {
            let left = self.now().duration_until(deadline);
            if left <= SignedDuration::ZERO {
                return;
            }
            let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = ahead.changed() => {}
            }
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_advance_wakes_a_sleeper_at_once() {
        let clock = Clock::new();
        let deadline = clock.now() + Duration::from_hours(1);
        let sleeper = clock.sleep_until(deadline);
        clock.advance(Duration::from_secs(3_601));
        tokio::time::timeout(Duration::from_secs(5), sleeper).await.unwrap();
        assert!(deadline <= clock.now());
    }
}
