//! Reads one range under its lease: page, invocation, checkpoint, and again.
//!
//! A page is checkpointed when its invocation ended, **also when it failed for good**: as on
//! Azure, only a retry policy of `-1` keeps a failing page from being skipped. What a crash of
//! the host interrupts is not checkpointed and comes again.

use super::{
    Processor, Quiet, TROUBLE_PAUSE, client::Trouble, feed::Page, lease::Lease, store::Written,
};
use crate::functions::{invoke::chain, payload::Payload};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// Why reading a range ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Another host has the lease, or it was deleted.
    Lost,
    /// The range was split or merged.
    Gone,
}

impl End {
    /// How long to wait before looking at the leases again.
    pub(super) fn pause(self) -> Duration {
        match self {
            Self::Lost => TROUBLE_PAUSE,
            Self::Gone => Duration::ZERO,
        }
    }
}

impl Processor {
    /// Reads until the lease or the range is lost. `lease` is owned by this host.
    pub(super) async fn read(self: Arc<Self>, lease: Lease) -> (String, End) {
        let id = lease.id.clone();
        let lease = Mutex::new(lease);
        let end = tokio::select! {
            Err(end) = self.follow(&lease) => end,
            Err(end) = self.renew(&lease) => end,
        };
        tracing::debug!("{}: reading {id} ended: {end:?}", self.function.name);
        (id, end)
    }

    /// Page after page. Only one invocation of a range is under way at a time.
    async fn follow(&self, lease: &Mutex<Lease>) -> Result<Infallible, End> {
        let mut position = lease.lock().await.continuation.clone();
        let token = lease.lock().await.token.clone();
        let mut trouble = Quiet::default();
        loop {
            let page = self.feed.page(&token, position.as_deref()).await;
            let pause = trouble.pause_after(&self.function.name, &page);
            let pause = match page {
                Err(_) => pause,
                Ok(Page::Gone) => return Err(End::Gone),
                Ok(Page::Idle { continuation }) => {
                    position = continuation.or(position);
                    Some(self.trigger.timings.poll)
                }
                Ok(Page::Changes { documents, continuation }) => {
                    self.invoke(&documents).await;
                    self.checkpoint(lease, Some(&continuation)).await?;
                    position = Some(continuation);
                    None
                }
            };
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// Invokes until it succeeds or has failed for good.
    async fn invoke(&self, documents: &str) {
        let payload = Payload::documents(&self.trigger.name, documents);
        if let Err(failure) = self.host.invoker.retried(&self.function, payload).await {
            if self.stop.is_cancelled() {
                // The host is ending, not the function failing: no checkpoint, it comes again.
                return std::future::pending().await;
            }
            let (name, why) = (&self.function.name, chain(&failure));
            tracing::error!("{name} failed, and its page is skipped as on Azure: {why}");
        }
    }

    /// Gives a sign of life until the lease is lost.
    async fn renew(&self, lease: &Mutex<Lease>) -> Result<Infallible, End> {
        loop {
            tokio::time::sleep(self.trigger.timings.renew).await;
            self.checkpoint(lease, None).await?;
        }
    }

    /// Gives a sign of life, and says how far the range is read if that changed.
    async fn checkpoint(&self, lease: &Mutex<Lease>, read_to: Option<&str>) -> Result<(), End> {
        let mut lease = lease.lock().await;
        let mut trouble = Quiet::default();
        if let Some(read_to) = read_to {
            lease.continuation = Some(read_to.to_owned());
        }
        loop {
            lease.timestamp = Some(self.host.invoker.clock.now());
            let error = match self.write(&mut lease).await {
                Ok(kept) => return kept,
                Err(error) => error,
            };
            trouble.happened(&self.function.name, &error);
            tokio::time::sleep(TROUBLE_PAUSE).await;
        }
    }

    /// Writes the lease; a conflict means that it is another's.
    ///
    /// A write whose answer was lost looks like another's, too: what counts is the owner.
    async fn write(&self, lease: &mut Lease) -> Result<Result<(), End>, Trouble> {
        loop {
            if let Written::Yes(written) = self.store.replace(lease).await? {
                *lease = *written;
                return Ok(Ok(()));
            }
            let read = self.store.read(&lease.id).await?;
            let Some(read) = read.filter(|read| read.owner.as_ref() == Some(&self.me)) else {
                return Ok(Err(End::Lost));
            };
            lease.etag = read.etag;
        }
    }
}
