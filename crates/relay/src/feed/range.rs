//! One range of the feed, followed until it is gone or the process is to end.

use super::Shared;
use super::pace::Backoff;
use domain::Fault;
use domain::ports::{Feed, FeedPage, FeedPart, FeedPosition, FeedRange, Outbox, Publisher};
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, instrument, warn};

/// Reads one range, page by page, each through a round.
pub(super) struct Reader<O, P, F> {
    shared: Arc<Shared<O, P, F>>,
    range: FeedRange,
    position: FeedPosition,
    backoff: Backoff,
    pause: Duration,
}

/// How a reader ended.
pub(super) enum Ended {
    /// The range was split or merged; it was read up to here.
    Gone { range: FeedRange, at: FeedPosition },
    /// It was told to.
    Stopped,
}

enum Read {
    Page { had_work: bool },
    Gone,
}

impl<O: Outbox, P: Publisher, F: Feed> Reader<O, P, F> {
    pub(super) fn new(shared: Arc<Shared<O, P, F>>, range: FeedRange, from: FeedPosition) -> Self {
        let (backoff, pause) = (Backoff::default(), Duration::ZERO);
        Self { shared, range, position: from, backoff, pause }
    }

    #[instrument(name = "range", skip_all, fields(id = self.range.id))]
    pub(super) async fn run(mut self) -> Ended {
        while !self.shared.stop.is_told() {
            match self.read().await {
                Ok(Read::Gone) => return Ended::Gone { range: self.range, at: self.position },
                Ok(Read::Page { had_work }) => self.went_well(had_work),
                Err(fault) => self.failed(&fault),
            }
            self.shared.wait(self.pause).await;
        }
        Ended::Stopped
    }

    /// Reads a page and takes it through a round; only then goes past it.
    async fn read(&mut self) -> Result<Read, Fault> {
        let part = FeedPart { range: self.range.id.clone(), within: None };
        let page = self.shared.feed.next(&part, &self.position).await?;
        let (readings, continuation) = match page {
            FeedPage::Gone => return Ok(Read::Gone),
            FeedPage::Read { readings, continuation } => (readings, continuation),
        };
        let had_work = !readings.is_empty();
        if had_work {
            let now = (self.shared.clock)();
            self.shared.app.page(readings, now).await.map_err(|round| round.fault)?;
        }
        let was = std::mem::replace(&mut self.position, FeedPosition::After(continuation));
        if was == FeedPosition::Now {
            // What was written before this place is for the sweep to find.
            self.shared.catch_up.notify_one();
        }
        Ok(Read::Page { had_work })
    }

    fn went_well(&mut self, had_work: bool) {
        if let Some(recovered) = self.backoff.end() {
            info!("reading the feed {recovered}");
            self.pause = Duration::ZERO;
        }
        self.pause = self.shared.poll.after(self.pause, had_work);
    }

    fn failed(&mut self, fault: &Fault) {
        self.pause = self.backoff.after(fault, fastrand::u32(..));
        if let Some(news) = self.backoff.news(fault) {
            warn!(retry_in = ?self.pause, "page failed, will be read again: {news}");
        }
    }
}
