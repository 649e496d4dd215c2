//! Deadlines of one queue, all in one ordered set.

use super::{DeadLetter, Queue};
use crate::servicebus::broker::effect::{ConsumerId, Effect};
use jiff::Timestamp;
use std::sync::Arc;

/// Whose deadline it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The lock on a message ends.
    Lock(i64),
    /// A message's time to live is over.
    Expiry(i64),
    /// The lock on a session ends.
    Session(Arc<str>),
    /// A consumer has waited long enough for a session.
    Wait(ConsumerId),
}

impl Queue {
    /// The next instant at which something falls due here.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let first = self.due.first().map(|(at, _)| *at);
        match (first, self.schedule.next()) {
            (Some(due), Some(scheduled)) => Some(due.min(scheduled)),
            (due, scheduled) => due.or(scheduled),
        }
    }

    /// Does everything that has fallen due.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        while let Some((_, scheduled)) = self.schedule.due(now) {
            self.outbox.activated.push(scheduled);
        }
        while self.due.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, due)) = self.due.pop_first() else { return };
            match due {
                Due::Lock(sequence) => self.unlock(sequence, now),
                Due::Expiry(sequence) => self.expire(sequence),
                Due::Session(session) => self.end_session(&session, now),
                Due::Wait(consumer) => {
                    self.sessions.stop_waiting(consumer);
                    self.outbox.effects.push(Effect::SessionWaitOver(consumer));
                }
            }
        }
    }

    /// A lock ended without a settlement, or with an abandon: the delivery has failed.
    pub(super) fn unlock(&mut self, sequence: i64, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        entry.delivery_count += 1;
        if entry.delivery_count < self.settings.deliveries_max {
            self.release(sequence, now);
        } else {
            let description = format!(
                "Message could not be consumed after {} delivery attempts.",
                self.settings.deliveries_max
            );
            self.bury(sequence, "MaxDeliveryCountExceeded", &description);
        }
    }

    /// A lock ended, and what was delivered does not count as such.
    pub(super) fn release(&mut self, sequence: i64, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        let lock = entry.lock.take();
        self.notes.state(sequence);
        let (deferred, expired) = (entry.deferred, entry.is_expired(now));
        if let Some(lock) = lock {
            self.due.remove(&(lock.until, Due::Lock(sequence)));
        }
        if deferred {
            if let Some(session) = self.entries.get(&sequence).and_then(|it| self.lane(it)) {
                self.sessions.set_aside(&session, sequence);
            }
        } else if expired {
            self.expire(sequence);
        } else {
            self.back(sequence, now);
        }
    }

    /// Makes a message available again, at its old place.
    fn back(&mut self, sequence: i64, now: Timestamp) {
        let session = self.entries.get(&sequence).and_then(|entry| self.lane(entry));
        match &session {
            Some(session) => self.sessions.back(session, sequence),
            None => {
                self.ready.insert(sequence);
            }
        }
        self.offer(session.as_ref(), now);
    }

    /// A message's time is over. A locked one stays until its lock ends, a deferred one for good:
    /// it can be peeked at, and not be had any more.
    fn expire(&mut self, sequence: i64) {
        let entry = self.entries.get(&sequence);
        if entry.is_none_or(|entry| entry.lock.is_some() || entry.deferred) {
            return;
        }
        if self.settings.dead_letter_expired {
            self.bury(
                sequence,
                "TTLExpiredException",
                "The message expired and was dead lettered.",
            );
        } else {
            self.remove(sequence);
        }
    }

    /// Takes a message out for the dead-letter subqueue.
    fn bury(&mut self, sequence: i64, reason: &str, description: &str) {
        if let Some(entry) = self.remove(sequence) {
            let (reason, description) = (Some(reason.to_owned()), Some(description.to_owned()));
            self.outbox.dead.push(DeadLetter { sequence, entry, reason, description });
        }
    }
}
