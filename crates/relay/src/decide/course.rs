//! The course of one order through one round: what to do next, and what an answer means.
//!
//! | the broker's answer | what follows |
//! |---|---|
//! | settled the first n | they are to be marked; on with the rest |
//! | refused several for their content | one by one, to find the culprit |
//! | refused a single one | park it; what is behind it is held |
//! | anything else | nothing is known: leave the rest for the next round |

use super::{Known, Said, Source};
use domain::{Entry, Envelope, EventState, Fault, Sequence};
use std::collections::BTreeSet;

/// One order on its way through one round.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Course {
    owed: BTreeSet<Sequence>,
    stage: Stage,
    outcome: Outcome,
}

/// What a course wants done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Read the order's unpublished events; the answer goes to [`Course::read`].
    Read,
    /// Publish the first of these, as many as go together; the answer goes to [`Course::sent`].
    Publish(&'a [Envelope]),
    /// Nothing: see [`Course::end`].
    Rest,
}

/// What came of publishing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sent {
    /// The broker settled this many of them, from the first on.
    Settled(usize),
    /// It refused them for their content and took none.
    Refused(String),
    /// It may have taken them or not.
    Unknown,
}

/// How an order left a round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The events that the broker settled in this round.
    pub settled: Vec<Sequence>,
    /// Those settled in an earlier round, whose mark is still owed.
    pub owed: Vec<Sequence>,
    /// The event that can never be sent.
    pub parked: Option<Parked>,
    /// How many events wait behind a parked one.
    pub held: usize,
    /// Whether the store showed a parked event before what was to be sent.
    pub is_held: Option<bool>,
}

/// An event that can never be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parked {
    /// Which.
    pub sequence: Sequence,
    /// What the broker said, at most [`REASON_CHARS_MAX`] characters of it.
    pub reason: String,
}

/// Long enough for any broker's sentence, short enough to never make a document too large.
pub const REASON_CHARS_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stage {
    Read,
    Send { queue: Vec<Envelope>, is_single: bool },
    Rest,
}

impl Course {
    /// Sets an order on its course, given what the page says and what is known already.
    ///
    /// INVARIANT(in-order-per-order): straight from the page goes only what joins on to what is
    /// known as published, without a gap. All else waits for what the store says. So does an
    /// order that an operator skipped an event of: what was held behind it may go now.
    pub fn start(said: Said, known: Known, source: Source) -> Self {
        if source == Source::Replay {
            let stage = Stage::send(said.pending.into_values().collect(), false);
            return Self { owed: BTreeSet::new(), stage, outcome: Outcome::default() };
        }
        let (owed, fresh): (Vec<_>, Vec<_>) =
            said.pending.into_values().partition(|event| known.owed.contains(&event.sequence));
        let (old, new): (Vec<_>, Vec<_>) =
            fresh.into_iter().partition(|event| event.sequence < known.next());
        let is_doubtful = source == Source::Store && !old.is_empty();
        let stage = if is_doubtful || !said.skipped.is_empty() {
            Stage::Read
        } else if new.is_empty() {
            Stage::Rest
        } else if known.is_held || !joins(known.next(), &new) {
            Stage::Read
        } else {
            Stage::Send { queue: new, is_single: false }
        };
        let owed = owed.iter().map(|event| event.sequence).collect();
        let outcome = Outcome { owed, ..Outcome::default() };
        Self { owed: known.owed, stage, outcome }
    }

    /// What to do next.
    pub fn next(&self) -> Effect<'_> {
        match &self.stage {
            Stage::Read => Effect::Read,
            Stage::Send { queue, is_single: false } => Effect::Publish(queue),
            Stage::Send { queue, is_single: true } => {
                Effect::Publish(queue.get(..1).unwrap_or(queue))
            }
            Stage::Rest => Effect::Rest,
        }
    }

    /// The order's unpublished events as the store holds them: they replace the page's.
    pub fn read(&mut self, mut entries: Vec<Entry>) {
        entries.sort_by_key(|entry| entry.envelope.sequence);
        let is_free = |entry: &Entry| entry.state == EventState::Pending;
        let free = entries.iter().position(|entry| !is_free(entry)).unwrap_or(entries.len());
        // INVARIANT(poison-holds-only-its-order): what is behind a parked event waits for it.
        let behind = entries.split_off(free);
        self.outcome.held = behind.iter().filter(|entry| is_free(entry)).count();
        self.outcome.is_held = Some(!behind.is_empty());
        let (owed, queue): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .map(|entry| entry.envelope)
            .partition(|event| self.owed.contains(&event.sequence));
        self.outcome.owed = owed.iter().map(|event| event.sequence).collect();
        self.stage = Stage::send(queue, false);
    }

    /// What came of publishing. Returns the events that are settled by it.
    pub fn sent(&mut self, sent: Sent) -> Vec<Sequence> {
        let (mut queue, is_single) = match std::mem::replace(&mut self.stage, Stage::Rest) {
            Stage::Send { queue, is_single } => (queue, is_single),
            Stage::Read | Stage::Rest => return Vec::new(),
        };
        match sent {
            Sent::Settled(count) => {
                let rest = queue.split_off(count.min(queue.len()));
                let settled: Vec<_> = queue.iter().map(|event| event.sequence).collect();
                self.outcome.settled.extend(&settled);
                self.stage = Stage::send(rest, is_single);
                return settled;
            }
            Sent::Refused(_) if !is_single && 1 < queue.len() => {
                self.stage = Stage::send(queue, true);
            }
            Sent::Refused(reason) => self.park(&queue, &reason),
            Sent::Unknown => {}
        }
        Vec::new()
    }

    /// How the order left the round: at rest, or wherever a port did not answer.
    pub fn end(self) -> Outcome {
        self.outcome
    }

    fn park(&mut self, queue: &[Envelope], reason: &str) {
        let reason = reason.chars().take(REASON_CHARS_MAX).collect();
        self.outcome.parked =
            queue.first().map(|event| Parked { sequence: event.sequence, reason });
        self.outcome.held += queue.len().saturating_sub(1);
        self.outcome.is_held = Some(true);
    }
}

impl Stage {
    fn send(queue: Vec<Envelope>, is_single: bool) -> Self {
        if queue.is_empty() { Self::Rest } else { Self::Send { queue, is_single } }
    }
}

impl Sent {
    /// Sorts a publisher's answer to `count` events: what it means for them, and the fault if it
    /// means nothing. A count that cannot be is believed in nothing.
    pub fn of(answer: Result<usize, Fault>, count: usize) -> (Self, Option<Fault>) {
        match answer {
            Ok(settled) if (1..=count).contains(&settled) => (Self::Settled(settled), None),
            Ok(settled) => {
                let problem = format!("the publisher says it settled {settled} of {count} events");
                (Self::Unknown, Some(Fault::Unanswered(problem.into())))
            }
            Err(Fault::Rejected { reason }) => (Self::Refused(reason), None),
            Err(
                fault @ (Fault::Throttled { .. }
                | Fault::Unavailable(_)
                | Fault::Unanswered(_)
                | Fault::Conflict
                | Fault::Misconfigured { .. }),
            ) => (Self::Unknown, Some(fault)),
        }
    }
}

/// Whether these events start at `next` and follow each other without a gap.
fn joins(next: Sequence, events: &[Envelope]) -> bool {
    let expected = std::iter::successors(Some(next), |sequence| Some(sequence.next()));
    events.iter().map(|event| event.sequence).zip(expected).all(|(is, must)| is == must)
}

#[cfg(test)]
mod tests;
