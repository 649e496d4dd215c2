//! Transactions: batches of one partition key, all or nothing.

use tokio::time::Instant;

use super::Container;
use crate::batch::{Batch, Outcome, Weighed, parse, weigh};
use crate::failure::Failure;
use crate::verdict::{Came, Next, Route, SoFar, after, leaves_open};

impl Container {
    /// Runs a batch: all of it happens or nothing, in one round trip.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`crate::Why`].
    pub async fn execute(&self, batch: Batch) -> Result<Outcome, Failure> {
        if batch.is_empty() {
            return Ok(Outcome::Done(Vec::new()));
        }
        let operations = batch.len();
        let request = batch.into_request(&self.at)?;
        let how = (Route::Key, request.repeat);
        let started = Instant::now();
        let (mut attempts, mut open) = (0, false);
        loop {
            let sent = self.send(&request).await;
            let reply = sent.map_err(|failed| Failure { open: open || failed.open, ..failed })?;
            attempts += 1;
            open |= reply.open;
            let (at, refusal) = match weigh(parse(&reply.body, operations)?) {
                Weighed::Done(steps) => return Ok(Outcome::Done(steps)),
                Weighed::Refused { at, refusal } => (at, refusal),
            };
            open |= leaves_open(&refusal);
            // Token and caches are the business of the request, which was answered.
            let (elapsed, jitter) = (started.elapsed(), fastrand::f64());
            let so_far = SoFar { attempts, elapsed, renewed: true, by_token: false, jitter };
            match after(Came::Refusal(&refusal), how, so_far, self.client.patience()) {
                Next::Again(pause) | Next::Elsewhere(pause) | Next::AskAccount(pause) => {
                    tokio::time::sleep(pause).await;
                }
                Next::Renew | Next::Stop => {
                    return Ok(Outcome::Refused { at, failure: Failure::refused(refusal, open) });
                }
            }
        }
    }
}
