//! Peeking: looking at messages without locking them.

use super::{Entry, Queue, take::stamp};
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
        let mut present = self.present(part).peekable();
        let mut scheduled = self.schedule.from(sequence).peekable();
        let both = iter::from_fn(|| {
            let first = present.peek().map(|(sequence, _)| *sequence);
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
            Some((Arc::clone(&entry.message), stamp(sequence, entry, until)))
        });
        both.filter(|(message, _)| session.is_none_or(|id| message.session.as_deref() == Some(id)))
            .take(count)
            .collect()
    }

    /// The enqueued messages to look at: where messages are kept by session, only those of the
    /// session that is asked for.
    fn present(&self, part: Part<'_>) -> Box<dyn Iterator<Item = (i64, &Entry)> + '_> {
        let Part { sequence, count, session } = part;
        match session.filter(|_| self.settings.requires_session) {
            None => Box::new(self.entries.range(sequence..).map(|(at, entry)| (*at, entry))),
            Some(id) => {
                let own = self.sessions.messages(id, sequence, count).into_iter();
                Box::new(own.filter_map(|at| Some((at, self.entries.get(&at)?))))
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servicebus::{broker::Mode, message::sample::Sample, topology::Settings};
    use jiff::Timestamp;

    #[test]
    fn a_peek_in_one_session_looks_at_no_message_of_another() {
        let settings = Settings { requires_session: true, ..Settings::default() };
        let mut queue = Queue::new("q", settings);
        let now = Timestamp::UNIX_EPOCH;
        for n in 0..1_000 {
            let session = if n % 250 == 0 { "own" } else { "other" };
            let message = Sample::new(&n.to_string()).session(session).message();
            queue.enqueue(Arc::new(message), None, None, now);
        }
        queue.take(Some(&Arc::from("own")), Mode::PeekLock, 1, now);
        let part = Part { sequence: 1, count: 100, session: Some("own") };
        let numbers: Vec<i64> = queue.present(part).map(|(sequence, _)| sequence).collect();
        assert_eq!(numbers, [1, 251, 501, 751]);
        assert_eq!(queue.peek(Part { sequence: 252, count: 1, ..part }).len(), 1);
    }
}
