//! The account of one order: which events it must have, and which there are.
//!
//! An order's version says how many events there ever were. Each of them is pending, parked,
//! skipped or processed, or has expired: then it was processed, and longer ago than the retention.
//!
//! INVARIANT(both-or-neither): events 1 to version, no less and no more, and none without an order.

use crate::operate::gaps::Gap;
use cosmos::{Found, Holder, Record};
use domain::{Entry, EventState, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many of what there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) orders: u64,
    /// First events, those that have expired among them.
    pub(super) first: u64,
    pub(super) pending: u64,
    pub(super) parked: u64,
    pub(super) skipped: u64,
    pub(super) processed: u64,
    /// Processed so long ago that they are not kept any more.
    pub(super) expired: u64,
}

/// An event that occurred after this cannot have expired yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizon(Timestamp);

impl Horizon {
    pub(super) fn of(now: Timestamp, retention: Duration) -> Self {
        let at = now.checked_sub(retention).and_then(|at| at.checked_add(CLOCKS_APART));
        Self(at.unwrap_or(Timestamp::MIN))
    }
}

/// The account of one aggregate, and what is wrong with it.
pub(super) fn account(key: &str, found: &[Found], horizon: Horizon) -> (Totals, Vec<String>) {
    let (mut totals, mut wrong) = (Totals::default(), Vec::new());
    let (mut holder, mut there) = (None, BTreeMap::new());
    for one in found {
        match one {
            Found::Aggregate(one) => holder = Some(one),
            Found::Event(record) => match &record.entry {
                Ok(entry) => {
                    there.insert(entry.envelope.sequence.get(), entry);
                    totals.count(entry);
                    wrong.extend(expiring(record, entry));
                }
                Err(why) => wrong.push(format!("{} cannot be read: {why}", record.id)),
            },
            Found::Other => {}
        }
    }
    let Some(holder) = holder else {
        if !there.is_empty() {
            wrong.push(format!("{key} has events and no order"));
        }
        return (totals, wrong);
    };
    totals.orders = 1;
    let unread = u32::try_from(wrong.len()).unwrap_or(u32::MAX);
    totals.first = u64::from(there.contains_key(&1));
    for (sequence, _) in there.range(holder.version.saturating_add(1)..) {
        wrong.push(format!("{key}.{sequence} is beyond the order's version {}", holder.version));
    }
    // Nothing is said of single events where some cannot be read: one of those may be it.
    if unread == 0 {
        missing((key, holder), &there, horizon, (&mut totals, &mut wrong));
    }
    (totals, wrong)
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        let Self { orders, first, pending, parked, skipped, processed, expired } = *other;
        self.orders += orders;
        self.first += first;
        self.pending += pending;
        self.parked += parked;
        self.skipped += skipped;
        self.processed += processed;
        self.expired += expired;
    }

    /// All events there ever were.
    pub(super) const fn events(&self) -> u64 {
        self.pending + self.parked + self.skipped + self.processed + self.expired
    }

    fn count(&mut self, entry: &Entry) {
        match entry.state {
            EventState::Pending => self.pending += 1,
            EventState::Parked { .. } => self.parked += 1,
            EventState::Skipped => self.skipped += 1,
            EventState::Processed { .. } => self.processed += 1,
        }
    }
}

/// The events that are not there: expired, or lost.
fn missing(
    (key, holder): (&str, &Holder),
    there: &BTreeMap<u32, &Entry>,
    horizon: Horizon,
    (totals, wrong): (&mut Totals, &mut Vec<String>),
) {
    let placed_at = holder.placed_at.as_ref().and_then(|placed_at| placed_at.parse().ok());
    for gap in Gap::all(holder.version, there.keys().copied()) {
        // An event is no older than the one before it, and none is older than its order.
        let before = there.range(..gap.first).next_back();
        let not_before: Option<Timestamp> =
            before.map(|(_, entry)| entry.envelope.occurred_at).or(placed_at);
        if not_before.is_some_and(|at| horizon.0 < at) {
            let are = if gap.first == gap.last { "is" } else { "are" };
            wrong.push(format!("{} {are} missing, and too young to have expired", gap.of(key)));
        } else {
            totals.expired += gap.count();
            totals.first += u64::from(gap.first == 1);
        }
    }
}

