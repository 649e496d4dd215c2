//! How long is waited for Azure, in one table.
//!
//! | for | pause | attempts | since |
//! |---|--:|--:|---|
//! | [`DEPLOYMENT`] to end | 5 s | 1080 | a Cosmos DB account takes up to an hour and a half |
//! | [`THROTTLED`] to pass | 15 s | 8 | Resource Manager refills its buckets within a minute or two |
//! | [`ROLES`] to spread | 15 s | 40 | role assignments reach all parts of Azure within ten minutes |
//! | [`PACKAGE`] to be taken over | 3 s | 200 | it is copied to the app's storage |
//! | [`FUNCTIONS`] to be listed | 5 s | 60 | the host reads the new package |
//! | [`EVENT`] to be processed | 3 s | 60 | the sweep finds it within two minutes at most |
//!
//! `DEPLOY_PACE` in the environment multiplies every pause: tests set it to a small part of 1. What
//! is reported as waited is as the table has it.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

/// How often something is tried, and the pause in between.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pause: Duration,
    attempts: u32,
}

/// A deployment, to end.
pub(crate) const DEPLOYMENT: Patience = every(5, 1080);
/// A service that said "too many requests".
pub(crate) const THROTTLED: Patience = every(15, 8);
/// Role assignments, to reach the service that is asked.
pub(crate) const ROLES: Patience = every(15, 40);
/// A package, to be taken over by the app.
pub(crate) const PACKAGE: Patience = every(3, 200);
/// Functions, to be listed by the app.
pub(crate) const FUNCTIONS: Patience = every(5, 60);
/// The event of the smoke test, to be processed; and the app, to answer at all.
pub(crate) const EVENT: Patience = every(3, 60);

const fn every(seconds: u64, attempts: u32) -> Patience {
    Patience { pause: Duration::from_secs(seconds), attempts }
}

/// What one look told.
pub(crate) enum Look<T> {
    /// It is done.
    Done(T),
    /// Not yet: this is how it stands.
    Again(String),
}

/// Waits, and knows how long it did.
pub(crate) struct Waits {
    pace: f64,
    waited: Cell<Duration>,
}

impl Waits {
    /// As the environment says.
    pub(crate) fn from_env() -> Self {
        let pace = std::env::var("DEPLOY_PACE").ok().and_then(|pace| pace.parse().ok());
        let pace = pace.filter(|pace| (0.0..=100.0).contains(pace)).unwrap_or(1.0);
        Self { pace, waited: Cell::new(Duration::ZERO) }
    }

    /// How long was waited, by the table.
    pub(crate) fn waited(&self) -> Duration {
        self.waited.get()
    }

    /// Looks until it is done, or patience is at its end: then how it stood at last.
    pub(crate) fn until<T>(
        &self,
        patience: Patience,
        mut look: impl FnMut() -> anyhow::Result<Look<T>>,
    ) -> anyhow::Result<Result<T, String>> {
        let mut stands = String::new();
        for attempt in 0..patience.attempts {
            if 0 < attempt {
                self.waited.set(self.waited.get() + patience.pause);
                thread::sleep(patience.pause.mul_f64(self.pace));
            }
            match look()? {
                Look::Done(value) => return Ok(Ok(value)),
                Look::Again(how) => stands = how,
            }
        }
        Ok(Err(stands))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits() -> Waits {
        Waits { pace: 0.0, waited: Cell::new(Duration::ZERO) }
    }

    #[test]
    fn what_is_done_at_once_is_not_waited_for() {
        let waits = waits();
        assert_eq!(waits.until(EVENT, || Ok(Look::Done(7))).unwrap(), Ok(7));
        assert_eq!(waits.waited(), Duration::ZERO);
    }

    #[test]
    fn pauses_are_counted_as_the_table_has_them() {
        let (waits, mut looks) = (waits(), 0);
        let look = || {
            looks += 1;
            Ok(if looks == 3 { Look::Done(()) } else { Look::Again("not yet".into()) })
        };
        assert_eq!(waits.until(EVENT, look).unwrap(), Ok(()));
        assert_eq!(waits.waited(), Duration::from_secs(6));
    }

    #[test]
    fn patience_ends_with_how_it_stood_at_last() {
        let mut looks = 0;
        let look = || {
            looks += 1;
            Ok(Look::<()>::Again(format!("look {looks}")))
        };
        assert_eq!(waits().until(THROTTLED, look).unwrap(), Err("look 8".into()));
    }
}
