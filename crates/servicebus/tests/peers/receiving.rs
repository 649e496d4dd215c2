//! Receiving: what arrives, and what becomes of it.

use crate::world::{bounded, brokers, events, ids, is_empty, publish, queue, receive, rhea};

#[tokio::test]
async fn a_message_arrives_with_everything_on_it() {
    for broker in brokers() {
        let queue = queue("whole");
        publish(&broker.publisher(&queue), &events("o", 1, 1, 10)).await;
        let mut receiver = broker.receiver(&queue).await;
        let got = receive(&mut receiver, 1).await;
        let message = got.first().unwrap();
        assert_eq!(message.message_id.as_deref(), Some("o.1"), "{}", broker.name);
        assert_eq!(message.session_id.as_deref(), Some("o"), "{}", broker.name);
        assert_eq!(message.subject.as_deref(), Some("OrderPlaced"), "{}", broker.name);
        assert_eq!(message.content_type.as_deref(), Some("application/json"), "{}", broker.name);
        assert_eq!(message.correlation_id.as_deref(), Some("o"), "{}", broker.name);
        assert_eq!(message.integer("sequence"), Some(1), "{}", broker.name);
        assert_eq!(message.text("cloudEvents:id"), Some("o.1"), "{}", broker.name);
        assert_eq!(message.body_text(), "\"xxxxxxxxxx\"", "{}", broker.name);
        assert_eq!(message.delivery_count, 0, "{}", broker.name);
    }
}

#[tokio::test]
async fn what_is_completed_is_gone() {
    for broker in brokers() {
        let queue = queue("completed");
        publish(&broker.publisher(&queue), &events("o", 1, 1, 10)).await;
        let mut receiver = broker.receiver(&queue).await;
        let got = receive(&mut receiver, 1).await;
        bounded(receiver.complete(got.first().unwrap())).await.unwrap();
        bounded(receiver.close()).await;
        let mut other = broker.receiver(&queue).await;
        assert!(is_empty(&mut other).await, "{}", broker.name);
    }
}

/// RabbitMQ 3 knows no `modified` of a receiver, and ends the session on it.
#[tokio::test]
async fn what_is_abandoned_comes_again_and_says_how_often() {
    let broker = rhea();
    let queue = queue("abandoned");
    publish(&broker.publisher(&queue), &events("o", 1, 1, 10)).await;
    let mut receiver = broker.receiver(&queue).await;
    for count in 0..3 {
        let got = receive(&mut receiver, 1).await;
        let message = got.first().unwrap();
        assert_eq!(message.delivery_count, count);
        bounded(receiver.abandon(message)).await.unwrap();
    }
}

#[tokio::test]
async fn a_dead_letter_does_not_come_again() {
    for broker in brokers() {
        let queue = queue("dead");
        publish(&broker.publisher(&queue), &events("o", 1, 1, 10)).await;
        let mut receiver = broker.receiver(&queue).await;
        let got = receive(&mut receiver, 1).await;
        let message = got.first().unwrap();
        bounded(receiver.dead_letter(message, "Poison", "cannot be read")).await.unwrap();
        assert!(is_empty(&mut receiver).await, "{}", broker.name);
        bounded(receiver.close()).await;
        let mut other = broker.receiver(&queue).await;
        assert!(is_empty(&mut other).await, "{}", broker.name);
    }
}

#[tokio::test]
async fn dead_letters_are_received_where_the_broker_keeps_them() {
    let broker = rhea();
    let queue = queue("kept");
    publish(&broker.publisher(&queue), &events("o", 1, 1, 10)).await;
    let mut receiver = broker.receiver(&queue).await;
    let got = receive(&mut receiver, 1).await;
    bounded(receiver.dead_letter(got.first().unwrap(), "Poison", "why")).await.unwrap();
    let mut dead = broker.receiver(&format!("{queue}/$DeadLetterQueue")).await;
    assert_eq!(ids(&receive(&mut dead, 1).await), ["o.1"]);
}

#[tokio::test]
async fn a_receiver_that_leaves_gives_back_what_it_did_not_settle() {
    for broker in brokers() {
        let queue = queue("left");
        let publisher = broker.publisher(&queue);
        for number in 1..=3 {
            publish(&publisher, &events("o", number, number, 10)).await;
        }
        let mut receiver = broker.receiver(&queue).await;
        assert_eq!(ids(&receive(&mut receiver, 3).await), ["o.1", "o.2", "o.3"]);
        bounded(receiver.close()).await;
        let mut other = broker.receiver(&queue).await;
        let again = receive(&mut other, 3).await;
        assert_eq!(ids(&again), ["o.1", "o.2", "o.3"], "{}", broker.name);
    }
}

#[tokio::test]
async fn no_more_come_than_were_asked_for() {
    for broker in brokers() {
        let queue = queue("credit");
        let publisher = broker.publisher(&queue);
        for number in 1..=10 {
            publish(&publisher, &events("o", number, number, 10)).await;
        }
        let consumer = broker.consumer(&queue).await;
        let mut modest = bounded(consumer.receiver()).await.unwrap();
        assert_eq!(ids(&receive(&mut modest, 4).await).len(), 4, "{}", broker.name);
        // The rest is there for others, at once.
        let mut other = broker.receiver(&queue).await;
        let rest = receive(&mut other, 6).await;
        let expected: Vec<_> = (5..=10).map(|number| format!("o.{number}")).collect();
        assert_eq!(ids(&rest), expected, "{}", broker.name);
    }
}
