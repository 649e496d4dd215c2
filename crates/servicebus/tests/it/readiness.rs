//! Readiness: which dependency is not ready, and why.

use std::time::Duration;

use domain::ports::Publisher as _;
use domain::retry::Patience;
use domain::{Chain, Fault};
use futures_util::future::join_all;
use servicebus::Tuning;

use crate::peer::{Peer, Script};
use crate::world::{World, bounded, event, publisher, tuning, until};

/// An address on loopback where nobody listens.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_publisher_is_ready_once_the_topic_let_it_in() {
    let world = World::answering([]).await;
    assert!(bounded(world.publisher.ready()).await.is_ok());
    assert_eq!(world.peer.seen().links, 1);
    assert!(bounded(world.publisher.ready()).await.is_ok());
    assert_eq!(world.peer.seen().links, 1);
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_named_with_the_cause() {
    let address = nobody().await;
    let publisher = publisher(&address, tuning());
    let fault = bounded(publisher.ready()).await.unwrap_err();
    let said = Chain(&fault).to_string();
    assert!(said.starts_with(&format!("unavailable: cannot reach {address}: ")), "{said}");
}

#[tokio::test]
async fn a_refused_token_is_told_by_readiness_too() {
    let world = World::new(Script { token_statuses: [403].into(), ..Script::default() }).await;
    let fault = bounded(world.publisher.ready()).await.unwrap_err();
    assert!(matches!(fault, Fault::Misconfigured { .. }), "{fault:?}");
}

#[tokio::test]
async fn asking_for_readiness_mends_the_link_though_nobody_publishes() {
    let world = World::new(Script { token_statuses: [500].into(), ..Script::default() }).await;
    assert!(bounded(world.publisher.ready()).await.is_err());
    bounded(async {
        while world.publisher.ready().await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn between_attempts_everyone_is_told_at_once_and_nobody_knocks() {
    let pause = Duration::from_mins(10);
    let reconnect = Patience { pause_min: pause, pause_max: pause, attempts_max: None };
    let peer = Peer::start(Script { token_statuses: [500; 9].into(), ..Script::default() }).await;
    let publisher = publisher(&peer.address.to_string(), Tuning { reconnect, ..tuning() });
    for _ in 0..5 {
        let fault = bounded(publisher.publish(&event("o", 1))).await.unwrap_err();
        assert!(matches!(fault, Fault::Unavailable(_)), "{fault:?}");
    }
    until(|| peer.seen().tokens.len() == 1).await;
    assert_eq!(publisher.measured().connections, 1);
}

#[tokio::test]
async fn those_who_wait_behind_a_failed_attempt_fail_with_it() {
    let world = World::new(Script { token_statuses: [500; 9].into(), ..Script::default() }).await;
    let orders: Vec<_> = (0..20).map(|n| event(&format!("o{n}"), 1)).collect();
    for outcome in join_all(orders.iter().map(|order| world.publish(order))).await {
        assert!(matches!(outcome, Err(Fault::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!(world.publisher.measured().connections, 1);
}
