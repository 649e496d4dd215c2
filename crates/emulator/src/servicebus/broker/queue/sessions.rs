//! The sessions of one queue: who holds which, what each has ready, which are free.

use super::{Queue, due::Due, listing::Listing};
use crate::servicebus::broker::{
    effect::{ConsumerId, Effect},
    later,
    refusal::Refusal,
};
use bytes::Bytes;
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

/// All sessions of a queue that have messages, state or a holder.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_id: HashMap<Arc<str>, Session>,
    /// Sessions with something ready and no holder, longest first.
    free: BTreeMap<u64, Arc<str>>,
    /// Consumers that wait for any session, longest first, with their deadlines.
    waiters: VecDeque<(ConsumerId, Timestamp)>,
    /// Those with messages or state.
    listing: Listing,
    last_ticket: u64,
}

/// One session.
#[derive(Debug, Default)]
struct Session {
    ready: BTreeSet<i64>,
    locked: BTreeSet<i64>,
    /// To be had by their numbers only.
    deferred: BTreeSet<i64>,
    state: Option<State>,
    holder: Option<Holder>,
    ticket: Option<u64>,
    is_listed: bool,
}

/// What an application keeps with a session.
#[derive(Debug)]
struct State {
    bytes: Bytes,
    set: Timestamp,
}

/// Who holds a session.
#[derive(Debug)]
struct Holder {
    consumer: ConsumerId,
    until: Timestamp,
    /// It has credit left: wake it when something arrives.
    waiting: bool,
}

/// A session that a consumer got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Which.
    pub(crate) session: Arc<str>,
    /// Until when.
    pub(crate) until: Timestamp,
}

/// The answer to a consumer that asked for any session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It has one.
    Held(Hold),
    /// None is free; it will be told.
    Waiting,
}

impl Queue {
    /// Gives `consumer` this very session.
    ///
    /// # Errors
    /// If another holds it.
    pub(crate) fn hold(
        &mut self,
        consumer: ConsumerId,
        session: &Arc<str>,
        now: Timestamp,
    ) -> Result<Hold, Refusal> {
        let held = self.sessions.by_id.get(session).is_some_and(|it| it.holder.is_some());
        if held {
            return Err(Refusal::SessionHeld(session.to_string()));
        }
        let until = later(now, self.settings.lock);
        self.sessions.set_holder(session, consumer, until);
        self.due.insert((until, Due::Session(Arc::clone(session))));
        Ok(Hold { session: Arc::clone(session), until })
    }

