//! A client of another make, the fe2o3-amqp crate, sends and receives through real sockets.

use super::servicebus::{ALL, Bus, soon};
use fe2o3_amqp::{
    Connection, Receiver, Sender, Session,
    connection::ConnectionHandle,
    link::{delivery::Delivery, receiver::CreditMode},
    sasl_profile::SaslProfile,
    session::SessionHandle,
    types::{
        messaging::{AmqpValue, Message, Outcome, Properties, Source},
        primitives::{OrderedMap, Symbol, Value},
    },
};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpStream;

/// Opens a connection, and a session in it.
pub(crate) async fn open(at: SocketAddr) -> (ConnectionHandle<()>, SessionHandle<()>) {
    let stream = TcpStream::connect(at).await.expect("it listens");
    stream.set_nodelay(true).expect("an option of every socket");
    let plain = SaslProfile::Plain {
        username: "RootManageSharedAccessKey".to_owned(),
        password: "SAS_KEY_VALUE".to_owned(),
    };
    let builder = Connection::builder().container_id("test").hostname("localhost");
    let opening = builder.scheme("amqp").sasl_profile(plain).open_with_stream(stream);
    let mut connection = soon(opening).await.expect("it opens");
    let session = soon(Session::begin(&mut connection)).await.expect("it begins");
    (connection, session)
}

/// A connection with a session.
pub(crate) struct Client {
    connection: ConnectionHandle<()>,
    session: SessionHandle<()>,
}

impl Client {
    async fn connect(bus: &Bus) -> Self {
        Self::connect_to(bus.at).await
    }

    pub(crate) async fn connect_to(at: SocketAddr) -> Self {
        let (connection, session) = open(at).await;
        Self { connection, session }
    }

    /// What the broker says as it closes the connection.
    pub(crate) async fn closed(&mut self) -> String {
        soon(self.connection.on_close()).await.expect_err("it was forced").to_string()
    }

    pub(crate) async fn sender(&mut self, address: &str) -> Sender {
        soon(Sender::attach(&mut self.session, "sender", address)).await.expect("it attaches")
    }

    pub(crate) async fn receiver(
        &mut self,
        address: &str,
        session: Option<&str>,
        credit: u32,
    ) -> Receiver {
        let mut source = Source::builder().address(address).build();
        if let Some(session) = session {
            let mut filter = OrderedMap::new();
            let key = Symbol::from("com.microsoft:session-filter");
            filter.insert(key, Value::String(session.to_owned()));
            source.filter = Some(filter);
        }
        let builder = Receiver::builder().name(format!("receiver-{credit}")).source(source);
        let builder = builder.credit_mode(CreditMode::Auto(credit)).target("test");
        soon(builder.attach(&mut self.session)).await.expect("it attaches")
    }
}

/// A message with an id, in a session of its own name.
pub(crate) fn message(session: &str, number: u32) -> Message<AmqpValue<String>> {
    let properties = Properties::builder()
        .message_id(format!("{session}.{number}"))
        .group_id(session.to_owned())
        .build();
    Message::builder().properties(properties).value(format!("body {number}")).build()
}

async fn send(sender: &mut Sender, message: Message<AmqpValue<String>>) -> Outcome {
    soon(sender.send(message)).await.expect("an outcome")
}

async fn receive(receiver: &mut Receiver) -> Delivery<AmqpValue<String>> {
    soon(receiver.recv()).await.expect("a message")
}

fn body(delivery: &Delivery<AmqpValue<String>>) -> &str {
    &delivery.body().0
}

