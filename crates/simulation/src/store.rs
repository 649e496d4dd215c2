//! The store: orders with their events, written together; latest versions only.

use crate::broker::Cure;
use crate::fate::Call;
use crate::port::Port;
use crate::ring::Ring;
use crate::world::{State, Wrong};
use domain::order::{Order, OrderEvent};
use domain::ports::{Basis, Mark, MarkAs, Marked, Outbox, PendingPage, Stored as Loaded, Tag};
use domain::{Change, Entry, Envelope, EventId, EventState, Fault, Json, Key, Reading, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// All documents.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) orders: BTreeMap<Key, OrderDocument>,
    pub(crate) events: BTreeMap<EventId, Stored>,
    /// What was last written by each transaction that is still the latest of something.
    pub(crate) log: BTreeMap<u64, Vec<DocumentId>>,
    pub(crate) lsn: u64,
    pub(crate) ring: Ring,
    /// Of a thousand events, how many the broker will refuse.
    pub(crate) poison: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct OrderDocument {
    pub(crate) order: Order,
    lsn: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) entry: Entry,
    pub(crate) ttl: Option<Duration>,
    pub(crate) lsn: u64,
    written_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DocumentId {
    Order(Key),
    Event(EventId),
}

impl DocumentId {
    pub(crate) const fn key(&self) -> &Key {
        match self {
            Self::Order(key) | Self::Event(EventId { key, .. }) => key,
        }
    }
}

impl Store {
    /// A document was written by transaction `lsn`, and last before that by `was`.
    fn logged(&mut self, document: DocumentId, was: Option<u64>, lsn: u64) {
        if let Some(old) = was.and_then(|was| self.log.get_mut(&was)) {
            old.retain(|one| *one != document);
        }
        self.log.entry(lsn).or_default().push(document);
    }
}

impl State {
    fn commit(&mut self, change: Change<Order>, basis: &Basis) -> Result<(), Fault> {
        let (order, events) = change.into_parts();
        let key = order.id.clone();
        let found = self.store.orders.get(&key).map(|document| document.lsn);
        let is_based = match basis {
            Basis::New => found.is_none(),
            Basis::Loaded(Tag(tag)) => found.map(|lsn| lsn.to_string()).as_ref() == Some(tag),
        };
        if !is_based || events.iter().any(|event| self.store.events.contains_key(&event.id())) {
            return Err(Fault::Conflict);
        }
        self.store.lsn += 1;
        let lsn = self.store.lsn;
        self.store.logged(DocumentId::Order(key.clone()), found, lsn);
        self.store.orders.insert(key, OrderDocument { order, lsn });
        if self.wrong == Some(Wrong::TornCommit) && self.happens(100) {
            return Ok(());
        }
        for event in events {
            self.insert(event, lsn);
        }
        Ok(())
    }

    fn insert(&mut self, event: Envelope<OrderEvent>, lsn: u64) {
        let id = event.id();
        let Envelope { key, sequence, event_type, occurred_at, data: _, traceparent } = event;
        let data = Json::from_valid("{}");
        let envelope = Envelope { key, sequence, event_type, occurred_at, data, traceparent };
        let entry = Entry { envelope, state: EventState::Pending };
        let stored = Stored { entry, ttl: None, lsn, written_at: self.now() };
        self.store.logged(DocumentId::Event(id.clone()), None, lsn);
        self.store.events.insert(id.clone(), stored);
        if self.happens(self.store.poison) {
            let cure = [Cure::Release, Cure::Skip, Cure::Never].get(self.rng.usize(0..3)).copied();
            self.note(0, &("poison", &id, cure));
            self.broker.poison.insert(id, cure.unwrap_or(Cure::Never));
        }
    }

    /// Gives an event another state, and looks whether that may be.
    pub(crate) fn write(&mut self, event: &EventId, to: EventState, ttl: Option<Duration>) {
        let (now, lsn) = (self.now(), self.store.lsn + 1);
        let Some(stored) = self.store.events.get_mut(event) else { return };
        let was = stored.lsn;
        let from = std::mem::replace(&mut stored.entry.state, to);
        if ttl.is_some() {
            stored.ttl = ttl;
        }
        (stored.lsn, stored.written_at) = (lsn, now);
        self.store.lsn = lsn;
        self.store.logged(DocumentId::Event(event.clone()), Some(was), lsn);
        self.check_transition(event, &from);
    }

    fn mark(&mut self, mark: &Mark) -> Result<Marked, Fault> {
        if !self.climate.is_calm && self.happens(self.climate.faults / 2) {
            return Err(Fault::Throttled { after: None });
        }
        let state = self.store.events.get(&mark.event).map(|stored| &stored.entry.state);
        let is_careless = self.wrong == Some(Wrong::UnconditionalMark);
        if state != Some(&EventState::Pending) && !is_careless {
            return Ok(Marked::NotPending);
        }
        let at = mark.at;
        let (to, ttl) = match &mark.verdict {
            MarkAs::Processed { retention } => (EventState::Processed { at }, Some(*retention)),
            MarkAs::Parked { reason } => {
                let is_careless = self.wrong == Some(Wrong::ParkedExpires);
                let ttl = is_careless.then_some(Duration::from_hours(1));
                (EventState::Parked { at, reason: reason.clone() }, ttl)
            }
        };
        self.write(&mark.event, to, ttl);
        Ok(Marked::Done)
    }

    fn pending(&self, before: Timestamp, after: Option<&EventId>) -> Vec<Entry> {
        if self.wrong == Some(Wrong::BlindSweep) {
            return Vec::new();
        }
        let is_due = |(event, stored): &(&EventId, &Stored)| {
            after < Some(*event)
                && stored.entry.state == EventState::Pending
                && stored.written_at <= before
        };
        let due = self.store.events.iter().filter(is_due).take(SWEEP_PAGE);
        due.map(|(_, stored)| stored.entry.clone()).collect()
    }
}

impl Port {
    /// Writes a change of an order, as the port of the API does.
    pub(crate) async fn commit(&self, change: Change<Order>, basis: Basis) -> Result<(), Fault> {
        let (key, sequence) = (change.state().id.clone(), change.state().version);
        let call = Call::Commit(EventId { key, sequence });
        self.call(call, move |state, _| state.commit(change, &basis)).await?
    }

    /// Reads an order, as the port of the API does.
    pub(crate) async fn load(&self, key: &Key) -> Result<Option<Loaded<Order>>, Fault> {
        let of = key.clone();
        let load = move |state: &mut State, _| {
            let document = state.store.orders.get(&of)?;
            let tag = Tag(document.lsn.to_string());
            Some(Loaded { state: document.order.clone(), tag })
        };
        self.call(Call::Load(key.clone()), load).await
    }
}

impl Outbox for Port {
    fn read(&self, document: &str) -> Reading {
        Reading::Unreadable {
            id: document.into(),
            reason: "no host of this play sends text".into(),
        }
    }

    async fn unpublished(&self, key: &Key) -> Result<Vec<Entry>, Fault> {
        let of = key.clone();
        let read = move |state: &mut State, _| {
            let entries = state.store.events.values().map(|stored| &stored.entry);
            let of_it = entries.filter(|entry| entry.envelope.key == of);
            of_it.filter(|entry| entry.state.is_unpublished()).cloned().collect()
        };
        self.call(Call::Unpublished(key.clone()), read).await
    }

    async fn pending(
        &self,
        before: Timestamp,
        cursor: Option<String>,
    ) -> Result<PendingPage, Fault> {
        let after = cursor.and_then(|cursor| cursor.parse::<EventId>().ok());
        let find = move |state: &mut State, _| state.pending(before, after.as_ref());
        let found = self.call(Call::Pending, find).await?;
        let last = found.get(SWEEP_PAGE - 1).map(|entry| entry.envelope.id().to_string());
        Ok(PendingPage { readings: found.into_iter().map(Reading::Event).collect(), cursor: last })
    }

    async fn mark(&self, marks: Vec<Mark>) -> Vec<Result<Marked, Fault>> {
        let count = marks.len();
        let call = Call::Mark(marks.iter().map(|mark| mark.event.clone()).collect());
        // A bulk request whose answer is lost may have come half-way.
        let write = move |state: &mut State, is_lost: bool| {
            let most = if is_lost { state.rng.usize(0..=marks.len()) } else { marks.len() };
            marks.iter().take(most).map(|mark| state.mark(mark)).collect::<Vec<_>>()
        };
        match self.call(call, write).await {
            Ok(answers) => answers,
            Err(_) => (0..count).map(|_| Err(Fault::Unanswered("lost".into()))).collect(),
        }
    }

    async fn ready(&self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Small, so that a few events make several pages.
const SWEEP_PAGE: usize = 3;