/// INVARIANT(nothing-pending-expires): a time to live stands only with processed.
fn expiring(record: &Record, entry: &Entry) -> Option<String> {
    let is_kept = matches!(entry.state, EventState::Processed { .. });
    let ttl = record.ttl.filter(|ttl| !is_kept && 0 < *ttl)?;
    Some(format!("{} is {} and expires after {ttl} s", record.id, record.state))
}

/// As far apart as the clocks of api, relay, store and operator may be.
const CLOCKS_APART: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::tests;

    const YOUNG: i64 = 1_790_000_000;
    const OLD: i64 = YOUNG - 30 * 86_400;

    fn order(version: u32, placed: i64) -> Found {
        let placed_at = Some(Timestamp::from_second(placed).unwrap().to_string());
        Found::Aggregate(Holder { key: "o".to_owned(), version, placed_at })
    }

    fn record(id: &str, occurred: i64, state: EventState) -> Record {
        tests::record(id, Timestamp::from_second(occurred).unwrap(), state)
    }

    fn pending(id: &str, occurred: i64) -> Found {
        Found::Event(Box::new(record(id, occurred, EventState::Pending)))
    }

    fn check(found: &[Found], expired: u64, wrong: &[&str]) {
        let now = Timestamp::from_second(YOUNG + 60).unwrap();
        let horizon = Horizon::of(now, Duration::from_hours(7 * 24));
        let (totals, said) = account("o", found, horizon);
        assert_eq!((totals.expired, said), (expired, wrong.iter().map(|w| (*w).into()).collect()));
    }

    #[test]
    fn both_or_neither_every_event_of_an_order_is_there() {
        check(&[order(2, YOUNG), pending("o.1", YOUNG), pending("o.2", YOUNG)], 0, &[]);
        check(&[pending("o.1", YOUNG)], 0, &["o has events and no order"]);
        let beyond = [order(1, YOUNG), pending("o.1", YOUNG), pending("o.2", YOUNG)];
        check(&beyond, 0, &["o.2 is beyond the order's version 1"]);
    }

    #[test]
    fn what_is_too_young_to_have_expired_is_lost() {
        let lost = ["o.1 is missing, and too young to have expired"];
        check(&[order(1, YOUNG)], 0, &lost);
        check(&[order(1, OLD)], 1, &[]);
        let between = [order(3, OLD), pending("o.1", OLD), pending("o.2", YOUNG)];
        check(&between, 0, &["o.3 is missing, and too young to have expired"]);
        check(&[order(2, OLD), pending("o.2", YOUNG)], 1, &[]);
    }

    #[test]
    fn a_version_that_nobody_can_have_counted_to_is_one_line() {
        let lost = ["o.2 to 4294967295 are missing, and too young to have expired"];
        check(&[order(u32::MAX, YOUNG), pending("o.1", YOUNG)], 0, &lost);
        check(&[order(u32::MAX, OLD), pending("o.1", OLD)], 4_294_967_294, &[]);
    }

    #[test]
    fn nothing_pending_expires_or_it_is_named() {
        let mut with_ttl = record("o.1", YOUNG, EventState::Pending);
        with_ttl.ttl = Some(9);
        let found = [order(1, YOUNG), Found::Event(Box::new(with_ttl))];
        check(&found, 0, &["o.1 is pending and expires after 9 s"]);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_not_also_missing() {
        let mut broken = record("o.1", YOUNG, EventState::Pending);
        broken.entry = Err("the state is unknown".to_owned());
        let found = [order(1, YOUNG), Found::Event(Box::new(broken))];
        check(&found, 0, &["o.1 cannot be read: the state is unknown"]);
    }
}
