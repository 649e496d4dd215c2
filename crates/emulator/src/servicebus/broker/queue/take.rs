//! Handing messages out.

use super::{Entry, Queue, due::Due};
use crate::servicebus::{
    broker::{
        effect::ConsumerId,
        later,
        lock::{Lock, LockToken},
        refusal::Refusal,
    },
    message::{Message, Stamp},
};
use jiff::Timestamp;
use std::sync::Arc;

/// Whether a message is locked or gone when it has been handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is locked until it is settled or the lock ends.
    PeekLock,
    /// It is removed at once.
    ReceiveAndDelete,
}

/// A message that was handed out.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// Its lock; also names a delivery that took the message away at once.
    pub(crate) token: LockToken,
    /// The message.
    pub(crate) message: Arc<Message>,
    /// What the broker says about it.
    pub(crate) stamp: Stamp,
}

impl Queue {
    /// The next message for a consumer, which holds `session` if it is to come from one.
    pub(crate) fn take(
        &mut self,
        session: Option<&Arc<str>>,
        mode: Mode,
        nonce: u64,
        now: Timestamp,
    ) -> Option<Delivery> {
        let sequence = match session {
            Some(session) => self.sessions.next_of(session)?,
            None => self.ready.pop_first()?,
        };
        self.hand_out(LockToken { nonce, sequence }, mode, now)
    }

    /// A deferred message, by its number.
    ///
    /// # Errors
    /// If there is no such message, it is locked, or its session is not held by `consumer`.
    pub(crate) fn take_deferred(
        &mut self,
        token: LockToken,
        mode: Mode,
        now: Timestamp,
    ) -> Result<Delivery, Refusal> {
        let missing = Refusal::MessageNotFound(token.sequence);
        self.deferred_one(token.sequence, now)?;
        if let Some(session) = self.entries.get(&token.sequence).and_then(|entry| self.lane(entry))
        {
            self.sessions.lock_one(&session, token.sequence);
        }
        let mut delivery = self.hand_out(token, mode, now).ok_or(missing)?;
        delivery.stamp.lock_token = Some(token.to_uuid());
        Ok(delivery)
    }

    /// Checks that a message is deferred, neither locked nor expired; says which session it is in.
    ///
    /// # Errors
    /// If there is no such message.
    pub(crate) fn deferred_one(
        &self,
        sequence: i64,
        now: Timestamp,
    ) -> Result<Option<Arc<str>>, Refusal> {
        let entry = self.entries.get(&sequence);
        let entry = entry.filter(|it| it.deferred && it.lock.is_none() && !it.is_expired(now));
        entry.map(|entry| self.lane(entry)).ok_or(Refusal::MessageNotFound(sequence))
    }

    /// Notes that a consumer has credit left, or hands the turn to the next one.
    pub(crate) fn taken(&mut self, consumer: ConsumerId, session: Option<&Arc<str>>, wants: bool) {
        match session {
            Some(session) => self.sessions.set_waiting(session, wants),
            None if !wants => self.pass_on(),
            None if !self.waiting.contains(&consumer) => self.waiting.push_back(consumer),
            None => {}
        }
    }

    /// Forgets a consumer that waited for messages; another gets its turn.
    pub(crate) fn stop_waiting(&mut self, consumer: ConsumerId) {
        self.waiting.retain(|waiting| *waiting != consumer);
        self.pass_on();
    }

    /// Locks or removes a message that was chosen.
    fn hand_out(&mut self, token: LockToken, mode: Mode, now: Timestamp) -> Option<Delivery> {
        let sequence = token.sequence;
        match mode {
            Mode::ReceiveAndDelete => {
                let entry = self.remove(sequence)?;
                Some(delivery(token, &entry, None))
            }
            Mode::PeekLock => {
                let until = self.lock_until(sequence, now);
                let in_session = self.settings.requires_session;
                let entry = self.entries.get_mut(&sequence)?;
                entry.lock = Some(Lock { nonce: token.nonce, until });
                self.notes.state(sequence);
                if !in_session {
                    self.due.insert((until, Due::Lock(sequence)));
                }
                Some(delivery(token, entry, Some(until)))
            }
        }
    }

    /// When a lock taken now ends: with its session's, if it has one.
    fn lock_until(&self, sequence: i64, now: Timestamp) -> Timestamp {
        let session = self.entries.get(&sequence).and_then(|entry| self.lane(entry));
        let held = session.and_then(|session| self.sessions.held_until(&session));
        held.unwrap_or_else(|| later(now, self.settings.lock))
    }
}

/// An entry as it is handed out.
fn delivery(token: LockToken, entry: &Entry, locked_until: Option<Timestamp>) -> Delivery {
    Delivery {
        token,
        message: Arc::clone(&entry.message),
        stamp: stamp(token.sequence, entry, locked_until),
    }
}

/// What the broker says about an entry.
pub(super) fn stamp(sequence: i64, entry: &Entry, locked_until: Option<Timestamp>) -> Stamp {
    Stamp {
        sequence,
        enqueued_sequence: entry.enqueued_sequence,
        enqueued: entry.enqueued,
        delivery_count: entry.delivery_count,
        locked_until,
        lock_token: None,
        state: i32::from(entry.deferred),
        dead_letter_source: entry.source.as_ref().map(Arc::clone),
    }
}
