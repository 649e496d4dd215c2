//! Waiting for a condition, bounded.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How long anything may take to come true. A bound against hanging, never a measurement.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until the answer is `Some`, or [`PATIENCE`] is over: then says what did not come true,
/// with the last answer's error if there was one.
pub async fn until<T, F>(what: &str, ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    within(PATIENCE, what, ask).await
}

/// [`until`] with another patience.
pub async fn within<T, F>(patience: Duration, what: &str, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let started = Instant::now();
    loop {
        let answer = ask().await;
        if let Ok(Some(answer)) = answer {
            return Ok(answer);
        }
        if patience < started.elapsed() {
            match answer {
                Err(error) => return Err(error.context(format!("it never came true: {what}"))),
                Ok(_) => bail!("it never came true: {what}"),
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Between two looks at a condition: short beside what is awaited, long beside a look.
const PAUSE: Duration = Duration::from_millis(20);
