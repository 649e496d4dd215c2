//! The broker stepped by hand: no sockets, no tasks, and the instant is a number.

mod conservation;
mod consumers;
mod costs;
mod entities;
mod locks;
mod records;
mod sessions;
mod subqueues;
mod topics;

use super::*;
use crate::servicebus::{
    message::{Message, sample::Sample},
    topology::{SubscriptionSpec, TopicSpec},
};

/// A broker, and the instant.
pub(super) struct Bench {
    pub(super) broker: Broker,
    pub(super) now: Timestamp,
}

/// The one connection that most tests use.
pub(super) const ME: ConnectionId = ConnectionId(1);

impl Bench {
    pub(super) fn new(topology: &Topology) -> Self {
        Self { broker: Broker::new(topology), now: Timestamp::UNIX_EPOCH }
    }

    /// One queue, `q`.
    pub(super) fn queue(settings: Settings) -> Self {
        Self::new(&Topology { queues: vec![queue("q", settings)], topics: Vec::new() })
    }

    /// One queue, `q`, with sessions.
    pub(super) fn sessions() -> Self {
        Self::queue(Settings { requires_session: true, ..Settings::default() })
    }

    pub(super) fn send(&mut self, path: &str, messages: impl IntoIterator<Item = Message>) {
        self.try_send(path, messages).expect("the messages may enter");
    }

    pub(super) fn try_send(
        &mut self,
        path: &str,
        messages: impl IntoIterator<Item = Message>,
    ) -> Result<(), Refusal> {
        let target = self.broker.target(path)?;
        self.broker.send(target, messages.into_iter().collect(), self.now)
    }

    pub(super) fn id(&self, path: &str) -> QueueId {
        self.broker.source(path).expect("the queue is there")
    }

    pub(super) fn want(&self, path: &str) -> Want {
        Want { connection: ME, queue: self.id(path), mode: Mode::PeekLock }
    }

    /// Opens a consumer on a queue without sessions.
    pub(super) fn open(&mut self, path: &str) -> ConsumerId {
        self.broker.open(self.want(path), self.now).expect("it may be received from")
    }

    /// Opens a consumer on a session that is free.
    pub(super) fn hold(&mut self, path: &str, session: &str) -> ConsumerId {
        let opened = self.broker.open_session(self.want(path), &Arc::from(session), self.now);
        match opened {
            Ok(Accepted::Held(consumer, _)) => consumer,
            other => unreachable!("the session is free, but {other:?}"),
        }
    }

    pub(super) fn receive(&mut self, consumer: ConsumerId, count: u32) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        self.broker.receive(consumer, count, self.now, |delivery| {
            deliveries.push(delivery);
            Room::Left
        });
        deliveries
    }

    /// Receives one message.
    pub(super) fn one(&mut self, consumer: ConsumerId) -> Delivery {
        self.receive(consumer, 1).pop().expect("there is a message")
    }

    pub(super) fn settle(
        &mut self,
        path: &str,
        delivery: &Delivery,
        settlement: Settlement,
    ) -> Result<(), Refusal> {
        self.broker.settle(self.id(path), delivery.token, settlement, self.now)
    }

    pub(super) fn complete(&mut self, path: &str, delivery: &Delivery) {
        self.settle(path, delivery, Settlement::Complete).expect("it is locked");
    }

    pub(super) fn abandon(&mut self, path: &str, delivery: &Delivery) {
        self.settle(path, delivery, Settlement::Abandon(Vec::new())).expect("it is locked");
    }

    /// Lets time pass and the broker do what has fallen due.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.now = later(self.now, Duration::from_secs(seconds));
        self.broker.tick(self.now);
    }

    pub(super) fn effects(&mut self) -> Vec<Effect> {
        self.broker.take_effects().into_iter().map(|(_, effect)| effect).collect()
    }

    /// One of the counts of an entity.
    pub(super) fn count(&self, entity: &str, what: &str) -> u64 {
        self.broker.report()[entity][what].as_u64().expect("it is counted")
    }
}

pub(super) fn queue(name: &str, settings: Settings) -> QueueSpec {
    QueueSpec { name: name.to_owned(), settings, duplicates: None }
}

/// Messages whose ids are these.
pub(super) fn messages<const N: usize>(ids: [&str; N]) -> [Message; N] {
    ids.map(|id| Sample::new(id).message())
}

/// Messages of one session whose ids are these.
pub(super) fn in_session<const N: usize>(session: &str, ids: [&str; N]) -> [Message; N] {
    ids.map(|id| Sample::new(id).session(session).message())
}

pub(super) fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| &*delivery.message.id).collect()
}

/// A topic `t` with these subscriptions.
pub(super) fn topic(subscriptions: Vec<SubscriptionSpec>) -> Topology {
    let duplicates = Some(Duration::from_mins(10));
    let name = "t".to_owned();
    let topic = TopicSpec { name, time_to_live: None, duplicates, subscriptions };
    Topology { queues: Vec::new(), topics: vec![topic] }
}
