//! Settling and renewing locks.

use super::{DeadLetter, Queue, due::Due};
use crate::servicebus::{
    broker::{
        later,
        lock::{LockToken, Properties, Settlement},
        refusal::Refusal,
    },
    message::edit_application_properties,
};
use jiff::Timestamp;
use std::sync::Arc;

impl Queue {
    /// Settles the message locked under `token`.
    ///
    /// # Errors
    /// If the lock is not in force.
    pub(crate) fn settle(
        &mut self,
        token: LockToken,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.locked(token)?;
        let sequence = token.sequence;
        match settlement {
            Settlement::Complete => {
                self.remove(sequence);
            }
            Settlement::Abandon(properties) => {
                self.modify(sequence, properties);
                self.unlock(sequence, now);
            }
            Settlement::Release => self.release(sequence, now),
            Settlement::Defer(properties) => {
                self.modify(sequence, properties);
                self.defer(sequence);
            }
            Settlement::DeadLetter { reason, description, properties } => {
                self.modify(sequence, properties);
                if let Some(entry) = self.remove(sequence) {
                    self.outbox.dead.push(DeadLetter { sequence, entry, reason, description });
                }
            }
        }
        Ok(())
    }

    /// Prolongs a lock; returns its new end.
    ///
    /// # Errors
    /// If the lock is not in force.
    pub(crate) fn renew(&mut self, token: LockToken, now: Timestamp) -> Result<Timestamp, Refusal> {
        self.locked(token)?;
        let until = later(now, self.settings.lock);
        let in_session = self.settings.requires_session;
        let Some(entry) = self.entries.get_mut(&token.sequence) else {
            return Err(Refusal::MessageLockLost);
        };
        if let Some(lock) = &mut entry.lock
            && !in_session
        {
            self.due.remove(&(lock.until, Due::Lock(token.sequence)));
            lock.until = until;
            self.due.insert((until, Due::Lock(token.sequence)));
        }
        Ok(until)
    }

    /// Checks that a lock is in force. What has ended was removed by the tick before.
    fn locked(&self, token: LockToken) -> Result<(), Refusal> {
        let entry = self.entries.get(&token.sequence);
        let lock = entry.and_then(|entry| entry.lock);
        if lock.is_some_and(|lock| lock.nonce == token.nonce) {
            return Ok(());
        }
        let session = entry.and_then(|entry| self.lane(entry));
        Err(session.map_or(Refusal::MessageLockLost, |session| {
            Refusal::SessionLockLost(session.to_string())
        }))
    }

    /// Sets application properties.
    fn modify(&mut self, sequence: i64, properties: Properties) {
        if properties.is_empty() {
            return;
        }
        if let Some(entry) = self.entries.get_mut(&sequence) {
            self.size -= entry.message.size();
            entry.message = Arc::new(edit_application_properties(&entry.message, properties));
            self.size += entry.message.size();
            self.notes.whole(sequence);
        }
    }

    /// Sets a message aside. Its delivery count grows too: it will be delivered again.
    fn defer(&mut self, sequence: i64) {
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        let lock = entry.lock.take();
        entry.delivery_count += 1;
        self.notes.state(sequence);
        if !entry.deferred {
            entry.deferred = true;
            self.deferred += 1;
        }
        if let Some(lock) = lock {
            self.due.remove(&(lock.until, Due::Lock(sequence)));
        }
        if let Some(session) = self.entries.get(&sequence).and_then(|entry| self.lane(entry)) {
            self.sessions.set_aside(&session, sequence);
        }
    }
}