    /// Gives `consumer` a session with messages, now or, until `deadline`, when there is one.
    pub(crate) fn hold_next(
        &mut self,
        consumer: ConsumerId,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Claim {
        if let Some(session) = self.sessions.first_free()
            && let Ok(hold) = self.hold(consumer, &session, now)
        {
            return Claim::Held(hold);
        }
        self.sessions.waiters.push_back((consumer, deadline));
        self.due.insert((deadline, Due::Wait(consumer)));
        Claim::Waiting
    }

    /// Gives a session that has come free to the consumer that has waited longest.
    pub(super) fn grant_sessions(&mut self, now: Timestamp) {
        while let Some(session) = self.sessions.first_free()
            && let Some((consumer, deadline)) = self.sessions.waiters.pop_front()
        {
            self.due.remove(&(deadline, Due::Wait(consumer)));
            let until = later(now, self.settings.lock);
            self.sessions.set_holder(&session, consumer, until);
            self.due.insert((until, Due::Session(Arc::clone(&session))));
            self.outbox.effects.push(Effect::SessionGranted { consumer, session, until });
        }
    }

    /// Ends the wait of a consumer that has gone.
    pub(crate) fn stop_waiting_for_session(&mut self, consumer: ConsumerId) {
        if let Some(deadline) = self.sessions.stop_waiting(consumer) {
            self.due.remove(&(deadline, Due::Wait(consumer)));
        }
    }

    /// Frees a session whose holder has gone; what was delivered and not settled does not count.
    pub(crate) fn free_session(&mut self, session: &Arc<str>, now: Timestamp) {
        self.give_up(session, Self::release, now);
    }

    /// Frees a session whose holder was lost; what was delivered and not settled has failed.
    pub(crate) fn fail_session(&mut self, session: &Arc<str>, now: Timestamp) {
        self.give_up(session, Self::unlock, now);
    }

    /// Frees a session; what was delivered and not settled goes `back`.
    fn give_up(
        &mut self,
        session: &Arc<str>,
        back: impl Fn(&mut Self, i64, Timestamp),
        now: Timestamp,
    ) {
        let Some(holder) = self.sessions.take_holder(session) else { return };
        self.due.remove(&(holder.until, Due::Session(Arc::clone(session))));
        for sequence in self.sessions.locked(session) {
            back(self, sequence, now);
        }
        self.sessions.refresh(session);
        self.grant_sessions(now);
    }

    /// The session's lock has run out: what was delivered and not settled has failed.
    pub(super) fn end_session(&mut self, session: &Arc<str>, now: Timestamp) {
        if let Some(consumer) = self.session_holder(session) {
            self.outbox.effects.push(Effect::SessionLost(consumer));
        }
        self.fail_session(session, now);
    }

    /// Who holds a session.
    pub(crate) fn session_holder(&self, session: &str) -> Option<ConsumerId> {
        self.sessions.by_id.get(session)?.holder.as_ref().map(|holder| holder.consumer)
    }

    /// Prolongs the lock on a session; returns its new end.
    ///
    /// # Errors
    /// If nobody holds it.
    pub(crate) fn renew_session(
        &mut self,
        session: &Arc<str>,
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        let until = later(now, self.settings.lock);
        let holder = self.sessions.by_id.get_mut(session).and_then(|it| it.holder.as_mut());
        let holder = holder.ok_or_else(|| Refusal::SessionLockLost(session.to_string()))?;
        self.due.remove(&(holder.until, Due::Session(Arc::clone(session))));
        holder.until = until;
        self.due.insert((until, Due::Session(Arc::clone(session))));
        Ok(until)
    }

    /// What was last set as the session's state.
    pub(crate) fn session_state(&self, session: &str) -> Option<Bytes> {
        let state = self.sessions.by_id.get(session)?.state.as_ref();
        state.map(|state| state.bytes.clone())
    }

    /// Sets or clears the session's state.
    pub(crate) fn set_session_state(
        &mut self,
        session: &Arc<str>,
        state: Option<Bytes>,
        now: Timestamp,
    ) {
        self.notes.session(session);
        let Sessions { by_id, listing, .. } = &mut self.sessions;
        let known = by_id.entry(Arc::clone(session)).or_default();
        if let Some(before) = known.state.take() {
            listing.remove(Some(before.set), session);
            self.size -= before.bytes.len() as u64;
        }
        if let Some(bytes) = state {
            self.size += bytes.len() as u64;
            listing.add(Some(now), session);
            known.state = Some(State { bytes, set: now });
        }
        self.sessions.refresh(session);
    }

    /// A page of the ids of sessions with messages or state, or of those whose state was set after
    /// `since`: behind so many, and so many at most.
    pub(crate) fn session_ids(
        &mut self,
        since: Option<Timestamp>,
        page: (usize, usize),
    ) -> Vec<Arc<str>> {
        self.sessions.listing.page(since, page)
    }
}

impl Session {
    fn has_messages(&self) -> bool {
        [&self.ready, &self.locked, &self.deferred].iter().any(|set| !set.is_empty())
    }
}

impl Sessions {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// A message has come.
    pub(super) fn arrived(&mut self, id: &Arc<str>, sequence: i64) {
        let session = self.by_id.entry(Arc::clone(id)).or_default();
        session.ready.insert(sequence);
        self.refresh(id);
    }

    /// A message has gone.
    pub(super) fn left(&mut self, id: &Arc<str>, sequence: i64) {
        if let Some(session) = self.by_id.get_mut(id) {
            session.ready.remove(&sequence);
            session.locked.remove(&sequence);
            session.deferred.remove(&sequence);
        }
        self.refresh(id);
    }

    /// A message is there again that is not to be received: it was locked, or is deferred.
    pub(super) fn restore(&mut self, id: &Arc<str>, sequence: i64, locked: bool) {
        let session = self.by_id.entry(Arc::clone(id)).or_default();
        let set = if locked { &mut session.locked } else { &mut session.deferred };
        set.insert(sequence);
        self.refresh(id);
    }

    /// A session's state, and when it was set.
    pub(super) fn state(&self, id: &str) -> Option<(&Bytes, Timestamp)> {
        let state = self.by_id.get(id)?.state.as_ref()?;
        Some((&state.bytes, state.set))
    }

    /// A message is available again.
    pub(super) fn back(&mut self, id: &Arc<str>, sequence: i64) {
        if let Some(session) = self.by_id.get_mut(id) {
            session.locked.remove(&sequence);
            session.ready.insert(sequence);
        }
        self.refresh(id);
    }

