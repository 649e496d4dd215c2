//! Receiving: what arrives, in what form, and how it is settled.

use std::time::Duration;

use fe2o3_amqp_types::messaging::Outcome;
use servicebus::{Account, Entity, MessageReceiver, ServiceBusConsumer};

use crate::peer::subscription::message;
use crate::peer::{Peer, Script};
use crate::world::{bounded, until};

const WAIT: Duration = Duration::from_secs(10);

async fn peer(messages: i64) -> Peer {
    let messages = (1..=messages).map(message).collect();
    Peer::start(Script { messages, ..Script::default() }).await
}

async fn consumer(peer: &Peer) -> ServiceBusConsumer {
    let text = format!(
        "Endpoint=sb://{};SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true",
        peer.address
    );
    let account = Account::from_connection_string(&text).unwrap();
    let entity = Entity::subscription("orders", "all");
    bounded(ServiceBusConsumer::open(&account, &entity)).await.unwrap()
}

async fn receiver(consumer: &ServiceBusConsumer) -> MessageReceiver {
    bounded(consumer.receiver()).await.unwrap()
}

#[tokio::test]
async fn a_message_arrives_with_everything_on_it() {
    let peer = peer(1).await;
    let mut receiver = receiver(&consumer(&peer).await).await;
    let got = bounded(receiver.receive(1, WAIT)).await.unwrap();
    let [message] = &got[..] else { panic!("{got:?}") };
    assert_eq!(message.message_id.as_deref(), Some("o.1"));
    assert_eq!(message.session_id.as_deref(), Some("o"));
    assert_eq!(message.subject.as_deref(), Some("OrderPlaced"));
    assert_eq!(message.content_type.as_deref(), Some("application/json"));
    assert_eq!(message.correlation_id.as_deref(), Some("o"));
    assert_eq!(message.integer("sequence"), Some(1));
    assert_eq!(message.text("cloudEvents:type"), Some("OrderPlaced"));
    assert_eq!(message.body_text(), r#"{"quantity":3}"#);
    assert_eq!(message.sequence_number, Some(1));
    assert_eq!(message.delivery_count, 2);
    assert_eq!(message.enqueued_at.unwrap().as_millisecond(), 1_500);
}

#[tokio::test]
async fn as_many_are_received_as_were_asked_for_and_the_rest_later() {
    let peer = peer(7).await;
    let mut receiver = receiver(&consumer(&peer).await).await;
    let mut numbers = Vec::new();
    for most in [5, 5] {
        let got = bounded(receiver.receive(most, WAIT)).await.unwrap();
        numbers.extend(got.iter().filter_map(|message| message.sequence_number));
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn nothing_there_is_an_empty_answer() {
    let peer = peer(0).await;
    let mut receiver = receiver(&consumer(&peer).await).await;
    let got = bounded(receiver.receive(5, Duration::from_millis(20))).await.unwrap();
    assert!(got.is_empty());
}

#[tokio::test]
async fn each_way_to_settle_has_its_outcome_on_the_wire() {
    let peer = peer(3).await;
    let mut receiver = receiver(&consumer(&peer).await).await;
    let got = bounded(receiver.receive(3, WAIT)).await.unwrap();
    let [done, later, never] = &got[..] else { panic!("{got:?}") };
    receiver.complete(done).await.unwrap();
    receiver.abandon(later).await.unwrap();
    receiver.dead_letter(never, "poison", "cannot be read").await.unwrap();
    until(|| peer.seen().outcomes.len() == 3).await;
    let outcomes = peer.seen().outcomes;
    assert!(matches!(outcomes[0], Outcome::Accepted(_)), "{outcomes:?}");
    let Outcome::Modified(modified) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!(modified.undeliverable_here, Some(false));
    let Outcome::Rejected(rejected) = &outcomes[2] else { panic!("{outcomes:?}") };
    let told = format!("{rejected:?}");
    for part in ["com.microsoft:dead-letter", "DeadLetterReason", "poison", "cannot be read"] {
        assert!(told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn a_session_is_asked_for_by_its_id() {
    let peer = peer(0).await;
    let consumer = consumer(&peer).await;
    let receiver = bounded(consumer.session("order-7")).await.unwrap();
    assert_eq!(receiver.session_id(), Some("order-7"));
    let (address, filter) = peer.seen().attached.remove(0);
    assert_eq!(address, "orders/Subscriptions/all");
    assert!(filter.unwrap().contains("com.microsoft:session-filter"));
}

#[tokio::test]
async fn the_next_session_tells_its_id() {
    let peer = peer(0).await;
    let consumer = consumer(&peer).await;
    let receiver = bounded(consumer.next_session(WAIT)).await.unwrap().unwrap();
    assert_eq!(receiver.session_id(), Some("o"));
}

#[tokio::test]
async fn a_message_that_came_between_two_calls_is_not_lost() {
    let peer = peer(0).await;
    let mut receiver = receiver(&consumer(&peer).await).await;
    assert!(bounded(receiver.receive(2, Duration::ZERO)).await.unwrap().is_empty());
    peer.hand_out([message(1)]);
    let got = bounded(receiver.receive(1, WAIT)).await.unwrap();
    assert_eq!(got[0].sequence_number, Some(1));
}

#[tokio::test]
async fn closing_says_goodbye_and_takes_the_last_receiver_with_it() {
    let peer = peer(1).await;
    let consumer = consumer(&peer).await;
    let mut receiver = receiver(&consumer).await;
    let got = bounded(receiver.receive(1, WAIT)).await.unwrap();
    receiver.complete(&got[0]).await.unwrap();
    bounded(receiver.close()).await;
    until(|| peer.seen().detached == 1).await;
    assert!(matches!(peer.seen().outcomes[..], [Outcome::Accepted(_)]));
    bounded(consumer.close()).await;
}
