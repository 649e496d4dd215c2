//! The publisher: one long-lived connection and one link to a topic, many transfers in flight.
//!
//! ```text
//! publish() ── encode ── request ──► actor (owns the link): pack, transfer ──┐
//!     └───────────── waits for the settlement itself ◄── settlement ─────────┘
//! ```
//!
//! The actor hands transfers to the link in the order in which they were asked for, and waits for
//! none of them: whoever asked waits for its own settlement. So a slow settlement holds up nobody,
//! and the order of a key's batches is that of its calls.

use std::sync::Arc;

use domain::{Envelope, Fault};
use fe2o3_amqp::link::SendError;
use fe2o3_amqp::link::delivery::DeliveryFut;
use fe2o3_amqp_types::messaging::Outcome;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::account::Account;
use crate::link::Trouble;
use crate::measure::{Measure, Measured};
use crate::message::Parcel;
use crate::namespace::{Problem, Problems};
use crate::outcome::of_transfer;
use crate::tuning::Tuning;

mod actor;
mod topic_link;

use actor::{Actor, Wires};

/// Publishes envelopes to one topic.
///
/// Connects when it is first used, and again whenever the link, the session or the connection is
/// lost. Share it by reference or in an `Arc`; there is no need for more than one.
#[derive(Debug)]
pub struct ServiceBusPublisher {
    source: String,
    requests: mpsc::Sender<Request>,
    state: watch::Receiver<State>,
    unsettled: Semaphore,
    unsettled_max: u32,
    tuning: Tuning,
    measure: Arc<Measure>,
    actor: Mutex<JoinSet<()>>,
}

/// What the actor is asked for.
pub(crate) enum Request {
    /// Hand a parcel to the link.
    Send { parcel: Parcel, reply: oneshot::Sender<Sent> },
    /// Have a link.
    Ping { reply: oneshot::Sender<Result<(), Trouble>> },
    /// A settlement did not come: the link of this number is not what it seems.
    Suspect { link: u64 },
    /// Say goodbye.
    Close,
}

/// What came of handing a parcel to the link.
pub(crate) enum Sent {
    /// It is on its way over the link of this number, with so many messages.
    InFlight { settlement: Settlement, taken: usize, link: u64 },
    /// It was not sent.
    Failed(Fault),
}

/// Resolves when the broker settled a transfer.
pub(crate) type Settlement = DeliveryFut<Result<Outcome, SendError>>;

/// How the link is.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// Nobody asked for it yet.
    Idle,
    Up,
    Down(Trouble),
}

impl ServiceBusPublisher {
    /// A publisher to `topic`; `source` is who speaks (CloudEvents `source`). Must be made inside
    /// a tokio runtime; does no I/O.
    ///
    /// # Errors
    ///
    /// When the topic's name cannot be one, or the account's key does not open it.
    pub fn new(account: Account, topic: &str, source: &str) -> Result<Self, Problems> {
        Self::with_tuning(account, topic, source, Tuning::default())
    }

    /// [`ServiceBusPublisher::new`] with other bounds.
    ///
    /// # Errors
    ///
    /// Those of [`ServiceBusPublisher::new`].
    pub fn with_tuning(
        account: Account,
        topic: &str,
        source: &str,
        tuning: Tuning,
    ) -> Result<Self, Problems> {
        check_topic(topic)?;
        account.allows(topic)?;
        let measure = Arc::new(Measure::default());
        // As many as may be in flight: whoever holds a permit finds room here.
        let (requests, asked) = mpsc::channel(tuning.unsettled_max + 1);
        let (told, state) = watch::channel(State::Idle);
        let wires = Wires { requests: asked, state: told, measure: Arc::clone(&measure) };
        let mut tasks = JoinSet::new();
        tasks.spawn(Actor::new(account, topic, tuning.clone(), wires).run());
        Ok(Self {
            source: source.to_owned(),
            requests,
            state,
            unsettled: Semaphore::new(tuning.unsettled_max),
            unsettled_max: u32::try_from(tuning.unsettled_max).unwrap_or(u32::MAX),
            tuning,
            measure,
            actor: Mutex::new(tasks),
        })
    }

    /// What it did so far.
    pub fn measured(&self) -> Measured {
        self.measure.read()
    }

    /// Says goodbye to the broker once everything in flight is settled. Later calls fail.
    pub async fn close(&self) {
        let settled = self.unsettled.acquire_many(self.unsettled_max);
        let _ = tokio::time::timeout(self.tuning.settle_within, settled).await;
        self.unsettled.close();
        let _ = self.requests.send(Request::Close).await;
        while self.actor.lock().await.join_next().await.is_some() {}
    }

