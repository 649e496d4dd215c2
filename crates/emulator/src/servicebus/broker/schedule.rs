//! Messages that become visible later; each has a number by which it can be cancelled.

use super::record::Touched;
use crate::servicebus::message::Message;
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The scheduled messages of one queue or topic.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    by_sequence: BTreeMap<i64, Scheduled>,
    by_time: BTreeSet<(Timestamp, i64)>,
    size: u64,
    touched: Touched<i64, ()>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Scheduled {
    /// When it is due.
    pub(crate) at: Timestamp,
    /// When it was sent.
    pub(crate) sent: Timestamp,
    /// The message.
    pub(crate) message: Arc<Message>,
}

impl Schedule {
    /// Keeps `scheduled` under `sequence`.
    pub(crate) fn add(&mut self, sequence: i64, scheduled: Scheduled) {
        self.by_time.insert((scheduled.at, sequence));
        self.size += scheduled.message.size();
        self.touched.note(&sequence, ());
        self.by_sequence.insert(sequence, scheduled);
    }

    /// Takes it back, if it is still there.
    pub(crate) fn cancel(&mut self, sequence: i64) -> Option<Scheduled> {
        let scheduled = self.by_sequence.remove(&sequence)?;
        self.by_time.remove(&(scheduled.at, sequence));
        self.size -= scheduled.message.size();
        self.touched.note(&sequence, ());
        Some(scheduled)
    }

    /// The one of this number.
    pub(super) fn get(&self, sequence: i64) -> Option<&Scheduled> {
        self.by_sequence.get(&sequence)
    }

    /// Those that came or went since the last call.
    pub(super) fn touched(&mut self) -> &mut Touched<i64, ()> {
        &mut self.touched
    }

    /// Tells everything anew.
    #[cfg(test)]
    pub(super) fn retell(&mut self) {
        self.by_sequence.keys().for_each(|sequence| self.touched.note(sequence, ()));
    }

    /// Whether `sequence` is scheduled.
    pub(crate) fn holds(&self, sequence: i64) -> bool {
        self.by_sequence.contains_key(&sequence)
    }

    /// Takes the next message that is due.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<(i64, Scheduled)> {
        let (at, sequence) = *self.by_time.first()?;
        if now < at {
            return None;
        }
        self.cancel(sequence).map(|scheduled| (sequence, scheduled))
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Bytes of their messages.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_sequence.len()
    }

    /// Those from `sequence` on, in order.
    pub(crate) fn from(&self, sequence: i64) -> impl Iterator<Item = (i64, &Scheduled)> {
        self.by_sequence.range(sequence..).map(|(sequence, scheduled)| (*sequence, scheduled))
    }
}
