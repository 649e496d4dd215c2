//! What was asked of the store and what it charged: counted on every attempt.

use std::sync::atomic::{AtomicU64, Ordering};

/// The kinds of request that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A transactional batch.
    Batch,
    /// A bulk of independent operations on one range.
    Bulk,
    /// One document created.
    Create,
    /// One document read by its id.
    Read,
    /// One document replaced.
    Replace,
    /// One document patched.
    Patch,
    /// One document deleted.
    Delete,
    /// A page of a query.
    Query,
    /// A page of the change feed.
    Feed,
    /// The partition key ranges.
    Ranges,
    /// The definition of a container.
    Container,
    /// The account document.
    Account,
}

/// Counters per kind, cheap enough to sit on every call.
#[derive(Debug, Default)]
pub struct Meter {
    lines: [Line; KINDS.len()],
}

#[derive(Debug, Default)]
struct Line {
    requests: AtomicU64,
    charge_milli: AtomicU64,
    throttled: AtomicU64,
}

/// What the counters of one kind stood at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// The kind.
    pub kind: Kind,
    /// Attempts that went out, repeats included.
    pub requests: u64,
    /// Request units charged for them.
    pub charge: f64,
    /// How many of them were throttled.
    pub throttled: u64,
}

impl Meter {
    /// The counters of one kind.
    pub fn read(&self, kind: Kind) -> Tally {
        let line = self.line(kind);
        let charge_milli = line.charge_milli.load(Ordering::Relaxed);
        Tally {
            kind,
            requests: line.requests.load(Ordering::Relaxed),
            charge: as_units(charge_milli),
            throttled: line.throttled.load(Ordering::Relaxed),
        }
    }

    /// The counters of every kind that was used.
    pub fn tallies(&self) -> Vec<Tally> {
        KINDS.iter().map(|kind| self.read(*kind)).filter(|r| 0 < r.requests).collect()
    }

    /// Attempts over all kinds.
    pub fn requests(&self) -> u64 {
        self.lines.iter().map(|line| line.requests.load(Ordering::Relaxed)).sum()
    }

    /// Request units over all kinds.
    pub fn charge(&self) -> f64 {
        as_units(self.lines.iter().map(|line| line.charge_milli.load(Ordering::Relaxed)).sum())
    }

    pub(crate) fn sent(&self, kind: Kind) {
        self.line(kind).requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self, kind: Kind, charge_milli: u64, throttled: bool) {
        let line = self.line(kind);
        line.charge_milli.fetch_add(charge_milli, Ordering::Relaxed);
        if throttled {
            line.throttled.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "there is a line for every kind, by its type")]
    fn line(&self, kind: Kind) -> &Line {
        &self.lines[kind as usize]
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 9e12 request units")]
fn as_units(milli: u64) -> f64 {
    milli as f64 / 1000.0
}

const KINDS: [Kind; 12] = [
    Kind::Batch,
    Kind::Bulk,
    Kind::Create,
    Kind::Read,
    Kind::Replace,
    Kind::Patch,
    Kind::Delete,
    Kind::Query,
    Kind::Feed,
    Kind::Ranges,
    Kind::Container,
    Kind::Account,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_line() {
        let meter = Meter::default();
        for (n, kind) in (1..).zip(KINDS) {
            (0..n).for_each(|_| meter.sent(kind));
        }
        for (n, kind) in (1..).zip(KINDS) {
            assert_eq!(meter.read(kind).requests, n, "{kind:?}");
        }
        assert_eq!(meter.requests(), 78);
    }

    #[test]
    fn charges_add_up_exactly() {
        let meter = Meter::default();
        meter.sent(Kind::Batch);
        meter.answered(Kind::Batch, 12_570, false);
        meter.sent(Kind::Query);
        meter.answered(Kind::Query, 2_830, true);
        assert!((meter.charge() - 15.4).abs() < 1e-9);
        let expected = Tally { kind: Kind::Query, requests: 1, charge: 2.83, throttled: 1 };
        assert_eq!(meter.tallies().get(1), Some(&expected));
    }
}
