//! Standing alone: a loop over all ranges of the change feed, and the sweep beside it.
//!
//! It starts from now on, and sweeps everything that is pending at once, and again when its place
//! in the feed is known, so that nothing falls between the two. A page that failed is read again, and never
//! passed. A range that was split or merged is followed into its children from where it ended;
//! whatever may have been missed on the way, the sweep after it finds.
//!
//! Reading order: [`plan`] decides which range starts where, [`pace`] how long to wait,
//! `range` follows one range, [`follow`] holds them together.

pub mod pace;
pub mod plan;
mod range;
mod sweeps;

use crate::app::App;
use crate::stop::Stop;
use domain::ports::{Feed, FeedRange, Outbox, Publisher};
use domain::{Chain, Fault, Timestamp};
use pace::{Backoff, Poll};
use plan::Plan;
use range::{Ended, Reader};
use std::sync::Arc;
use std::time::Duration;
use sweeps::sweep_on;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};

/// What all loops share.
#[derive(Debug)]
pub struct Shared<O, P, F> {
    /// The relay.
    pub app: Arc<App<O, P>>,
    /// The feed.
    pub feed: F,
    /// How long to wait between reads.
    pub poll: Poll,
    /// Reads the clock.
    pub clock: fn() -> Timestamp,
    /// Whether the process is to end.
    pub stop: Stop,
    /// Asks for a sweep of everything that is pending.
    pub catch_up: Notify,
}

/// Relays until told to stop. A round in flight is taken to its end.
pub async fn follow<O, P, F>(shared: Arc<Shared<O, P, F>>)
where
    O: Outbox + 'static,
    P: Publisher + 'static,
    F: Feed + 'static,
{
    tokio::join!(read_on(&shared), sweep_on(&shared));
}

async fn read_on<O, P, F>(shared: &Arc<Shared<O, P, F>>)
where
    O: Outbox + 'static,
    P: Publisher + 'static,
    F: Feed + 'static,
{
    let mut plan = Plan::default();
    let mut readers = JoinSet::new();
    while let Some(ranges) = ranges(shared).await {
        for (range, from) in plan.start(ranges) {
            info!(range = range.id, ?from, "following");
            let reader = Reader::new(Arc::clone(shared), range, from);
            readers.spawn(reader.run());
        }
        match readers.join_next().await {
            Some(Ok(Ended::Gone { range, at })) => {
                info!(range = range.id, "range was split or merged");
                plan.end(&range, at);
                shared.catch_up.notify_one();
            }
            Some(Ok(Ended::Stopped)) | None => break,
            Some(Err(panicked)) => {
                error!("a range's reader ended: {}", Chain(&panicked));
                break;
            }
        }
    }
    while readers.join_next().await.is_some() {}
}

/// The ranges of the feed, as soon as there are any; `None` once told to stop.
async fn ranges<O, P, F: Feed>(shared: &Shared<O, P, F>) -> Option<Vec<FeedRange>> {
    let mut backoff = Backoff::default();
    while !shared.stop.is_told() {
        let fault = match shared.feed.ranges().await {
            Ok(ranges) if !ranges.is_empty() => return Some(ranges),
            Ok(_) => Fault::Unavailable("the feed has no ranges".into()),
            Err(fault) => fault,
        };
        let pause = backoff.after(&fault, fastrand::u32(..));
        if let Some(news) = backoff.news(&fault) {
            warn!(retry_in = ?pause, "cannot read the feed's ranges: {news}");
        }
        shared.wait(pause).await;
    }
    None
}

impl<O, P, F> Shared<O, P, F> {
    /// Waits, unless told to stop.
    async fn wait(&self, pause: Duration) {
        let _ = timeout(pause, self.stop.told()).await;
    }
}
