//! What `$management` asks beyond sending and receiving.

use super::{Broker, ConnectionId, Delivery, LockToken, Mode, Part, QueueId, Refusal, Target};
use crate::servicebus::message::{Message, Stamp};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;

/// A queue, and the connection that asks about its sessions.
pub(crate) type Asked = (QueueId, ConnectionId);

impl Broker {
    /// Looks at a part of the messages, locking none.
    ///
    /// # Errors
    /// If there is no such queue, or it forwards its messages.
    pub(crate) fn peek(
        &mut self,
        queue: QueueId,
        part: Part<'_>,
        now: Timestamp,
    ) -> Result<Vec<(Arc<Message>, Stamp)>, Refusal> {
        self.tick(now);
        self.used(Target::Queue(queue), now);
        let queue = self.queue(queue)?;
        if queue.settings.forward_to.is_some() {
            return Err(Refusal::NotAllowed(
                "Cannot create a message browser on an entity with auto-forwarding enabled.",
            ));
        }
        Ok(queue.peek(part))
    }

    /// Hands out deferred messages by their numbers; all or none.
    ///
    /// # Errors
    /// If one of them is not there, or in a session that `connection` does not hold.
    pub(crate) fn receive_deferred(
        &mut self,
        (queue, connection): Asked,
        sequences: &[i64],
        mode: Mode,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, Refusal> {
        self.tick(now);
        for sequence in sequences {
            if let Some(session) = self.queue(queue)?.deferred_one(*sequence, now)? {
                self.held((queue, connection), &session)?;
            }
        }
        let mut deliveries = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            let token = LockToken { nonce: self.next_nonce(), sequence: *sequence };
            deliveries.push(self.queue(queue)?.take_deferred(token, mode, now)?);
        }
        self.follow_up(queue, now);
        Ok(deliveries)
    }

    /// Prolongs the lock on a message.
    ///
    /// # Errors
    /// If it is not in force.
    pub(crate) fn renew(
        &mut self,
        queue: QueueId,
        token: LockToken,
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        self.tick(now);
        let until = self.queue(queue)?.renew(token, now);
        self.follow_up(queue, now);
        until
    }

    /// Prolongs the lock on a session.
    ///
    /// # Errors
    /// If the connection does not hold it.
    pub(crate) fn renew_session(
        &mut self,
        (queue, connection): Asked,
        session: &Arc<str>,
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        self.tick(now);
        self.held((queue, connection), session)?;
        let until = self.queue(queue)?.renew_session(session, now);
        self.follow_up(queue, now);
        until
    }

    /// The session's state.
    ///
    /// # Errors
    /// If the connection does not hold it.
    pub(crate) fn session_state(
        &mut self,
        (queue, connection): Asked,
        session: &Arc<str>,
        now: Timestamp,
    ) -> Result<Option<Bytes>, Refusal> {
        self.tick(now);
        self.held((queue, connection), session)?;
        Ok(self.queue(queue)?.session_state(session))
    }

    /// Sets or clears the session's state.
    ///
    /// # Errors
    /// If the connection does not hold it.
    pub(crate) fn set_session_state(
        &mut self,
        (queue, connection): Asked,
        session: &Arc<str>,
        state: Option<Bytes>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.tick(now);
        self.held((queue, connection), session)?;
        self.queue(queue)?.set_session_state(session, state, now);
        Ok(())
    }

    /// The ids of sessions with messages or state; with `since`, of those whose state was set later.
    /// Those behind the first so many, and so many at most.
    ///
    /// # Errors
    /// If there is no such queue.
    pub(crate) fn session_ids(
        &mut self,
        queue: QueueId,
        since: Option<Timestamp>,
        page: (usize, usize),
        now: Timestamp,
    ) -> Result<Vec<Arc<str>>, Refusal> {
        self.tick(now);
        Ok(self.queue(queue)?.session_ids(since, page))
    }

    /// Checks that a consumer of `connection` holds the session.
    fn held(&mut self, (queue, connection): Asked, session: &Arc<str>) -> Result<(), Refusal> {
        let holder = self.queue(queue)?.session_holder(session);
        let holder = holder.and_then(|consumer| self.consumers.get(&consumer));
        match holder {
            Some(consumer) if consumer.want.connection == connection => Ok(()),
            Some(_) | None => Err(Refusal::SessionLockLost(session.to_string())),
        }
    }
}
