//! A relay at work: its round and its sweep, each within its time, whoever wakes it.

use crate::decide::Source;
use crate::round::{Limits, Relay, RoundFault, RoundReport};
use crate::sweep::{Sweep, SweepFault, SweepReport};
use domain::ports::{Outbox, Publisher};
use domain::{Fault, Reading, Timestamp};
use std::time::Duration;
use tokio::time::timeout;
use tracing::info;

/// The relay and its sweep.
#[derive(Debug)]
pub struct App<O, P> {
    relay: Relay<O, P>,
    sweep: Sweep,
    sweep_after: Duration,
}

/// Whether each dependency can serve.
#[derive(Debug)]
pub struct Readiness {
    /// The store.
    pub store: Result<(), Fault>,
    /// The broker.
    pub broker: Result<(), Fault>,
}

impl<O: Outbox, P: Publisher> App<O, P> {
    /// A relay between these two, that sweeps what is pending for longer than `sweep_after`.
    pub fn new(outbox: O, publisher: P, limits: Limits, sweep_after: Duration) -> Self {
        Self { relay: Relay::new(outbox, publisher, limits), sweep: Sweep::default(), sweep_after }
    }

    /// The broker.
    pub const fn publisher(&self) -> &P {
        self.relay.publisher()
    }

    /// Reads one document.
    pub fn read(&self, document: &str) -> Reading {
        self.relay.outbox().read(document)
    }

    /// One round over a page of the feed.
    ///
    /// # Errors
    ///
    /// Those of [`Relay::round_in_time`].
    pub async fn page(
        &self,
        readings: Vec<Reading>,
        now: Timestamp,
    ) -> Result<RoundReport, RoundFault> {
        self.relay.round_in_time(readings, Source::Feed, now).await
    }

    /// Sweeps what is pending for too long, or goes on with the sweep that was begun.
    pub async fn sweep(&self, now: Timestamp) -> SweepReport {
        let before = now.checked_sub(self.sweep_after).unwrap_or(Timestamp::MIN);
        self.sweep_before(before, now).await
    }

    /// Goes on with the sweep that was begun, or sweeps everything that is pending now.
    pub async fn sweep_all(&self, now: Timestamp) -> SweepReport {
        self.sweep_before(now, now).await
    }

    /// The next sweep begins anew.
    pub async fn restart_sweep(&self) {
        self.sweep.restart().await;
    }

    /// Whether store and broker can serve, asked side by side.
    pub async fn ready(&self) -> Readiness {
        let store = timeout(READY_TIME_MAX, self.relay.outbox().ready());
        let broker = timeout(READY_TIME_MAX, self.relay.publisher().ready());
        let (store, broker) = tokio::join!(store, broker);
        Readiness { store: store.unwrap_or_else(late), broker: broker.unwrap_or_else(late) }
    }

    async fn sweep_before(&self, before: Timestamp, now: Timestamp) -> SweepReport {
        let report = self.sweep.run(&self.relay, before, now, SWEEP_TIME).await;
        said(&report, now);
        report
    }
}

/// Says what a sweep found, in the form that alerts and the workbook of `infra/bicep` search for.
/// A sweep that could not ask the store says nothing: that silence is an alert of its own.
fn said(report: &SweepReport, now: Timestamp) {
    let SweepReport { rounds, pending, oldest: _, pages, is_done, fault } = report;
    let RoundReport { published, marked, parked, held, unreadable } = rounds;
    let oldest_age_s = report.oldest_age_s(now);
    if !matches!(fault, Some(SweepFault::Find(_))) {
        info!(
            pending,
            oldest_age_s,
            published,
            marked,
            parked,
            held,
            unreadable,
            pages,
            is_done,
            "outbox swept"
        );
    }
}

fn late<E>(_: E) -> Result<(), Fault> {
    Err(Fault::Unanswered("took too long to say".into()))
}

/// How long a sweep begins pages: with the time of its last one still far below the five minutes
/// after which the host ends the process.
pub const SWEEP_TIME: Duration = Duration::from_secs(40);

/// How long a dependency may take to say whether it is ready: what probes wait at least.
const READY_TIME_MAX: Duration = Duration::from_secs(5);