pub(crate) fn delivery_count(delivery: &Delivery<AmqpValue<String>>) -> u32 {
    delivery.message().header.as_ref().map_or(0, |header| header.delivery_count)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_events_arrives_once_and_in_order() {
    let bus = Bus::shop().await;
    let mut client = Client::connect(&bus).await;
    let mut sender = client.sender("orders").await;
    for number in [1, 2, 2, 1, 3] {
        assert!(matches!(send(&mut sender, message("o", number)).await, Outcome::Accepted(_)));
    }
    let mut receiver = client.receiver(ALL, Some("o"), 10).await;
    for number in 1..=3 {
        let delivery = receive(&mut receiver).await;
        assert_eq!(body(&delivery), format!("body {number}"));
        soon(receiver.accept(&delivery)).await.expect("it is settled");
    }
    bus.until("/entities/orders~1Subscriptions~1all/active", 0).await;
    assert_eq!(bus.count("/entities/orders/accepted"), 5);
    assert_eq!(bus.count("/entities/orders/duplicatesDropped"), 2);
    assert_eq!(bus.count("/wire/deliveriesIn"), 5);
    assert_eq!(bus.count("/wire/deliveriesOut"), 3);
    assert_eq!(bus.count("/wire/settlements"), 3);
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sends_in_flight_keep_their_order() {
    let bus = Bus::shop().await;
    let mut client = Client::connect(&bus).await;
    let mut sender = client.sender("orders").await;
    let mut open = Vec::new();
    for number in 0..3_000 {
        open.push(soon(sender.send_batchable(message("o", number))).await.expect("it is sent"));
    }
    for outcome in open {
        assert!(matches!(soon(outcome).await, Ok(Outcome::Accepted(_))));
    }
    let mut receiver = client.receiver(ALL, Some("o"), 100).await;
    for number in 0..3_000 {
        let delivery = receive(&mut receiver).await;
        assert_eq!(body(&delivery), format!("body {number}"));
        soon(receiver.accept(&delivery)).await.expect("it is settled");
    }
    bus.until("/entities/orders~1Subscriptions~1all/active", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_wakes_a_receiver_on_another_connection() {
    let bus = Bus::queue(json!({})).await;
    let (mut one, mut other) = (Client::connect(&bus).await, Client::connect(&bus).await);
    let mut receiver = one.receiver("q", None, 1).await;
    let mut sender = other.sender("q").await;
    let (delivery, _) = tokio::join!(receive(&mut receiver), send(&mut sender, message("s", 1)));
    assert_eq!(body(&delivery), "body 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_without_settling_loses_no_message() {
    let bus = Bus::shop().await;
    let mut client = Client::connect(&bus).await;
    let mut sender = client.sender("orders").await;
    for number in 1..=2 {
        send(&mut sender, message("o", number)).await;
    }
    let mut doomed = Client::connect(&bus).await;
    let mut receiver = doomed.receiver(ALL, Some("o"), 1).await;
    assert_eq!(delivery_count(&receive(&mut receiver).await), 0);
    drop((receiver, doomed));
    bus.until("/connections", 1).await;
    let mut receiver = client.receiver(ALL, Some("o"), 2).await;
    let counts = [receive(&mut receiver).await, receive(&mut receiver).await];
    assert_eq!(counts.each_ref().map(body), ["body 1", "body 2"]);
    assert_eq!(delivery_count(&counts[0]), 0, "it has said goodbye");
}

#[tokio::test(flavor = "multi_thread")]
async fn advancing_the_clock_ends_a_lock() {
    let bus = Bus::queue(json!({ "LockDuration": "PT1M" })).await;
    let mut client = Client::connect(&bus).await;
    let mut sender = client.sender("q").await;
    send(&mut sender, message("s", 1)).await;
    let mut receiver = client.receiver("q", None, 2).await;
    assert_eq!(delivery_count(&receive(&mut receiver).await), 0);
    bus.clock.advance(Duration::from_mins(2));
    let again = receive(&mut receiver).await;
    assert_eq!(delivery_count(&again), 1);
    soon(receiver.accept(&again)).await.expect("it is settled");
    bus.until("/entities/q/active", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_drops_the_answer_and_keeps_the_message() {
    let bus = Bus::shop().await;
    bus.fault(json!({
        "target": "servicebus", "entity": "orders", "operation": "transfer", "action": "drop-after",
    }));
    let mut client = Client::connect(&bus).await;
    let mut sender = client.sender("orders").await;
    // The crate may wait for an outcome that cannot come any more: the connection tells.
    tokio::select! {
        outcome = sender.send(message("o", 1)) => assert!(outcome.is_err()),
        closed = soon(client.connection.on_close()) => assert!(closed.is_err()),
    }
    bus.until("/connections", 0).await;

    let mut client = Client::connect(&bus).await;
    let mut sender = client.sender("orders").await;
    assert!(matches!(send(&mut sender, message("o", 1)).await, Outcome::Accepted(_)));
    assert_eq!(bus.count("/entities/orders/duplicatesDropped"), 1);
    assert_eq!(bus.count("/entities/orders~1Subscriptions~1all/active"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_rejects_and_then_accepts() {
    let bus = Bus::shop().await;
    bus.fault(json!({ "target": "servicebus", "operation": "transfer", "action": "server-busy" }));
    let mut client = Client::connect(&bus).await;
    let mut sender = client.sender("orders").await;
    assert!(matches!(send(&mut sender, message("o", 1)).await, Outcome::Rejected(_)));
    assert!(matches!(send(&mut sender, message("o", 1)).await, Outcome::Accepted(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_says_goodbye_to_every_client() {
    let bus = Bus::shop().await;
    let mut client = Client::connect(&bus).await;
    let sender = client.sender("orders").await;
    bus.end().await;
    let told = client.closed().await;
    assert!(told.contains("shutting down") || told.contains("ConnectionForced"), "{told}");
    drop(sender);
}
