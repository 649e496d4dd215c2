//! Messages: a sender and a receiver that remember what was acknowledged to them.

use super::super::{
    servicebus::{ALL, soon},
    servicebus_client::{Client, delivery_count, message},
};
use fe2o3_amqp::types::messaging::{AmqpValue, Outcome};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};
use tokio_util::sync::CancellationToken;

/// What is known of the messages of one session.
#[derive(Default)]
pub(super) struct Letters {
    session: String,
    sent: u32,
    accepted: BTreeSet<u32>,
    /// Completed, and known to be.
    completed: BTreeSet<u32>,
    /// Completed on this connection, without any answer since.
    pending: BTreeSet<u32>,
    /// Completed on a connection that broke before an answer: they may come again.
    perhaps: BTreeSet<u32>,
    /// How often each was seen with which delivery count.
    counts: BTreeMap<u32, u32>,
}

impl Letters {
    pub(super) fn of(session: &str) -> Self {
        Self { session: session.to_owned(), ..Self::default() }
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.accepted.len()
    }

    /// Sends, receives and completes until the broker is dead, which this client does not always
    /// notice; `note` is told of progress.
    pub(super) async fn exchange_on(
        mut self,
        at: SocketAddr,
        dead: CancellationToken,
        note: impl Fn(),
    ) -> Self {
        tokio::select! {
            broken = self.exchange(at, note) => assert_eq!(broken, None),
            () = dead.cancelled() => {}
        }
        self
    }

    /// The same, until the connection breaks.
    async fn exchange(&mut self, at: SocketAddr, note: impl Fn()) -> Option<()> {
        let mut client = Client::connect_to(at).await;
        let mut sender = client.sender("orders").await;
        let mut receiver = client.receiver(ALL, Some(&self.session), 1_000).await;
        self.perhaps.append(&mut self.pending);
        loop {
            for _ in 0..3 {
                self.sent += 1;
                self.send(&mut sender, self.sent).await?;
                note();
            }
            // The second of three is left locked, so that there is something under way.
            let delivery = soon(receiver.recv::<AmqpValue<String>>()).await.ok()?;
            let number = self.received(&delivery);
            self.pending.insert(number);
            receiver.accept(&delivery).await.ok()?;
            let delivery = soon(receiver.recv::<AmqpValue<String>>()).await.ok()?;
            self.received(&delivery);
            // What was said before on this connection is done before this is answered.
            self.sent += 1;
            self.send(&mut sender, self.sent).await?;
            self.completed.append(&mut self.pending);
        }
    }

    async fn send(&mut self, sender: &mut fe2o3_amqp::Sender, number: u32) -> Option<()> {
        let outcome = soon(sender.send(message(&self.session, number))).await.ok()?;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        self.accepted.insert(number);
        Some(())
    }

    /// Takes note of a delivery; each further one must show a higher count.
    fn received(
        &mut self,
        delivery: &fe2o3_amqp::link::delivery::Delivery<AmqpValue<String>>,
    ) -> u32 {
        let body = &delivery.body().0;
        let number = body.trim_start_matches("body ").parse().expect("a number");
        let count = delivery_count(delivery);
        let before = self.counts.insert(number, count);
        assert!(before.is_none_or(|before| before < count), "{number}: {before:?}, then {count}");
        assert!(!self.completed.contains(&number), "{number} was completed, and came again");
        self.perhaps.remove(&number);
        number
    }

    /// Sends everything again: what was accepted is dropped as a duplicate, what was in doubt is
    /// there now.
    pub(super) async fn repeat(&mut self, at: SocketAddr) {
        let mut client = Client::connect_to(at).await;
        let mut sender = client.sender("orders").await;
        for number in 1..=self.sent {
            self.send(&mut sender, number).await.expect("it is taken");
        }
    }

    /// How many messages there must be, at least and at most.
    pub(super) fn left(&mut self) -> (usize, usize) {
        self.perhaps.append(&mut self.pending);
        let most = self.accepted.len() - self.completed.len();
        (most - self.perhaps.len(), most)
    }

    /// Receives everything that is there, completes it, and checks that it is what must be there;
    /// answers how much it was.
    pub(super) async fn drain(&mut self, at: SocketAddr) -> usize {
        let mut client = Client::connect_to(at).await;
        // The last of all: what comes before it is everything.
        let mut sender = client.sender("orders").await;
        self.sent += 1;
        let last = self.sent;
        self.send(&mut sender, last).await.expect("it is taken");
        let mut receiver = client.receiver(ALL, Some(&self.session), 50).await;
        let doubts = self.perhaps.clone();
        let mut found = BTreeSet::new();
        while !found.contains(&last) {
            let delivery = soon(receiver.recv::<AmqpValue<String>>()).await.expect("a message");
            let number = self.received(&delivery);
            assert!(found.insert(number), "{number} is there twice");
            receiver.accept(&delivery).await.expect("it is settled");
        }
        let gone = self.completed.union(&doubts).copied().collect();
        let must: BTreeSet<u32> = self.accepted.difference(&gone).copied().collect();
        assert!(must.is_subset(&found), "lost: {:?}", must.difference(&found));
        found.len() - 1
    }

    /// Says which session it is.
    pub(super) fn session(&self) -> &str {
        &self.session
    }
}