    /// A message is deferred, and not locked.
    pub(super) fn set_aside(&mut self, id: &Arc<str>, sequence: i64) {
        if let Some(session) = self.by_id.get_mut(id) {
            session.locked.remove(&sequence);
            session.deferred.insert(sequence);
        }
    }

    /// A deferred message is locked.
    pub(super) fn lock_one(&mut self, id: &Arc<str>, sequence: i64) {
        if let Some(session) = self.by_id.get_mut(id) {
            session.deferred.remove(&sequence);
            session.locked.insert(sequence);
        }
    }

    /// The next ready message of a session, now locked.
    pub(super) fn next_of(&mut self, id: &str) -> Option<i64> {
        let session = self.by_id.get_mut(id)?;
        let sequence = session.ready.pop_first()?;
        session.locked.insert(sequence);
        Some(sequence)
    }

    /// The first messages of a session from `sequence` on, in any state.
    pub(super) fn messages(&self, id: &str, sequence: i64, count: usize) -> Vec<i64> {
        let Some(Session { ready, locked, deferred, .. }) = self.by_id.get(id) else {
            return Vec::new();
        };
        let first = [ready, locked, deferred].map(|set| set.range(sequence..).take(count));
        let mut first: Vec<i64> = first.into_iter().flatten().copied().collect();
        first.sort_unstable();
        first.truncate(count);
        first
    }

    /// When the lock on a session ends.
    pub(super) fn held_until(&self, id: &str) -> Option<Timestamp> {
        self.by_id.get(id)?.holder.as_ref().map(|holder| holder.until)
    }

    /// Notes whether the holder has credit left.
    pub(super) fn set_waiting(&mut self, id: &str, waiting: bool) {
        if let Some(holder) = self.by_id.get_mut(id).and_then(|session| session.holder.as_mut()) {
            holder.waiting = waiting;
        }
    }

    /// The holder, if it has credit left and something is ready.
    pub(super) fn wake_holder(&mut self, id: &str) -> Option<ConsumerId> {
        let session = self.by_id.get_mut(id)?;
        let holder = session.holder.as_mut().filter(|holder| holder.waiting)?;
        if session.ready.is_empty() {
            return None;
        }
        holder.waiting = false;
        Some(holder.consumer)
    }

    /// Ends a wait for any session; returns the deadline it had.
    pub(super) fn stop_waiting(&mut self, consumer: ConsumerId) -> Option<Timestamp> {
        let at = self.waiters.iter().position(|(waiter, _)| *waiter == consumer)?;
        self.waiters.remove(at).map(|(_, deadline)| deadline)
    }

    /// The session that has been free longest.
    fn first_free(&self) -> Option<Arc<str>> {
        self.free.first_key_value().map(|(_, session)| Arc::clone(session))
    }

    /// The messages of a session that are locked.
    fn locked(&self, id: &str) -> Vec<i64> {
        self.by_id
            .get(id)
            .map(|session| session.locked.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Gives a session to a consumer.
    fn set_holder(&mut self, id: &Arc<str>, consumer: ConsumerId, until: Timestamp) {
        let session = self.by_id.entry(Arc::clone(id)).or_default();
        session.holder = Some(Holder { consumer, until, waiting: false });
        self.refresh(id);
    }

    /// Takes a session from its holder.
    fn take_holder(&mut self, id: &str) -> Option<Holder> {
        self.by_id.get_mut(id)?.holder.take()
    }

    /// Lists a session, as free or not, and forgets it when nothing is left of it.
    fn refresh(&mut self, id: &Arc<str>) {
        let Some(session) = self.by_id.get_mut(id) else { return };
        let free = session.holder.is_none() && !session.ready.is_empty();
        match session.ticket {
            None if free => {
                self.last_ticket += 1;
                session.ticket = Some(self.last_ticket);
                self.free.insert(self.last_ticket, Arc::clone(id));
            }
            Some(ticket) if !free => {
                session.ticket = None;
                self.free.remove(&ticket);
            }
            _ => {}
        }
        let is_listed = session.has_messages() || session.state.is_some();
        match (session.is_listed, is_listed) {
            (false, true) => self.listing.add(None, id),
            (true, false) => self.listing.remove(None, id),
            _ => {}
        }
        session.is_listed = is_listed;
        if !is_listed && session.holder.is_none() {
            self.by_id.remove(id);
        }
    }
}
