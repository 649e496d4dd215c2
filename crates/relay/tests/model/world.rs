//! The world that relays work in: a store with its feed and one lease, a broker that knows repeats
//! inside a window, and what is on the wire between them.

use crate::relay::Relay;
use domain::{Entry, Envelope, EventState, Json, Key, Reading, Sequence, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// An event: which order, and its sequence.
pub(crate) type Id = (char, u32);

/// Everything there is, at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) store: BTreeMap<Id, Document>,
    /// How often the store was written.
    pub(crate) lsn: u32,
    pub(crate) broker: Broker,
    pub(crate) lease: Lease,
    pub(crate) relays: Vec<Relay>,
    pub(crate) wire: Vec<Packet>,
    pub(crate) left: Budget,
}

/// An event at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Document {
    pub(crate) state: State,
    /// The write that left it as it is: its place in the feed.
    pub(crate) lsn: u32,
}

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum State {
    Pending,
    Processed,
    Parked,
    Skipped,
    /// Its time to live ran out.
    Expired,
}

/// A topic with duplicate detection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Broker {
    /// What consumers see, in the order they see it.
    pub(crate) visible: Vec<Id>,
    /// The ids that it would drop.
    pub(crate) window: BTreeSet<Id>,
    /// What it refuses for its content.
    pub(crate) poison: Option<Id>,
}

/// Who reads the feed, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) owner: Option<usize>,
    pub(crate) place: u32,
}

/// A batch of one order that was sent and has not arrived.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Packet {
    pub(crate) events: Vec<Id>,
    /// The relay that waits for the answer, while it does.
    pub(crate) awaited: Option<usize>,
}

/// What may still go wrong, or be done to the relays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Processes that die.
    pub(crate) crashes: u32,
    /// Requests and answers that are lost or late.
    pub(crate) losses: u32,
    /// Leases taken from a living owner.
    pub(crate) thefts: u32,
    /// What an operator does.
    pub(crate) operations: u32,
    /// Ids that the broker forgets.
    pub(crate) forgotten: u32,
    /// Events that are not placed yet.
    pub(crate) to_come: Vec<Id>,
}

impl World {
    /// Writes a document; the feed shows it again.
    pub(crate) fn write(&mut self, id: Id, state: State) {
        self.lsn += 1;
        self.store.insert(id, Document { state, lsn: self.lsn });
    }

    /// Marks an event, if it is still pending.
    pub(crate) fn mark(&mut self, id: Id, state: State) {
        if self.state(id) == Some(State::Pending) {
            self.write(id, state);
        }
    }

    pub(crate) fn state(&self, id: Id) -> Option<State> {
        self.store.get(&id).map(|document| document.state)
    }

    /// The pending events, as a sweep finds them.
    pub(crate) fn pending(&self) -> Vec<Reading> {
        let is_pending = |document: &Document| document.state == State::Pending;
        self.readings(|_, document| is_pending(document))
    }

    /// What the feed shows behind `from` up to `to`: the newest version of each document.
    pub(crate) fn feed(&self, from: u32, to: u32) -> Vec<Reading> {
        self.readings(|_, document| from < document.lsn && document.lsn <= to)
    }

    /// The unpublished events of an order.
    pub(crate) fn unpublished(&self, order: char) -> Vec<Entry> {
        let readings = self.readings(|(of, _), document| {
            *of == order && matches!(document.state, State::Pending | State::Parked)
        });
        let entry = |reading| match reading {
            Reading::Event(entry) => Some(entry),
            Reading::Other | Reading::Unreadable { .. } => None,
        };
        readings.into_iter().filter_map(entry).collect()
    }

    fn readings(&self, is_shown: impl Fn(&Id, &Document) -> bool) -> Vec<Reading> {
        let shown = self.store.iter().filter(|(id, document)| is_shown(id, document));
        shown
            .filter_map(|(id, document)| Some(Reading::Event(entry(*id, document.state)?)))
            .collect()
    }

    /// The same world with its two relays in one order: they are alike, so who is the first of
    /// them does not matter.
    pub(crate) fn canonical(&self) -> Self {
        let looks = |me: usize| {
            let mut hasher = DefaultHasher::new();
            (&self.relays[me], self.lease.owner == Some(me)).hash(&mut hasher);
            self.wire.iter().for_each(|packet| (packet.awaited == Some(me)).hash(&mut hasher));
            hasher.finish()
        };
        let mut world = self.clone();
        if looks(1) < looks(0) {
            let other = |me: usize| 1 - me;
            world.relays.swap(0, 1);
            world.lease.owner = world.lease.owner.map(other);
            world.wire.iter_mut().for_each(|packet| packet.awaited = packet.awaited.map(other));
        }
        world
    }

    /// Numbers the writes anew, so that worlds which differ only in how many versions nobody can
    /// see any more are one.
    pub(crate) fn normalize(&mut self) {
        let mut writes: Vec<u32> = self.store.values().map(|document| document.lsn).collect();
        writes.sort_unstable();
        let rank = |lsn: u32| u32::try_from(writes.partition_point(|write| *write <= lsn)).unwrap();
        self.store.values_mut().for_each(|document| document.lsn = rank(document.lsn));
        self.lsn = rank(self.lsn);
        self.lease.place = rank(self.lease.place);
        for relay in &mut self.relays {
            relay.place = if relay.is_holder { rank(relay.place) } else { 0 };
            if let Some(round) = &mut relay.round {
                round.upto = rank(round.upto);
            }
        }
    }

    /// The next changed document's place, behind `from`.
    pub(crate) fn next_change(&self, from: u32) -> Option<u32> {
        self.store.values().map(|document| document.lsn).filter(|lsn| from < *lsn).min()
    }
}

impl Broker {
    /// Takes a batch whole or not at all; repeats inside the window are dropped.
    pub(crate) fn take(&mut self, batch: &[Id], has_detection: bool) -> bool {
        if batch.iter().any(|event| self.poison == Some(*event)) {
            return false;
        }
        for event in batch {
            if self.window.insert(*event) || !has_detection {
                self.visible.push(*event);
            }
        }
        true
    }
}

pub(crate) fn key(order: char) -> Key {
    order.to_string().parse().unwrap()
}

fn entry((order, sequence): Id, state: State) -> Option<Entry> {
    let state = match state {
        State::Pending => EventState::Pending,
        State::Processed => EventState::Processed { at: Timestamp::UNIX_EPOCH },
        State::Parked => EventState::Parked { at: Timestamp::UNIX_EPOCH, reason: String::new() },
        State::Skipped => EventState::Skipped,
        State::Expired => return None,
    };
    let envelope = Envelope {
        key: key(order),
        sequence: Sequence::new(sequence).unwrap(),
        event_type: "Happened".into(),
        occurred_at: Timestamp::UNIX_EPOCH,
        data: Json::from_valid("{}"),
        traceparent: None,
    };
    Some(Entry { envelope, state })
}
