//! The sweep: finds what is pending for too long, whatever hint was lost.
//!
//! INVARIANT(feed-is-only-a-hint): every pending event is found here, however it came to be missed.

use crate::decide::Source;
use crate::round::{ROUND_TIME_MAX, Relay, RoundFault, RoundReport};
use domain::ports::{Outbox, PendingPage, Publisher};
use domain::{Fault, Reading, Timestamp};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// A sweep through the store, bounded each time it is called: the next call goes on where the
/// last one ended, so that what is held at the front never keeps it from the rest.
#[derive(Debug, Default)]
pub struct Sweep {
    place: Mutex<Option<Place>>,
}

#[derive(Debug, Clone)]
struct Place {
    before: Timestamp,
    cursor: Option<String>,
}

/// What a sweep did.
#[derive(Debug, Default)]
pub struct SweepReport {
    /// What its rounds did.
    pub rounds: RoundReport,
    /// How many events it found pending, those included that it published then.
    pub pending: usize,
    /// When the oldest of them occurred.
    pub oldest: Option<Timestamp>,
    /// How many pages it went through.
    pub pages: usize,
    /// Whether it came to the end of the store: the next one begins anew.
    pub is_done: bool,
    /// Why it ended early. The next one goes on behind it.
    pub fault: Option<SweepFault>,
}

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
pub enum SweepFault {
    /// The store did not say what is pending.
    #[error("cannot find what is pending")]
    Find(#[source] Fault),
    /// A round left something open.
    #[error("a round of the sweep failed")]
    Round(#[source] RoundFault),
}

impl Sweep {
    /// Sweeps what was written at or before `before`, or goes on with the sweep that was begun.
    /// Ends at the first page that fails, since the cause is mostly one for all pages, and begins
    /// no page after `budget`.
    pub async fn run<O: Outbox, P: Publisher>(
        &self,
        relay: &Relay<O, P>,
        before: Timestamp,
        now: Timestamp,
        budget: Duration,
    ) -> SweepReport {
        let mut place = self.place.lock().await;
        let end = Instant::now() + budget;
        let mut report = SweepReport::default();
        while !report.is_done && report.fault.is_none() && Instant::now() < end {
            let at = place.take().unwrap_or(Place { before, cursor: None });
            match find(relay.outbox(), at.clone()).await {
                Err(fault) => {
                    *place = resumed(&fault, at);
                    report.fault = Some(SweepFault::Find(fault));
                }
                Ok(page) => {
                    report.is_done = page.cursor.is_none();
                    *place = page.cursor.map(|cursor| Place { cursor: Some(cursor), ..at });
                    report.found(&page.readings);
                    let round = relay.round_in_time(page.readings, Source::Store, now).await;
                    report.add(round);
                }
            }
        }
        report
    }

    /// The next call begins anew.
    pub async fn restart(&self) {
        *self.place.lock().await = None;
    }
}

impl SweepReport {
    fn found(&mut self, readings: &[Reading]) {
        for reading in readings {
            let Reading::Event(entry) = reading else { continue };
            let occurred = entry.envelope.occurred_at;
            self.pending += 1;
            self.oldest = Some(self.oldest.map_or(occurred, |oldest| oldest.min(occurred)));
        }
    }

    /// How many seconds the oldest event has been pending; 0 where none is.
    pub fn oldest_age_s(&self, now: Timestamp) -> i64 {
        self.oldest.map_or(0, |oldest| now.as_second() - oldest.as_second()).max(0)
    }

    fn add(&mut self, round: Result<RoundReport, RoundFault>) {
        self.pages += 1;
        match round {
            Ok(report) => self.rounds += report,
            Err(fault) => {
                self.rounds += fault.report;
                self.fault = Some(SweepFault::Round(fault));
            }
        }
    }
}

impl SweepFault {
    /// What lies under it.
    pub const fn fault(&self) -> &Fault {
        match self {
            Self::Find(fault) => fault,
            Self::Round(round) => &round.fault,
        }
    }
}

async fn find(outbox: &impl Outbox, at: Place) -> Result<PendingPage, Fault> {
    let found = timeout(ROUND_TIME_MAX, outbox.pending(at.before, at.cursor)).await;
    found.unwrap_or_else(|_| Err(Fault::Unanswered("the query took too long".into())))
}

/// Where to go on: at the same page, or from the front if the store does not know it any more.
fn resumed(fault: &Fault, at: Place) -> Option<Place> {
    match fault {
        Fault::Rejected { .. } | Fault::Conflict => None,
        Fault::Throttled { .. }
        | Fault::Unavailable(_)
        | Fault::Unanswered(_)
        | Fault::Misconfigured { .. } => Some(at),
    }
}
