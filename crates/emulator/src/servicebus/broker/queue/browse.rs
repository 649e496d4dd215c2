//! Peeking: looking at messages without locking them.

use super::{Queue, take::stamp};
use crate::servicebus::message::{Message, Stamp};
use std::{iter, sync::Arc};

/// Which messages to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    /// From this number on.
    pub(crate) sequence: i64,
    /// So many at most.
    pub(crate) count: usize,
    /// Of this session only, if named.
    pub(crate) session: Option<&'a str>,
}

impl Queue {
    /// The messages of a part, in any state.
    pub(crate) fn peek(&self, part: Part<'_>) -> Vec<(Arc<Message>, Stamp)> {
        let Part { sequence, count, session } = part;
        let mut present = self.entries.range(sequence..).peekable();
        let mut scheduled = self.schedule.from(sequence).peekable();
        let both = iter::from_fn(|| {
            let first = present.peek().map(|(sequence, _)| **sequence);
            let is_scheduled = scheduled
                .peek()
                .is_some_and(|(sequence, _)| first.is_none_or(|first| *sequence < first));
            if is_scheduled {
                let (sequence, it) = scheduled.next()?;
                let stamp = scheduled_stamp(sequence, it.sent);
                return Some((Arc::clone(&it.message), stamp));
            }
            let (sequence, entry) = present.next()?;
            let until = entry.lock.map(|lock| lock.until);
            Some((Arc::clone(&entry.message), stamp(*sequence, entry, until)))
        });
        both.filter(|(message, _)| session.is_none_or(|id| message.session.as_deref() == Some(id)))
            .take(count)
            .collect()
    }
}

/// What the broker says about a message that is not enqueued yet.
fn scheduled_stamp(sequence: i64, sent: jiff::Timestamp) -> Stamp {
    Stamp {
        sequence,
        enqueued_sequence: sequence,
        enqueued: sent,
        delivery_count: 0,
        locked_until: None,
        lock_token: None,
        state: 2,
        dead_letter_source: None,
    }
}
