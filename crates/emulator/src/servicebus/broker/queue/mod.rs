//! One queue, subscription or dead-letter subqueue: its messages, locks, sessions and deadlines.
//!
//! Nothing here scans the backlog: taking, settling and expiring cost O(log n). What concerns
//! others (dead letters, due scheduled messages, consumers to wake) waits in the [`Outbox`] until
//! the broker has taken it.

mod browse;
mod due;
mod listing;
mod record;
mod sessions;
mod settle;
mod take;

pub(crate) use browse::Part;
pub(super) use record::{Notes, RowOfEntry};
pub(crate) use sessions::{Claim, Hold};
pub(crate) use take::{Delivery, Mode};

use super::{
    effect::{ConsumerId, Effect},
    later,
    lock::Lock,
    schedule::{Schedule, Scheduled},
};
use crate::servicebus::{message::Message, topology::Settings};
use due::Due;
use jiff::Timestamp;
use sessions::Sessions;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
    sync::Arc,
};

/// The messages of one queue, subscription or dead-letter subqueue.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Its path, as it was configured.
    pub(crate) name: Arc<str>,
    /// How it behaves.
    pub(crate) settings: Settings,
    /// Messages that become visible later.
    pub(crate) schedule: Schedule,
    entries: BTreeMap<i64, Entry>,
    /// What can be received now, if it has no sessions.
    ready: BTreeSet<i64>,
    sessions: Sessions,
    due: BTreeSet<(Timestamp, Due)>,
    /// Consumers with credit left, each at most once.
    waiting: VecDeque<ConsumerId>,
    last_sequence: i64,
    deferred: usize,
    /// Bytes of the messages in `entries` and of the states of sessions.
    size: u64,
    outbox: Outbox,
    notes: Notes,
}

/// A message in this queue.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The message, shared with other subscriptions of its topic.
    pub(crate) message: Arc<Message>,
    /// When it was enqueued.
    pub(crate) enqueued: Timestamp,
    /// Its number where it was first enqueued.
    pub(crate) enqueued_sequence: i64,
    /// Failed deliveries so far.
    pub(crate) delivery_count: u32,
    /// Where it was dead-lettered, if it was forwarded from there.
    pub(crate) source: Option<Arc<str>>,
    expires: Option<Timestamp>,
    lock: Option<Lock>,
    deferred: bool,
}

/// What a queue leaves for the broker to do.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Messages for the dead-letter subqueue.
    pub(crate) dead: Vec<DeadLetter>,
    /// Scheduled messages that are due.
    pub(crate) activated: Vec<Scheduled>,
    /// Consumers to tell.
    pub(crate) effects: Vec<Effect>,
}

/// A message on its way to the dead-letter subqueue.
#[derive(Debug)]
pub(crate) struct DeadLetter {
    /// Its number, which it keeps.
    pub(crate) sequence: i64,
    /// The message.
    pub(crate) entry: Entry,
    /// Becomes `DeadLetterReason`.
    pub(crate) reason: Option<String>,
    /// Becomes `DeadLetterErrorDescription`.
    pub(crate) description: Option<String>,
}

/// How many messages a queue holds, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// To be received now or locked.
    pub(crate) active: usize,
    /// To become visible later.
    pub(crate) scheduled: usize,
    /// To be had by sequence number only.
    pub(crate) deferred: usize,
    /// Sessions with messages, state or a holder.
    pub(crate) sessions: usize,
}

