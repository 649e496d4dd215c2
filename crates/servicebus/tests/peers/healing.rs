//! Brokers that stop, crash and come back.

use domain::ports::Publisher as _;

use crate::world::{Broker, bounded, events, ids, publish, queue, rabbitmq, receive, rhea};

/// Publishes, ends the broker by this signal, and publishes and receives again: the publisher and
/// the consumer are those of before.
async fn check(broker: Broker, signal: &str) {
    let queue = queue("healing");
    let publisher = broker.publisher(&queue);
    assert_eq!(publish(&publisher, &events("o", 1, 1, 10)).await, 1);
    let consumer = broker.consumer(&queue).await;
    let mut receiver = bounded(consumer.receiver()).await.unwrap();
    let got = receive(&mut receiver, 1).await;
    bounded(receiver.complete(got.first().unwrap())).await.unwrap();
    broker.signal(signal);
    // Whoever is receiving just then is told, and does not wait for ever.
    while bounded(receiver.receive(1, crate::world::LULL)).await.is_ok() {}
    assert_eq!(publish(&publisher, &events("o", 2, 2, 10)).await, 1, "{}", broker.name);
    bounded(publisher.ready()).await.unwrap();
    let mut receiver = bounded(async {
        loop {
            if let Ok(receiver) = consumer.receiver().await {
                return receiver;
            }
        }
    })
    .await;
    assert_eq!(ids(&receive(&mut receiver, 1).await), ["o.2"], "{}", broker.name);
    assert!(2 <= publisher.measured().connections, "{}", broker.name);
    bounded(receiver.close()).await;
    bounded(publisher.close()).await;
}

#[tokio::test]
async fn rabbitmq_that_is_restarted_is_found_again() {
    check(rabbitmq(), "TERM").await;
}

#[tokio::test]
async fn rhea_that_crashes_is_found_again() {
    check(rhea(), "KILL").await;
}

#[tokio::test]
async fn what_is_in_flight_while_a_broker_crashes_is_published_again() {
    let broker = rhea();
    let queue = queue("flight");
    let publisher = broker.publisher(&queue);
    publish(&publisher, &events("o", 1, 1, 10)).await;
    let orders: Vec<_> = (0..200).map(|number| events(&format!("o{number}"), 1, 1, 10)).collect();
    let publishing = futures_util::future::join_all(orders.iter().map(|o| publish(&publisher, o)));
    let crashing = async { broker.signal("KILL") };
    let (taken, ()) = bounded(async { tokio::join!(publishing, crashing) }).await;
    assert_eq!(taken.iter().sum::<usize>(), 200);
    assert!(2 <= publisher.measured().connections);
}
