//! One part of the feed, read until its range is gone or the process is to end.

use super::Shared;
use super::keeper::Hold;
use super::pace::Backoff;
use domain::Fault;
use domain::ports::{Feed, FeedPage, FeedPart, FeedPosition, Outbox, Publisher};
use std::time::Duration;
use tracing::{info, warn};

/// Reads one part, page by page, each through a round.
pub(super) struct Reader<'a, O, P, F, L> {
    shared: &'a Shared<O, P, F, L>,
    hold: &'a Hold,
    part: FeedPart,
    position: FeedPosition,
    backoff: Backoff,
    pause: Duration,
}

/// How a reader ended.
pub(super) enum Ended {
    /// The range was split or merged.
    Gone,
    /// It was told to.
    Stopped,
}

enum Read {
    Page { had_work: bool },
    Gone,
}

impl<'a, O: Outbox, P: Publisher, F: Feed, L> Reader<'a, O, P, F, L> {
    pub(super) fn new(
        shared: &'a Shared<O, P, F, L>,
        part: FeedPart,
        from: FeedPosition,
        hold: &'a Hold,
    ) -> Self {
        let (backoff, pause) = (Backoff::default(), Duration::ZERO);
        Self { shared, hold, part, position: from, backoff, pause }
    }

    pub(super) async fn run(mut self) -> Ended {
        let expire = self.shared.alone.timing.expire;
        while !self.shared.stop.is_told() {
            tokio::select! {
                biased;
                () = self.shared.stop.told() => break,
                () = self.hold.is_sure(expire) => {}
            }
            match self.read().await {
                Ok(Read::Gone) => return Ended::Gone,
                Ok(Read::Page { had_work }) => self.went_well(had_work),
                Err(fault) => self.failed(&fault),
            }
            self.shared.wait(self.pause).await;
        }
        Ended::Stopped
    }

    /// Reads a page and takes it through a round; only then goes past it.
    async fn read(&mut self) -> Result<Read, Fault> {
        let page = self.shared.feed.next(&self.part, &self.position).await?;
        let (readings, continuation) = match page {
            FeedPage::Gone => return Ok(Read::Gone),
            FeedPage::Read { readings, continuation } => (readings, continuation),
        };
        let had_work = !readings.is_empty();
        if had_work {
            let now = (self.shared.clock)();
            self.shared.app.page(readings, now).await.map_err(|round| round.fault)?;
        }
        self.hold.advance(continuation.clone());
        let was = std::mem::replace(&mut self.position, FeedPosition::After(continuation));
        if was == FeedPosition::Now {
            // What was written before this place is for the sweep to find.
            self.shared.signals.catch_up.notify_one();
        }
        Ok(Read::Page { had_work })
    }

    fn went_well(&mut self, had_work: bool) {
        if let Some(recovered) = self.backoff.end() {
            info!("reading the feed {recovered}");
            self.pause = Duration::ZERO;
        }
        self.pause = self.shared.alone.poll.after(self.pause, had_work);
    }

    fn failed(&mut self, fault: &Fault) {
        self.pause = self.backoff.after(fault, fastrand::u32(..));
        if let Some(news) = self.backoff.news(fault) {
            warn!(retry_in = ?self.pause, "page failed, will be read again: {news}");
        }
    }
}
