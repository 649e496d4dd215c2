//! One round: the whole guarantee, and the only path of an event to the broker.
//!
//! 1. Sort what came in: pending events by order, in sequence. What is published already, this
//!    relay's own marks among it, is remembered and causes nothing.
//! 2. An order's events go straight from the page only if they join on to what is known as
//!    published. Otherwise the store says what is unpublished: one query, at most one an order.
//! 3. Publish: an order's events in one batch, the orders side by side. What is refused for its
//!    content is parked and holds what is behind it.
//! 4. Mark what was settled and what was parked, all orders in one call.
//! 5. Anything left open fails the round, so that it is tried again. Parked is not open.
//!
//! **Order inside a process**: rounds take turns on an order (`Turns`) from looking it up to the
//! last answer of the broker; what was settled is remembered before the turn ends.
//!
//! **Order across processes**: two relays may hold the same order at once, one of them long
//! presumed dead. Each sends only runs that join on to a published event, or start at the first
//! unpublished one, and each run in sequence. So whatever a relay sends late was either never
//! sent, and then nobody could go past it, or is a repeat of the same message id, which duplicate
//! detection drops. What remains is one first delivery of each event, in sequence, and a session
//! keeps that sequence for its consumer.

mod report;

use crate::decide::marks::marks;
use crate::decide::{Course, Effect, Outcome, Page, Parked, Said, Sent, Source};
use crate::memory::Memory;
use crate::turns::Turns;
use domain::ports::{Mark, Outbox, Publisher};
use domain::{Fault, Key, Reading, Timestamp};
use futures_util::{StreamExt, stream};
use report::Tally;
pub use report::{RoundFault, RoundReport};
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tracing::instrument;

/// How long a round publishes before it marks what is settled: longer than the minute after which
/// a publisher gives one batch up, so that a hanging order does not keep the others from their
/// marks.
const PUBLISH_TIME_MAX: Duration = Duration::from_secs(75);

/// How long a round may take. The Functions host ends the whole process after `functionTimeout`
/// (5 minutes in host.json), and every other invocation with it, so this stays far below.
pub const ROUND_TIME_MAX: Duration = Duration::from_mins(2);

/// A relay between a store and a broker.
#[derive(Debug)]
pub struct Relay<O, P> {
    outbox: O,
    publisher: P,
    limits: Limits,
    memory: Memory,
    turns: Turns,
}

/// What a relay is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a processed event is kept.
    pub retention: Duration,
    /// How many orders a round works on side by side.
    pub in_flight: usize,
}

impl<O: Outbox, P: Publisher> Relay<O, P> {
    /// A relay that remembers nothing yet.
    pub fn new(outbox: O, publisher: P, limits: Limits) -> Self {
        Self { outbox, publisher, limits, memory: Memory::default(), turns: Turns::default() }
    }

    /// The store.
    pub const fn outbox(&self) -> &O {
        &self.outbox
    }

    /// The broker.
    pub const fn publisher(&self) -> &P {
        &self.publisher
    }

    /// One round over what was read. May be dropped at any point: that is a crash.
    ///
    /// # Errors
    ///
    /// [`RoundFault`] where anything was left open: give it the same again, later.
    #[instrument(skip_all, fields(readings = readings.len(), ?source))]
    pub async fn round(
        &self,
        readings: Vec<Reading>,
        source: Source,
        now: Timestamp,
    ) -> Result<RoundReport, RoundFault> {
        let page = match source {
            Source::Feed | Source::Store => Page::sort(readings),
            Source::Replay => Page::sort_for_replay(readings),
        };
        let mut tally = Tally::new(&page.unreadable);
        let due = self.publish(page.orders, source, now, &mut tally).await;
        // INVARIANT(publish-before-mark): for all that is due the broker has answered by now.
        self.mark(due, &mut tally).await;
        tally.end()
    }

    /// [`Relay::round`], given up after [`ROUND_TIME_MAX`].
    ///
    /// # Errors
    ///
    /// Those of [`Relay::round`], and when it took too long.
    pub async fn round_in_time(
        &self,
        readings: Vec<Reading>,
        source: Source,
        now: Timestamp,
    ) -> Result<RoundReport, RoundFault> {
        let round = timeout(ROUND_TIME_MAX, self.round(readings, source, now));
        round.await.unwrap_or_else(|_| Err(RoundFault::late()))
    }

    /// Takes every order as far as it gets; returns the marks that are due.
    async fn publish(
        &self,
        orders: BTreeMap<Key, Said>,
        source: Source,
        now: Timestamp,
        tally: &mut Tally,
    ) -> Vec<Mark> {
        let (mut due, count) = (Vec::new(), orders.len());
        let carried = stream::iter(orders)
            .map(|(key, said)| self.carry(key, said, source))
            .buffer_unordered(self.limits.in_flight)
            .take_until(sleep(PUBLISH_TIME_MAX));
        let mut carried = pin!(carried);
        while let Some((key, outcome, fault)) = carried.next().await {
            tally.order(&outcome, fault);
            match (source, outcome.parked) {
                (Source::Replay, None) => {}
                // It was taken once, and is marked: whoever wants it again has to know.
                (Source::Replay, Some(Parked { sequence, reason })) => {
                    let reason = format!("{key}.{sequence}: {reason}");
                    tally.open(Fault::Rejected { reason });
                }
                (Source::Feed | Source::Store, parked) => {
                    let outcome = Outcome { parked, ..outcome };
                    due.extend(marks(&key, outcome, now, self.limits.retention));
                }
            }
        }
        tally.unfinished(count);
        due
    }

    /// Takes one order as far as it gets.
    async fn carry(&self, key: Key, said: Said, source: Source) -> (Key, Outcome, Option<Fault>) {
        // INVARIANT(in-order-per-order): no other round of this process sends of it meanwhile.
        let turn = self.turns.take(&key).await;
        let known = self.memory.learn(&key, &said);
        let mut course = Course::start(said, known, source);
        let fault = self.follow(&key, &mut course).await.err();
        let outcome = course.end();
        self.memory.conclude(&key, &outcome);
        drop(turn);
        (key, outcome, fault)
    }

    /// Does what the course asks for, and tells it what came of it.
    async fn follow(&self, key: &Key, course: &mut Course) -> Result<(), Fault> {
        loop {
            match course.next() {
                Effect::Rest => return Ok(()),
                Effect::Read => {
                    let entries = self.outbox.unpublished(key).await?;
                    course.read(entries);
                }
                Effect::Publish(events) => {
                    let count = events.len();
                    let (sent, fault) = Sent::of(self.publisher.publish(events).await, count);
                    let settled = course.sent(sent);
                    self.memory.settle(key, &settled);
                    fault.map_or(Ok(()), Err)?;
                }
            }
        }
    }

    async fn mark(&self, due: Vec<Mark>, tally: &mut Tally) {
        if due.is_empty() {
            return;
        }
        let sent = due.clone();
        let mut answers = self.outbox.mark(sent).await.into_iter();
        for mark in &due {
            // A store that answers less than it was asked has left the rest open.
            match answers.next().unwrap_or_else(|| Err(unanswered())) {
                Ok(_) => {
                    self.memory.mark(&mark.event);
                    tally.marked(mark);
                }
                Err(fault) => tally.open(fault),
            }
        }
    }
}

fn unanswered() -> Fault {
    Fault::Unanswered("the store answered fewer marks than it was given".into())
}
