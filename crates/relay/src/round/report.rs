//! What a round did, counted and said in the log.

use crate::decide::{Outcome, Unreadable};
use domain::Fault;
use domain::ports::{Mark, MarkAs};
use std::fmt;
use std::ops::AddAssign;
use tracing::{debug, warn};

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundReport {
    /// Events that the broker settled.
    pub published: usize,
    /// Events whose processed mark stands now.
    pub marked: usize,
    /// Events that were parked.
    pub parked: usize,
    /// Pending events that wait behind a parked one.
    pub held: usize,
    /// Documents that say they are events and cannot be read.
    pub unreadable: usize,
}

/// A round left something open: try the same again.
#[derive(Debug, thiserror::Error)]
#[error("{open} of the round's orders and marks left open")]
pub struct RoundFault {
    /// What the round did all the same.
    pub report: RoundReport,
    /// How many orders and marks it left open.
    pub open: usize,
    /// Why, for the first of them.
    #[source]
    pub fault: Fault,
}

impl RoundFault {
    pub(super) fn late() -> Self {
        let fault = Fault::Unanswered("the round took too long".into());
        Self { report: RoundReport::default(), open: 1, fault }
    }
}

/// Counts what a round does, and says it in the log.
#[derive(Default)]
pub(super) struct Tally {
    report: RoundReport,
    orders: usize,
    open: usize,
    fault: Option<Fault>,
}

impl Tally {
    pub(super) fn new(unreadable: &[Unreadable]) -> Self {
        for Unreadable { id, reason } in unreadable {
            warn!(id, reason, "document skipped: says it is an event and cannot be read");
        }
        let report = RoundReport { unreadable: unreadable.len(), ..RoundReport::default() };
        Self { report, ..Self::default() }
    }

    /// Of this many orders, those that did not come to an end are open.
    pub(super) fn unfinished(&mut self, orders: usize) {
        for _ in self.orders..orders {
            self.open(Fault::Unanswered("the broker took too long".into()));
        }
    }

    pub(super) fn order(&mut self, outcome: &Outcome, fault: Option<Fault>) {
        self.orders += 1;
        self.report.published += outcome.settled.len();
        self.report.held += outcome.held;
        if let Some(fault) = fault {
            self.open(fault);
        }
    }

    pub(super) fn marked(&mut self, mark: &Mark) {
        match &mark.verdict {
            MarkAs::Processed { .. } => self.report.marked += 1,
            MarkAs::Parked { reason } => {
                self.report.parked += 1;
                warn!(event = %mark.event, reason, "event parked: the broker will never take it");
            }
        }
    }

    pub(super) fn open(&mut self, fault: Fault) {
        self.open += 1;
        self.fault.get_or_insert(fault);
    }

    pub(super) fn end(self) -> Result<RoundReport, RoundFault> {
        let Self { report, orders, open, fault } = self;
        let RoundReport { published, marked, parked, held, unreadable } = report;
        debug!(orders, published, marked, parked, held, unreadable, open, "round");
        match fault {
            None => Ok(report),
            Some(fault) => Err(RoundFault { report, open, fault }),
        }
    }
}

impl AddAssign for RoundReport {
    fn add_assign(&mut self, other: Self) {
        let Self { published, marked, parked, held, unreadable } = other;
        self.published += published;
        self.marked += marked;
        self.parked += parked;
        self.held += held;
        self.unreadable += unreadable;
    }
}

impl fmt::Display for RoundReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { published, marked, parked, held, unreadable } = self;
        write!(
            f,
            "published {published}, marked {marked}, parked {parked}, held {held}, \
             unreadable {unreadable}"
        )
    }
}