    async fn send(&self, parcel: Parcel) -> Result<usize, Fault> {
        let _permit = self.unsettled.acquire().await.map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request::Send { parcel, reply }).await.map_err(|_| closed())?;
        match answer.await.map_err(|_| closed())? {
            Sent::InFlight { settlement, taken, link } => {
                self.settle(settlement, link).await.map(|()| taken)
            }
            Sent::Failed(fault) => Err(fault),
        }
    }

    /// INVARIANT(publish-before-mark): `Ok` only after the broker said that it took it.
    async fn settle(&self, settlement: Settlement, link: u64) -> Result<(), Fault> {
        let within = self.tuning.settle_within;
        let settled = match tokio::time::timeout(within, settlement).await {
            Ok(Ok(outcome)) => of_transfer(outcome),
            Ok(Err(error)) => Err(Trouble::from(error).unsettled()),
            Err(_) => {
                let _ = self.requests.try_send(Request::Suspect { link });
                Err(Trouble::Silent { what: "a settlement", within }.unsettled())
            }
        };
        let counter = if settled.is_ok() { &self.measure.accepted } else { &self.measure.failed };
        counter.add(1);
        settled
    }
}

impl domain::ports::Publisher for ServiceBusPublisher {
    async fn publish(&self, events: &[Envelope]) -> Result<usize, Fault> {
        match Parcel::of(events, &self.source) {
            Ok(Some(parcel)) => self.send(parcel).await,
            Ok(None) => Ok(0),
            Err(error) => Err(Fault::Rejected { reason: format!("cannot be encoded: {error}") }),
        }
    }

    async fn ready(&self) -> Result<(), Fault> {
        let state = self.state.borrow().clone();
        let (reply, answer) = oneshot::channel();
        let ping = Request::Ping { reply };
        match state {
            State::Up => Ok(()),
            State::Down(trouble) => {
                // Nobody may be publishing: have the link mended, so that this becomes ready.
                let _ = self.requests.try_send(ping);
                Err(trouble.unsent())
            }
            State::Idle => {
                self.requests.send(ping).await.map_err(|_| closed())?;
                answer.await.map_err(|_| closed())?.map_err(|trouble| trouble.unsent())
            }
        }
    }
}

fn closed() -> Fault {
    Fault::Unavailable("the publisher is closed".into())
}

/// Whether a topic may be called this.
///
/// # Errors
///
/// What is wrong with the name, and what would be right.
pub fn check_topic(topic: &str) -> Result<(), Problem> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '~');
    let is_topic = (1..=TOPIC_BYTES_MAX).contains(&topic.len())
        && topic.chars().all(is_name)
        && topic.starts_with(|c: char| c.is_ascii_alphanumeric())
        && topic.ends_with(|c: char| c.is_ascii_alphanumeric());
    if is_topic {
        return Ok(());
    }
    let wrong = format!("`{topic}` is not the name of a topic");
    let right = "letters, digits and `. - _ /`, beginning and ending with a letter or digit, \
                 260 at most";
    Err(Problem::new("SERVICEBUS_TOPIC", wrong, right))
}

/// The longest entity path of Service Bus.
const TOPIC_BYTES_MAX: usize = 260;

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &str = "Endpoint=sb://localhost;SharedAccessKeyName=n;SharedAccessKey=k;\
                              UseDevelopmentEmulator=true;EntityPath=orders";

    fn made(topic: &str) -> Result<ServiceBusPublisher, Problems> {
        let account = Account::from_connection_string(CONNECTION).unwrap();
        ServiceBusPublisher::new(account, topic, "/orders")
    }

    #[tokio::test]
    async fn a_topic_that_the_key_does_not_open_is_refused() {
        assert!(made("orders").is_ok());
        assert!(
            made("invoices")
                .unwrap_err()
                .to_string()
                .starts_with("SERVICEBUS_CONNECTION, EntityPath: ")
        );
    }

    #[test]
    fn a_name_that_no_topic_can_have_is_refused() {
        for topic in ["orders", "a", "shop/orders", "o.r-d_9"] {
            assert!(check_topic(topic).is_ok(), "{topic}");
        }
        for topic in ["", "/orders", "orders/", "$cbs", "or ders", "örders", &"a".repeat(261)] {
            assert!(check_topic(topic).is_err(), "{topic}");
        }
    }
}
