//! Sending: one by one, many at once, in batches, and what is refused.

use domain::ports::Publisher as _;
use domain::{Envelope, Fault};
use futures_util::future::join_all;
use servicebus::{Login, ServiceBusPublisher, Tuning};

use crate::world::{
    bounded, brokers, events, ids, is_empty, publish, queue, rabbitmq, receive, rhea,
};

#[tokio::test]
async fn awaited_sends_arrive_in_order() {
    for broker in brokers() {
        let queue = queue("awaited");
        let publisher = broker.publisher(&queue);
        for number in 1..=20 {
            assert_eq!(publish(&publisher, &events("o", number, number, 10)).await, 1);
        }
        let mut receiver = broker.receiver(&queue).await;
        let expected: Vec<_> = (1..=20).map(|number| format!("o.{number}")).collect();
        assert_eq!(ids(&receive(&mut receiver, 20).await), expected, "{}", broker.name);
        publisher.close().await;
    }
}

/// Publishes one after the other.
async fn publish_all(publisher: &ServiceBusPublisher, orders: &[Vec<Envelope>]) -> usize {
    let mut taken = 0;
    for order in orders {
        taken += publisher.publish(order).await.unwrap();
    }
    taken
}

#[tokio::test]
async fn many_sends_in_flight_arrive_in_order_over_one_connection() {
    const MANY: u32 = 1_000;
    for broker in brokers() {
        let queue = queue("pipelined");
        let publisher = broker.publisher(&queue);
        let orders: Vec<_> = (1..=MANY).map(|number| events("o", number, number, 1_000)).collect();
        let sent = join_all(orders.chunks(50).map(|lane| publish_all(&publisher, lane)));
        assert_eq!(bounded(sent).await.iter().sum::<usize>(), MANY as usize, "{}", broker.name);
        let measured = publisher.measured();
        assert_eq!((measured.connections, measured.links, measured.losses), (1, 1, 0));
        let mut receiver = broker.receiver(&queue).await;
        let got = receive(&mut receiver, MANY as usize).await;
        let numbers: Vec<_> = got.iter().filter_map(|it| it.integer("sequence")).collect();
        for lane in 0..i64::from(MANY) / 50 {
            let of_lane = numbers.iter().filter(|number| (**number - 1) / 50 == lane);
            let expected: Vec<_> = (lane * 50 + 1..=lane * 50 + 50).collect();
            assert!(of_lane.eq(&expected), "{}, lane {lane}", broker.name);
        }
    }
}

#[tokio::test]
async fn a_message_of_several_frames_arrives_whole() {
    for broker in brokers() {
        let queue = queue("large");
        let publisher = broker.publisher(&queue);
        assert_eq!(publish(&publisher, &events("o", 1, 1, 200_000)).await, 1, "{}", broker.name);
        let mut receiver = broker.receiver(&queue).await;
        let got = receive(&mut receiver, 1).await;
        assert_eq!(got.first().unwrap().body.len(), 200_002, "{}", broker.name);
    }
}

#[tokio::test]
async fn a_batch_is_one_transfer_and_is_taken_whole() {
    for broker in brokers() {
        let queue = queue("batch");
        let publisher = broker.publisher(&queue);
        assert_eq!(publish(&publisher, &events("o", 1, 5, 100)).await, 5, "{}", broker.name);
        assert_eq!(publisher.measured().transfers, 1, "{}", broker.name);
        let mut receiver = broker.receiver(&queue).await;
        let expected = if broker.knows_batches { 5 } else { 1 };
        let got = receive(&mut receiver, expected).await;
        assert!(is_empty(&mut receiver).await, "{}", broker.name);
        if broker.knows_batches {
            assert_eq!(ids(&got), ["o.1", "o.2", "o.3", "o.4", "o.5"]);
            assert!(got.iter().all(|message| message.session_id.as_deref() == Some("o")));
        } else {
            // It hands on what it does not understand: every message is in there.
            assert_eq!(ids(&got), ["o.1"]);
            let body = got.first().unwrap().body_text();
            assert!((1..=5).all(|number| body.contains(&format!("o.{number}"))), "{}", broker.name);
        }
    }
}

#[tokio::test]
async fn a_refused_message_is_told_from_one_that_is_released() {
    let broker = rhea();
    let publisher = broker.publisher(&queue("refuse"));
    let refused = bounded(publisher.publish(&events("o", 1, 1, 10))).await;
    assert!(matches!(refused, Err(Fault::Rejected { .. })), "{refused:?}");
    let publisher = broker.publisher(&queue("release"));
    let released = bounded(publisher.publish(&events("o", 1, 1, 10))).await;
    assert!(matches!(released, Err(Fault::Unavailable(_))), "{released:?}");
}

#[tokio::test]
async fn a_wrong_password_is_a_mistake_in_the_set_up_and_no_outage() {
    for broker in [rabbitmq(), rhea()] {
        let login = Login::Plain { user: "guest".to_owned(), password: "wrong".to_owned() };
        let account = broker.account_as(login);
        let made = ServiceBusPublisher::with_tuning(account, "q", "/orders", Tuning::default());
        let publisher = made.unwrap();
        let refused = bounded(publisher.publish(&events("o", 1, 1, 10))).await;
        assert!(
            matches!(refused, Err(Fault::Misconfigured { .. })),
            "{}: {refused:?}",
            broker.name
        );
        assert!(!format!("{refused:?}").contains("wrong"), "{}", broker.name);
    }
}
