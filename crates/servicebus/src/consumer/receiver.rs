//! A receiver: takes messages under lock, and settles them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::Fault;
use fe2o3_amqp::Receiver;
use fe2o3_amqp_types::definitions::{Error, ErrorCondition};
use fe2o3_amqp_types::messaging::{Body, Modified};
use fe2o3_amqp_types::primitives::{OrderedMap, Symbol, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Received, SESSION_FILTER};
use crate::link::{Connection, Trouble};

/// A receiver of an entity, or of one session of it.
///
/// Settling is told to the broker and not waited for; what it could not settle is handed out
/// again. [`MessageReceiver::close`] returns when the broker has heard it all.
#[derive(Debug)]
pub struct MessageReceiver {
    link: Receiver,
    /// How many messages we asked for and have not received yet.
    asked: usize,
    /// Lives as long as its last receiver.
    _connection: Arc<Mutex<Connection>>,
}

/// Once something was received, how long to wait for more of it: the messages of one transfer
/// burst follow each other within milliseconds.
const LULL: Duration = Duration::from_millis(50);

/// How long a goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

impl MessageReceiver {
    pub(super) fn new(link: Receiver, connection: Arc<Mutex<Connection>>) -> Self {
        Self { link, asked: 0, _connection: connection }
    }

    /// The session that this receiver was granted; `None` without sessions.
    pub fn session_id(&self) -> Option<&str> {
        let filter = self.link.source().as_ref()?.filter.as_ref()?;
        let Value::String(id) = filter.get(&Symbol::from(SESSION_FILTER))? else { return None };
        Some(id)
    }

    /// Receives messages: `max` of them, or as many as come within `wait`, or those of one
    /// burst, whatever is first. None at all is an empty answer.
    ///
    /// # Errors
    ///
    /// When the link is gone, or the lock on the session is.
    pub async fn receive(&mut self, max: usize, wait: Duration) -> Result<Vec<Received>, Fault> {
        if self.asked < max {
            let credit = u32::try_from(max).unwrap_or(u32::MAX);
            self.link.set_credit(credit).await.map_err(lost)?;
            self.asked = max;
        }
        let mut received = Vec::new();
        let mut until = Instant::now() + wait;
        while received.len() < max {
            match tokio::time::timeout_at(until, self.link.recv::<Body<Value>>()).await {
                Ok(delivery) => received.push(Received::of(delivery.map_err(lost)?)),
                Err(_) => break,
            }
            self.asked = self.asked.saturating_sub(1);
            until = until.min(Instant::now() + LULL);
        }
        Ok(received)
    }

    /// Done with it: the broker forgets the message.
    ///
    /// # Errors
    ///
    /// When the link is gone.
    pub async fn complete(&self, message: &Received) -> Result<(), Fault> {
        self.link.accept(message.delivery.clone()).await.map_err(lost)
    }

    /// Not now: the message is handed out again, and its delivery count grows.
    ///
    /// # Errors
    ///
    /// When the link is gone.
    pub async fn abandon(&self, message: &Received) -> Result<(), Fault> {
        let again = Modified {
            delivery_failed: Some(true),
            undeliverable_here: Some(false),
            message_annotations: None,
        };
        self.link.modify(message.delivery.clone(), again).await.map_err(lost)
    }

    /// Never: the message goes to the dead letters, with the reason on it.
    ///
    /// # Errors
    ///
    /// When the link is gone.
    pub async fn dead_letter(
        &self,
        message: &Received,
        reason: &str,
        description: &str,
    ) -> Result<(), Fault> {
        let told = BTreeMap::from([
            ("DeadLetterReason", reason),
            ("DeadLetterErrorDescription", description),
        ]);
        let info: OrderedMap<Symbol, Value> = told
            .into_iter()
            .map(|(name, text)| (Symbol::from(name), Value::String(text.to_owned())))
            .collect();
        let condition = ErrorCondition::Custom(Symbol::from("com.microsoft:dead-letter"));
        let error = Error::new(condition, Some(description.to_owned()), Some(info));
        self.link.reject(message.delivery.clone(), error).await.map_err(lost)
    }

    /// Gives back what was received and not looked at, and says goodbye: the session is free
    /// again.
    pub async fn close(mut self) {
        while let Ok(Ok(delivery)) =
            tokio::time::timeout(Duration::ZERO, self.link.recv::<Body<Value>>()).await
        {
            let _ = self.link.release(&delivery).await;
        }
        let _ = tokio::time::timeout(GOODBYE_MAX, self.link.close()).await;
    }
}

fn lost<E>(error: E) -> Fault
where
    Trouble: From<E>,
{
    Trouble::from(error).unsent()
}
