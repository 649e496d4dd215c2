//! Keeps one lease: says up to where its part was read, gives signs of life, and notices when it
//! was lost. The only writer of a lease as long as this relay holds it.

use super::Timing;
use super::pace::Backoff;
use crate::decide::leases::conflict::{Loss, Verdict, after_change};
use domain::ports::{Lease, Leases, Written};
use domain::{Fault, Timestamp};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::warn;

/// Pages come faster than a lease needs to be written: what is not written yet is only repeated.
const CHECKPOINT_PAUSE: Duration = Duration::from_secs(1);

/// What the reader of a part and the keeper of its lease tell each other.
#[derive(Debug)]
pub(super) struct Hold {
    /// Up to where the part was read: behind a round that succeeded, and never further.
    progress: watch::Sender<Option<String>>,
    /// When the store last took a write of the lease.
    confirmed: watch::Sender<Instant>,
}

/// Keeps one lease.
pub(super) struct Keeper<'a, L> {
    pub(super) leases: &'a L,
    pub(super) lease: Lease,
    pub(super) hold: &'a Hold,
    pub(super) timing: Timing,
    pub(super) me: &'a str,
    pub(super) clock: fn() -> Timestamp,
}

/// What came of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// The lease is mine still.
    Yes,
    /// It is not.
    Lost(Loss),
}

impl Hold {
    /// A lease that was just taken.
    pub(super) fn new(lease: &Lease) -> Self {
        let progress = watch::Sender::new(lease.continuation.clone());
        Self { progress, confirmed: watch::Sender::new(Instant::now()) }
    }

    /// The part was read up to here, and what was read is out.
    pub(super) fn advance(&self, continuation: String) {
        // INVARIANT(publish-before-mark): a lease, too, is moved only behind what was published.
        self.progress.send_if_modified(|at| {
            let is_new = at.as_ref() != Some(&continuation);
            *at = Some(continuation);
            is_new
        });
    }

    /// Waits while the lease may have run out: a relay that slept longer than its lease must hear
    /// that it is still its own before it goes on.
    pub(super) async fn is_sure(&self, expire: Duration) {
        let mut confirmed = self.confirmed.subscribe();
        let _ = confirmed.wait_for(|at| at.elapsed() < expire).await;
    }
}

impl<L: Leases> Keeper<'_, L> {
    /// Keeps the lease until it is lost.
    pub(super) async fn keep(&mut self) -> Loss {
        let mut progress = self.hold.progress.subscribe();
        let mut due = Instant::now() + self.timing.renew / 2;
        loop {
            tokio::select! {
                biased;
                () = sleep_until(due) => {}
                _ = progress.changed() => {
                    let last = *self.hold.confirmed.borrow();
                    sleep_until((last + CHECKPOINT_PAUSE).min(due)).await;
                }
            }
            progress.mark_unchanged();
            if let Kept::Lost(loss) = self.persist().await {
                return loss;
            }
            due = Instant::now() + self.timing.renew;
        }
    }

    /// Writes the lease, again and again while the store is in trouble, as long as it lives.
    async fn persist(&mut self) -> Kept {
        let mut backoff = Backoff::default();
        loop {
            let fault = match self.save().await {
                Ok(kept) => {
                    backoff.recover("keeping the lease");
                    return kept;
                }
                Err(fault) => fault,
            };
            let ends = *self.hold.confirmed.borrow() + self.timing.expire;
            if ends <= Instant::now() {
                return Kept::Lost(Loss::Unconfirmed);
            }
            let pause = backoff.after(&fault, fastrand::u32(..));
            if let Some(news) = backoff.news(&fault) {
                warn!(retry_in = ?pause, "cannot write the lease: {news}");
            }
            sleep(pause.min(ends - Instant::now())).await;
        }
    }

    /// Writes the lease once, with all that was read by now.
    pub(super) async fn save(&mut self) -> Result<Kept, Fault> {
        let mut tries = 0;
        loop {
            let sent_at = Instant::now();
            self.lease.continuation.clone_from(&self.hold.progress.borrow());
            self.lease.written_at = (self.clock)();
            match self.leases.write(&self.lease).await? {
                Written::Done(tag) => {
                    self.lease.tag = tag;
                    self.hold.confirmed.send_replace(sent_at);
                    return Ok(Kept::Yes);
                }
                Written::Changed => tries += 1,
            }
            let read = self.leases.read(&self.lease.part).await?;
            match after_change(read, self.me, tries) {
                Verdict::Lost(loss) => return Ok(Kept::Lost(loss)),
                // Others may have written what they keep in it; owner and place are ours.
                Verdict::Again(read) => {
                    let Lease { tag, properties, .. } = *read;
                    self.lease = Lease { tag, properties, ..self.lease.clone() };
                }
            }
        }
    }

    /// Gives the lease back, so that the next relay need not wait until it runs out.
    pub(super) async fn release(mut self) -> Result<Kept, Fault> {
        self.lease.owner = None;
        self.save().await
    }
}
