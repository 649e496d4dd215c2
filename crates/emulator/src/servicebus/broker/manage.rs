//! What `$management` asks beyond sending and receiving.

use super::{Broker, Delivery, LockToken, Mode, QueueId, Refusal, Target};
use crate::servicebus::message::{Message, Stamp};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;

/// A session that a request is about, and whether the asking connection holds it.
pub(crate) type SessionId = Arc<str>;

impl Broker {
    /// Looks at up to `count` messages from `sequence` on, locking none.
    ///
    /// # Errors
    /// If there is no such queue.
    pub(crate) fn peek(
        &mut self,
        queue: QueueId,
        sequence: i64,
        count: usize,
        session: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<(Arc<Message>, Stamp)>, Refusal> {
        self.tick(now);
        Ok(self.queue(queue)?.peek(sequence, count, session))
    }

    /// Hands out deferred messages by their numbers; all or none.
    ///
    /// # Errors
    /// If one of them is not there, or in a session that `connection` does not hold.
    pub(crate) fn receive_deferred(
        &mut self,
        queue: QueueId,
        sequences: &[i64],
        mode: Mode,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, Refusal> {
        self.tick(now);
        for sequence in sequences {
            if let Some(session) = self.queue(queue)?.deferred_one(*sequence)?
                && self.queue(queue)?.session_holder(&session).is_none()
            {
                return Err(Refusal::SessionLockLost(session.to_string()));
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
    /// If nobody holds it.
    pub(crate) fn renew_session(
        &mut self,
        queue: QueueId,
        session: &SessionId,
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        self.tick(now);
        let until = self.queue(queue)?.renew_session(session, now);
        self.follow_up(queue, now);
        until
    }

    /// The session's state.
    ///
    /// # Errors
    /// If nobody holds it.
    pub(crate) fn session_state(
        &mut self,
        queue: QueueId,
        session: &SessionId,
        now: Timestamp,
    ) -> Result<Option<Bytes>, Refusal> {
        self.tick(now);
        self.held(queue, session)?;
        Ok(self.queue(queue)?.session_state(session))
    }

    /// Sets or clears the session's state.
    ///
    /// # Errors
    /// If nobody holds it.
    pub(crate) fn set_session_state(
        &mut self,
        queue: QueueId,
        session: &SessionId,
        state: Option<Bytes>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.tick(now);
        self.held(queue, session)?;
        self.queue(queue)?.set_session_state(session, state);
        Ok(())
    }

    /// The ids of sessions with messages or state.
    ///
    /// # Errors
    /// If there is no such queue.
    pub(crate) fn session_ids(&mut self, queue: QueueId) -> Result<Vec<Arc<str>>, Refusal> {
        Ok(self.queue(queue)?.session_ids())
    }

    /// The subscription of `queue`, if it is one.
    pub(crate) fn is_subscription(&self, queue: QueueId) -> bool {
        self.topics.iter().any(|topic| topic.subscriptions.iter().any(|it| it.queue == queue))
    }

    /// What a management path means: requests about a topic only concern sending.
    ///
    /// # Errors
    /// If there is no such entity.
    pub(crate) fn managed(&self, path: &str) -> Result<Target, Refusal> {
        self.entity(path)
    }

    fn held(&mut self, queue: QueueId, session: &SessionId) -> Result<(), Refusal> {
        let holder = self.queue(queue)?.session_holder(session);
        holder.map(|_| ()).ok_or_else(|| Refusal::SessionLockLost(session.to_string()))
    }
}
