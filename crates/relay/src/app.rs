//! A relay at work: its round and its sweep, each within its time, whoever wakes it.

use crate::decide::Source;
use crate::round::{Limits, Relay, RoundFault, RoundReport};
use crate::sweep::{Sweep, SweepFault, SweepReport};
use domain::ports::{Outbox, Publisher};
use domain::{Fault, Reading, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use tracing::info;

/// The relay and its sweep.
#[derive(Debug)]
pub struct App<O, P> {
    relay: Relay<O, P>,
    sweep: Sweep,
    sweep_after: Duration,
    standing: Mutex<Option<Standing>>,
}

/// What to sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Whatever is pending.
    Now,
    /// What is pending for too long.
    InTime,
    /// What is pending for so long that whoever sweeps in time has not done so.
    Late,
}

/// How a relay stands among those that stand alone.
#[derive(Debug)]
pub struct Standing {
    /// What it calls itself.
    pub name: String,
    /// The leases it reads under.
    pub owned: Vec<String>,
    /// How many there are in all.
    pub leases: usize,
    /// Why it cannot look at them, where it cannot.
    pub fault: Option<Fault>,
}

/// Whether each dependency can serve.
#[derive(Debug)]
pub struct Readiness {
    /// The store.
    pub store: Result<(), Fault>,
    /// The broker.
    pub broker: Result<(), Fault>,
    /// What it says of its leases, where it stands alone.
    pub leases: Option<LeaseReadiness>,
}

/// Whether the leases can be looked at, and which are this relay's.
#[derive(Debug)]
pub struct LeaseReadiness {
    /// Whether they can be looked at; if not, why, in words for everybody.
    pub state: Result<(), String>,
    /// What the relay calls itself.
    pub name: String,
    /// The leases it reads under.
    pub owned: Vec<String>,
    /// How many there are in all.
    pub total: usize,
}

impl<O: Outbox, P: Publisher> App<O, P> {
    /// A relay between these two, that sweeps what is pending for longer than `sweep_after`.
    pub fn new(outbox: O, publisher: P, limits: Limits, sweep_after: Duration) -> Self {
        let relay = Relay::new(outbox, publisher, limits);
        Self { relay, sweep: Sweep::default(), sweep_after, standing: Mutex::new(None) }
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

    /// Sweeps what is due, or goes on with the sweep that was begun.
    pub async fn sweep(&self, due: Due, now: Timestamp) -> SweepReport {
        let pending_for = match due {
            Due::Now => Duration::ZERO,
            Due::InTime => self.sweep_after,
            Due::Late => self.sweep_after * LATE,
        };
        let before = now.checked_sub(pending_for).unwrap_or(Timestamp::MIN);
        let report = self.sweep.run(&self.relay, before, now, SWEEP_TIME).await;
        said(&report, now);
        report
    }

    /// Where it stands among those that stand alone.
    pub fn stand(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
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
        let (store, broker) = (store.unwrap_or_else(late), broker.unwrap_or_else(late));
        Readiness { store, broker, leases: self.leases() }
    }

    fn leases(&self) -> Option<LeaseReadiness> {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let Standing { name, owned, leases, fault } = standing.as_ref()?;
        let state = fault.as_ref().map_or(Ok(()), |fault| Err(reason(fault).to_owned()));
        Some(LeaseReadiness { state, name: name.clone(), owned: owned.clone(), total: *leases })
    }
}

/// A fault in words for everybody: the route is anonymous, and causes name hosts and ports.
pub fn reason(fault: &Fault) -> &str {
    match fault {
        Fault::Throttled { .. } => "is busy",
        Fault::Unavailable(_) => "cannot be reached",
        Fault::Unanswered(_) => "does not answer",
        Fault::Misconfigured { problem } => problem,
        Fault::Conflict | Fault::Rejected { .. } => "refuses to be asked",
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

/// How much longer an event may be pending before those sweep it who mostly need not: four more
/// sweeps of the one who does it in time.
const LATE: u32 = 5;

/// How long a dependency may take to say whether it is ready: what probes wait at least.
const READY_TIME_MAX: Duration = Duration::from_secs(5);
