//! Whether a failed invocation is tried again, and when.
//!
//! | policy | pause before retry n (from 1) |
//! |---|---|
//! | none | no retry |
//! | `fixedDelay` | `delayInterval` |
//! | `exponentialBackoff` | `(2ⁿ - 1) × minimumInterval`, spread by ±20 %, never above `maximumInterval` nor below `minimumInterval` |
//!
//! `maxRetryCount: -1` retries for ever. After the last retry the invocation has failed for good:
//! the Cosmos DB trigger then checkpoints all the same, and the batch is lost.

use super::load::reader::Reader;
use serde_json::Value;
use std::time::Duration;

/// The `retry` of a `function.json`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RetryPolicy {
    /// How often it is tried again; for ever if there is no number.
    pub(crate) max: Option<u32>,
    pause: Pause,
}

/// How long a retry waits.
#[derive(Debug, Clone, PartialEq)]
enum Pause {
    Fixed(Duration),
    Exponential { min: Duration, max: Duration },
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try again after this.
    Retry(Duration),
    /// It has failed for good.
    GiveUp,
}

impl RetryPolicy {
    /// Reads the `retry` object; a missing interval is a mistake, as on Azure.
    pub(crate) fn read(mut reader: Reader<'_>) -> Option<Self> {
        if !reader.has("maxRetryCount") {
            reader.wrong("maxRetryCount", "it is required: a number, or -1 for ever");
        }
        let max = reader.number("maxRetryCount", -1, i64::from(i32::MAX));
        let max = max.and_then(|count| u32::try_from(count).ok());
        let pause = match reader.text("strategy").as_deref() {
            Some("fixedDelay") => required(&mut reader, "delayInterval").map(Pause::Fixed),
            Some("exponentialBackoff") => {
                let min = required(&mut reader, "minimumInterval");
                let max = required(&mut reader, "maximumInterval");
                min.zip(max).map(|(min, max)| Pause::Exponential { min, max })
            }
            _ => {
                reader.wrong("strategy", "it must be fixedDelay or exponentialBackoff");
                None
            }
        };
        reader.finish(|_| None);
        Some(Self { max, pause: pause? })
    }

    /// Decides after failure number `failures` (from 1); `chance` lies between 0 and 1.
    pub(crate) fn after(&self, failures: u32, chance: f64) -> Next {
        if self.max.is_some_and(|max| max < failures) {
            return Next::GiveUp;
        }
        match self.pause {
            Pause::Fixed(pause) => Next::Retry(pause),
            Pause::Exponential { min, max } => {
                let steps = 2_f64.powi(failures.min(STEPS_MAX).cast_signed()) - 1.0;
                let spread = 0.8 + 0.4 * chance;
                let pause = (min.as_secs_f64() * steps * spread).min(max.as_secs_f64());
                Next::Retry(Duration::from_secs_f64(pause).max(min))
            }
        }
    }
}

/// 2³¹ times any interval that `TimeSpan` can write still fits a float and a `Duration`.
const STEPS_MAX: u32 = 31;

/// An interval that the strategy cannot do without.
fn required(reader: &mut Reader<'_>, key: &str) -> Option<Duration> {
    let known = reader.has(key);
    let span = reader.timespan(key);
    if !known {
        reader.wrong(key, "it is required by this strategy: a time span hh:mm:ss");
    }
    span
}

/// How often, for `RetryContext`: -1 for ever.
pub(crate) fn max_count(policy: &RetryPolicy) -> Value {
    policy.max.map_or(Value::from(-1), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::load::reader::Problems;

    fn read(json: &str) -> Result<RetryPolicy, Vec<String>> {
        let mut problems = Problems::default();
        let policy = Reader::file("function.json", json, &mut problems).and_then(RetryPolicy::read);
        policy.ok_or_else(|| problems.into_vec().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_exponential_pause_doubles_up_to_its_cap() {
        let policy = read(
            r#"{"strategy":"exponentialBackoff","maxRetryCount":-1,
                "minimumInterval":"00:00:02","maximumInterval":"00:05:00"}"#,
        )
        .unwrap();
        let pause = |failures| policy.after(failures, 0.5);
        let seconds = |seconds| Next::Retry(Duration::from_secs(seconds));
        assert_eq!([pause(1), pause(2), pause(3)], [seconds(2), seconds(6), seconds(14)]);
        assert_eq!(pause(1_000_000), seconds(300));
    }

    #[test]
    fn the_last_retry_ends_it() {
        let policy =
            read(r#"{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:10"}"#)
                .unwrap();
        let after: Vec<_> = (1..=3).map(|failures| policy.after(failures, 0.0)).collect();
        let ten = Next::Retry(Duration::from_secs(10));
        assert_eq!(after, [ten, ten, Next::GiveUp]);
    }

    #[test]
    fn a_missing_interval_is_a_mistake() {
        let problems = read(r#"{"strategy":"exponentialBackoff","maxRetryCount":5}"#).unwrap_err();
        let [min, max] = problems.as_slice() else { panic!("{problems:?}") };
        assert!(min.contains("minimumInterval") && max.contains("maximumInterval"));
    }
}
