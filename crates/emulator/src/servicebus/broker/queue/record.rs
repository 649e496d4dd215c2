//! How a queue is stored: what was touched since it was last said, and the way back.

use super::{Entry, Queue, due::Due, sessions::Sessions};
use crate::{
    servicebus::{
        broker::record::{MessageRow, Touched, from_nanos, nanos},
        message::Message,
    },
    store::{BadRow, Change, Table, decode, decode_with, encode, encode_with, key},
};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What was touched since the last call of [`Queue::take_changes`].
#[derive(Debug, Default)]
pub(in crate::servicebus::broker) struct Notes {
    /// Whether the message itself has changed, or only what has become of it.
    entries: Touched<i64, bool>,
    sessions: Touched<Arc<str>, ()>,
}

impl Notes {
    /// A message has come, or has been changed.
    pub(super) fn whole(&mut self, sequence: i64) {
        self.entries.note(&sequence, true);
    }

    /// Something has become of a message.
    pub(super) fn state(&mut self, sequence: i64) {
        self.entries.add(&sequence, false);
    }

    /// A session's state has been set.
    pub(super) fn session(&mut self, session: &Arc<str>) {
        self.sessions.note(session, ());
    }
}

/// What has become of a message.
#[derive(Serialize, Deserialize)]
pub(in crate::servicebus::broker) struct RowOfEntry {
    enqueued: i128,
    enqueued_sequence: i64,
    delivery_count: u32,
    source: Option<String>,
    expires: Option<i128>,
    /// Handed out and not settled: if this is the last that is known, the delivery has failed.
    pub(in crate::servicebus::broker) locked: bool,
    deferred: bool,
}

impl Queue {
    /// Notes from now on what is touched.
    pub(in crate::servicebus::broker) fn record(&mut self) {
        self.notes.entries.record();
        self.notes.sessions.record();
        self.schedule.touched().record();
    }

    /// Adds what has changed since the last call; `number` is the queue's in the store.
    pub(in crate::servicebus::broker) fn take_changes(
        &mut self,
        number: u32,
        changes: &mut Vec<Change>,
    ) {
        for (sequence, whole) in self.notes.entries.take() {
            let at = key::two(number, sequence.cast_unsigned());
            let Some(entry) = self.entries.get(&sequence) else {
                changes.push(Change::Delete(Table::Entries, at.clone()));
                changes.push(Change::Delete(Table::Messages, at));
                continue;
            };
            if whole {
                let message = MessageRow::encode(&entry.message);
                changes.push(Change::Put(Table::Messages, at.clone(), message));
            }
            changes.push(Change::Put(Table::Entries, at, encode(&entry.to_row())));
        }
        for (session, ()) in self.notes.sessions.take() {
            changes.push(session_change(number, &session, &self.sessions));
        }
    }

    /// Puts a message back. One that was locked is not to be received until
    /// [`Queue::end_delivery`].
    pub(in crate::servicebus::broker) fn restore(
        &mut self,
        sequence: i64,
        row: RowOfEntry,
        message: Message,
    ) -> Result<(), BadRow> {
        let locked = row.locked;
        let entry = Entry::from_row(row, message)?;
        if let Some(expires) = entry.expires {
            self.due.insert((expires, Due::Expiry(sequence)));
        }
        let (session, waits) = (self.lane(&entry), locked || entry.deferred);
        match &session {
            Some(session) if waits => self.sessions.restore(session, sequence, locked),
            Some(session) => self.sessions.arrived(session, sequence),
            None if waits => {}
            None => {
                self.ready.insert(sequence);
            }
        }
        self.deferred += usize::from(entry.deferred);
        self.size += entry.message.size();
        self.entries.insert(sequence, entry);
        Ok(())
    }

    /// The delivery that was under way when the emulator ended has failed.
    pub(in crate::servicebus::broker) fn end_delivery(&mut self, sequence: i64, now: Timestamp) {
        self.unlock(sequence, now);
    }

    /// Puts a session's state back.
    pub(in crate::servicebus::broker) fn restore_session(
        &mut self,
        session: &str,
        row: &[u8],
    ) -> Result<(), BadRow> {
        let (set, bytes) = decode_with(row)?;
        let bytes = Bytes::copy_from_slice(bytes);
        self.set_session_state(&Arc::from(session), Some(bytes), from_nanos(set)?);
        Ok(())
    }

    /// The last sequence number given.
    pub(in crate::servicebus::broker) fn last_sequence(&self) -> i64 {
        self.last_sequence
    }

    /// Goes on behind this sequence number.
    pub(in crate::servicebus::broker) fn restore_sequence(&mut self, last: i64) {
        self.last_sequence = last;
    }

    /// Tells everything anew.
    #[cfg(test)]
    pub(in crate::servicebus::broker) fn retell(&mut self) {
        for sequence in self.entries.keys() {
            self.notes.entries.note(sequence, true);
        }
        for session in self.session_ids(Some(Timestamp::MIN), (0, usize::MAX)) {
            self.notes.session(&session);
        }
        self.schedule.retell();
    }
}

impl Entry {
    fn to_row(&self) -> RowOfEntry {
        let Self {
            message: _,
            enqueued,
            enqueued_sequence,
            delivery_count,
            source,
            expires,
            lock,
            deferred,
        } = self;
        RowOfEntry {
            enqueued: nanos(*enqueued),
            enqueued_sequence: *enqueued_sequence,
            delivery_count: *delivery_count,
            source: source.as_deref().map(str::to_owned),
            expires: expires.map(nanos),
            locked: lock.is_some(),
            deferred: *deferred,
        }
    }

    fn from_row(row: RowOfEntry, message: Message) -> Result<Self, BadRow> {
        let RowOfEntry {
            enqueued,
            enqueued_sequence,
            delivery_count,
            source,
            expires,
            locked: _,
            deferred,
        } = row;
        Ok(Self {
            message: Arc::new(message),
            enqueued: from_nanos(enqueued)?,
            enqueued_sequence,
            delivery_count,
            source: source.map(Arc::from),
            expires: expires.map(from_nanos).transpose()?,
            lock: None,
            deferred,
        })
    }
}

impl RowOfEntry {
    /// Reads a row.
    pub(in crate::servicebus::broker) fn decode(row: &[u8]) -> Result<Self, BadRow> {
        decode(row)
    }
}

/// What a session's state is now.
fn session_change(number: u32, session: &str, sessions: &Sessions) -> Change {
    let at = key::named(number, session);
    match sessions.state(session) {
        Some((bytes, set)) => Change::Put(Table::Sessions, at, encode_with(&nanos(set), bytes)),
        None => Change::Delete(Table::Sessions, at),
    }
}