impl Entry {
    /// Whether its time is over.
    fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Queue {
    /// An empty queue.
    pub(crate) fn new(name: &str, settings: Settings) -> Self {
        Self {
            name: Arc::from(name),
            settings,
            schedule: Schedule::default(),
            entries: BTreeMap::new(),
            ready: BTreeSet::new(),
            sessions: Sessions::default(),
            due: BTreeSet::new(),
            waiting: VecDeque::new(),
            last_sequence: 0,
            deferred: 0,
            size: 0,
            outbox: Outbox::default(),
            notes: Notes::default(),
        }
    }

    /// The next sequence number.
    pub(crate) fn next_sequence(&mut self) -> i64 {
        self.last_sequence += 1;
        self.last_sequence
    }

    /// Puts a message at the end. `enqueued_sequence` is its number in the topic it came through.
    pub(crate) fn enqueue(
        &mut self,
        message: Arc<Message>,
        enqueued_sequence: Option<i64>,
        source: Option<Arc<str>>,
        now: Timestamp,
    ) {
        let sequence = self.next_sequence();
        let life = [message.time_to_live, self.settings.time_to_live].into_iter().flatten().min();
        let message = if life == message.time_to_live {
            message
        } else {
            // Receivers are told the life that counts.
            Arc::new(Message { time_to_live: life, ..Message::clone(&message) })
        };
        let entry = Entry {
            enqueued: now,
            enqueued_sequence: enqueued_sequence.unwrap_or(sequence),
            delivery_count: 0,
            source,
            expires: life.map(|life| later(now, life)),
            lock: None,
            deferred: false,
            message,
        };
        self.insert(sequence, entry, now);
    }

    /// Takes in a dead letter under the number it had.
    pub(crate) fn enqueue_dead(&mut self, sequence: i64, entry: Entry, now: Timestamp) {
        self.last_sequence = self.last_sequence.max(sequence);
        let entry = Entry { expires: None, lock: None, deferred: false, ..entry };
        self.insert(sequence, entry, now);
    }

    /// Sends a message that may not enter to the dead-letter subqueue.
    pub(crate) fn refuse(&mut self, message: Arc<Message>, why: (&str, &str), now: Timestamp) {
        let sequence = self.next_sequence();
        let entry = Entry {
            enqueued: now,
            enqueued_sequence: sequence,
            delivery_count: 0,
            source: None,
            expires: None,
            lock: None,
            deferred: false,
            message,
        };
        let (reason, description) = (Some(why.0.to_owned()), Some(why.1.to_owned()));
        self.outbox.dead.push(DeadLetter { sequence, entry, reason, description });
    }

    /// Takes out a message that is to be forwarded, if one has been waiting.
    pub(crate) fn take_forwarded(&mut self) -> Option<Arc<Message>> {
        self.settings.forward_to.as_ref()?;
        let sequence = *self.ready.first()?;
        self.remove(sequence).map(|entry| entry.message)
    }

    /// What has come up for the broker since the last call.
    pub(crate) fn take_outbox(&mut self) -> Outbox {
        mem::take(&mut self.outbox)
    }

    /// How many messages there are.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            active: self.entries.len() - self.deferred,
            scheduled: self.schedule.len(),
            deferred: self.deferred,
            sessions: self.sessions.len(),
        }
    }

    /// Bytes of its messages, scheduled ones too, and of its sessions' states.
    pub(crate) fn size(&self) -> u64 {
        self.size + self.schedule.size()
    }

    /// Forgets every message and session; numbers go on.
    pub(crate) fn clear(&mut self) {
        let last_sequence = self.last_sequence;
        *self = Self { last_sequence, ..Self::new(&self.name, self.settings.clone()) };
    }

    /// Enters a message where it can be received, and wakes whoever waits for it.
    fn insert(&mut self, sequence: i64, entry: Entry, now: Timestamp) {
        if let Some(expires) = entry.expires {
            self.due.insert((expires, Due::Expiry(sequence)));
        }
        let session = self.lane(&entry);
        self.size += entry.message.size();
        self.notes.whole(sequence);
        self.entries.insert(sequence, entry);
        match &session {
            Some(session) => self.sessions.arrived(session, sequence),
            None => {
                self.ready.insert(sequence);
            }
        }
        self.offer(session.as_ref(), now);
    }

    /// Takes a message out, wherever it is.
    fn remove(&mut self, sequence: i64) -> Option<Entry> {
        let entry = self.entries.remove(&sequence)?;
        self.size -= entry.message.size();
        self.notes.state(sequence);
        if let Some(expires) = entry.expires {
            self.due.remove(&(expires, Due::Expiry(sequence)));
        }
        if entry.deferred {
            self.deferred -= 1;
        }
        if let Some(session) = self.lane(&entry) {
            self.sessions.left(&session, sequence);
            return Some(entry);
        }
        self.ready.remove(&sequence);
        if let Some(lock) = entry.lock {
            self.due.remove(&(lock.until, Due::Lock(sequence)));
        }
        Some(entry)
    }

    /// The session whose order this message keeps, if the queue has sessions.
    fn lane(&self, entry: &Entry) -> Option<Arc<str>> {
        let session = entry.message.session.as_ref();
        session.filter(|_| self.settings.requires_session).map(Arc::clone)
    }

    /// Wakes whoever can take what is ready now.
    fn offer(&mut self, session: Option<&Arc<str>>, now: Timestamp) {
        if let Some(session) = session {
            if let Some(consumer) = self.sessions.wake_holder(session) {
                self.outbox.effects.push(Effect::Wake(consumer));
            }
            self.grant_sessions(now);
        } else {
            self.pass_on();
        }
    }

    /// Wakes the next waiting consumer, if anything is ready.
    fn pass_on(&mut self) {
        if !self.ready.is_empty()
            && let Some(consumer) = self.waiting.pop_front()
        {
            self.outbox.effects.push(Effect::Wake(consumer));
        }
    }
}
