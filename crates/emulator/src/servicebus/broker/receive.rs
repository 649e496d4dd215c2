//! The way out: consumers, sessions, deliveries, settlements.

use super::{
    Broker, Claim, ConnectionId, ConsumerId, Delivery, Hold, LockToken, Mode, Queue, QueueId,
    Refusal, Settlement, Target,
};
use jiff::Timestamp;
use std::sync::Arc;

/// What Azure says to receivers of an entity that forwards its messages.
pub(super) const FORWARDS: &str =
    "Cannot create a message receiver on an entity with auto-forwarding enabled.";

/// Who wants to receive, from where, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    /// The connection that is told about it.
    pub(crate) connection: ConnectionId,
    /// The queue or subscription.
    pub(crate) queue: QueueId,
    /// Whether messages are locked or gone.
    pub(crate) mode: Mode,
}

/// A receiver on a queue or subscription.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) want: Want,
    /// The session it holds.
    pub(super) session: Option<Arc<str>>,
}

/// What a consumer that asked for a session has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The session.
    Held(ConsumerId, Hold),
    /// A place in the queue for one; an effect will tell.
    Waiting(ConsumerId),
}

/// Whether whoever takes deliveries can take another now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// It can.
    Left,
    /// Not before it has got rid of these; it will call again by itself.
    Full,
}

impl Broker {
    /// Opens a consumer on a queue without sessions.
    ///
    /// # Errors
    /// If the queue has sessions, or forwards its messages.
    pub(crate) fn open(&mut self, want: Want, now: Timestamp) -> Result<ConsumerId, Refusal> {
        self.gives(want.queue, now)?;
        let settings = &self.queue(want.queue)?.settings;
        if settings.forward_to.is_some() {
            return Err(Refusal::NotAllowed(FORWARDS));
        }
        if settings.requires_session {
            return Err(Refusal::NotAllowed(
                "It is not possible for an entity that requires sessions to create a \
                 non-sessionful message receiver.",
            ));
        }
        Ok(self.add_consumer(Consumer { want, session: None }))
    }

    /// Opens a consumer on one session.
    ///
    /// # Errors
    /// If the queue has no sessions, or the session is held.
    pub(crate) fn open_session(
        &mut self,
        want: Want,
        session: &Arc<str>,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.tick(now);
        self.gives(want.queue, now)?;
        self.has_sessions(want.queue)?;
        let owned = Some(Arc::clone(session));
        let id = self.add_consumer(Consumer { want, session: owned });
        let hold = self.queue(want.queue)?.hold(id, session, now);
        self.follow_up(want.queue, now);
        if hold.is_err() {
            self.consumers.remove(&id);
        }
        hold.map(|hold| Accepted::Held(id, hold))
    }

    /// Opens a consumer on the next session that has messages, waiting until `deadline`.
    ///
    /// # Errors
    /// If the queue has no sessions.
    pub(crate) fn open_next_session(
        &mut self,
        want: Want,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.tick(now);
        self.gives(want.queue, now)?;
        self.has_sessions(want.queue)?;
        let id = self.add_consumer(Consumer { want, session: None });
        let claim = self.queue(want.queue)?.hold_next(id, deadline, now);
        self.follow_up(want.queue, now);
        Ok(match claim {
            Claim::Held(hold) => {
                if let Some(consumer) = self.consumers.get_mut(&id) {
                    consumer.session = Some(Arc::clone(&hold.session));
                }
                Accepted::Held(id, hold)
            }
            Claim::Waiting => Accepted::Waiting(id),
        })
    }

    /// Hands out up to `count` messages. With fewer, and if it `wants` more, the consumer is woken
    /// when there are some; otherwise its turn passes to the next.
    pub(crate) fn receive(
        &mut self,
        id: ConsumerId,
        count: u32,
        now: Timestamp,
        mut hand_over: impl FnMut(Delivery) -> Room,
    ) {
        self.tick(now);
        let Some(consumer) = self.consumers.get(&id) else { return };
        let Want { queue: queue_id, mode, .. } = consumer.want;
        let session = consumer.session.as_ref().map(Arc::clone);
        let mut nonce = self.last_lock;
        let Ok(queue) = self.queue(queue_id) else { return };
        let mut left = count;
        let mut room = Room::Left;
        while 0 < left && room == Room::Left {
            nonce += 1;
            let Some(delivery) = queue.take(session.as_ref(), mode, nonce, now) else { break };
            room = hand_over(delivery);
            left -= 1;
        }
        queue.taken(id, session.as_ref(), 0 < left && room == Room::Left);
        self.last_lock = nonce;
        self.follow_up(queue_id, now);
    }

    /// Settles a message of `queue`.
    ///
    /// # Errors
    /// If the lock is not in force, or a dead letter is to become one again.
    pub(crate) fn settle(
        &mut self,
        queue: QueueId,
        token: LockToken,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.tick(now);
        let is_dead = self.queues.get(queue.0).is_some_and(|store| store.dead_letters.is_none());
        if is_dead && matches!(settlement, Settlement::DeadLetter { .. }) {
            let words = "A message of a dead-letter subqueue cannot be dead-lettered.";
            return Err(Refusal::NotAllowed(words));
        }
        let settled = self.queue(queue)?.settle(token, settlement, now);
        self.follow_up(queue, now);
        settled
    }

    /// Ends a consumer: its session is free, its turn passes on. Locks on messages outside
    /// sessions stay until they expire.
    pub(crate) fn close(&mut self, id: ConsumerId, now: Timestamp) {
        self.end(id, Queue::free_session, now);
    }

    /// Ends a consumer whose connection is lost: what it had of its session has failed.
    pub(crate) fn lose(&mut self, id: ConsumerId, now: Timestamp) {
        self.end(id, Queue::fail_session, now);
    }

    /// Ends a consumer, and its session in this way.
    fn end(
        &mut self,
        id: ConsumerId,
        end_session: impl Fn(&mut Queue, &Arc<str>, Timestamp),
        now: Timestamp,
    ) {
        self.tick(now);
        let Some(consumer) = self.consumers.remove(&id) else { return };
        self.used(Target::Queue(consumer.want.queue), now);
        let Ok(queue) = self.queue(consumer.want.queue) else { return };
        queue.stop_waiting(id);
        queue.stop_waiting_for_session(id);
        if let Some(session) = &consumer.session
            && queue.session_holder(session) == Some(id)
        {
            end_session(queue, session, now);
        }
        self.follow_up(consumer.want.queue, now);
    }

    /// Checks that a queue has sessions.
    fn has_sessions(&mut self, queue: QueueId) -> Result<(), Refusal> {
        if self.queue(queue)?.settings.requires_session {
            return Ok(());
        }
        Err(Refusal::NotAllowed(
            "A sessionful message receiver cannot be created on an entity that does not require \
             sessions.",
        ))
    }

    /// Enters a consumer.
    fn add_consumer(&mut self, consumer: Consumer) -> ConsumerId {
        self.last_consumer += 1;
        let id = ConsumerId(self.last_consumer);
        self.consumers.insert(id, consumer);
        id
    }
}
