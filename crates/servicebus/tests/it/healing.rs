//! The link heals itself, and says honestly what may have happened meanwhile.

use std::time::Duration;

use domain::Fault;
use futures_util::future::join_all;
use servicebus::Tuning;

use crate::peer::{Act, Script};
use crate::world::{World, event, tuning, until};

/// The first transfer ends badly and its settlement is lost; the second one must get through.
async fn check(act: Act, connections: usize) {
    let world = World::answering([act.clone()]).await;
    let lost = world.publish(&event("o", 1)).await;
    assert!(matches!(lost, Err(Fault::Unanswered(_))), "{act:?}: {lost:?}");
    assert_eq!(world.publish_until_taken(&event("o", 1)).await, 1, "{act:?}");
    let seen = world.peer.seen();
    assert_eq!(seen.links, 2, "{act:?}");
    assert_eq!(seen.connections, connections, "{act:?}");
    // INVARIANT(same-id-on-repeat)
    assert!(seen.transfers.iter().all(|transfer| transfer.ids == ["o.1"]), "{act:?}");
}

#[tokio::test]
async fn a_detach_costs_the_link_and_not_the_connection() {
    check(Act::Detach("amqp:link:detach-forced"), 1).await;
}

#[tokio::test]
async fn a_closed_connection_is_opened_again() {
    check(Act::Close("amqp:connection:forced"), 2).await;
}

#[tokio::test]
async fn a_cut_network_is_noticed_and_the_connection_opened_again() {
    check(Act::Cut, 2).await;
}

#[tokio::test]
async fn a_link_that_was_taken_away_while_idle_costs_nobody_a_fault() {
    let world = World::answering([Act::AcceptThenDetach("amqp:link:detach-forced")]).await;
    assert!(matches!(world.publish(&event("o", 1)).await, Ok(1)));
    until(|| world.publisher.measured().losses == 1).await;
    assert!(matches!(world.publish(&event("o", 2)).await, Ok(1)));
    assert_eq!(world.peer.seen().links, 2);
}

#[tokio::test]
async fn everyone_in_flight_learns_that_the_settlement_was_lost() {
    let mut acts = vec![Act::Ignore; 9];
    acts.push(Act::Cut);
    let world = World::answering(acts).await;
    let orders: Vec<_> = (0..10).map(|n| event(&format!("o{n}"), 1)).collect();
    for outcome in join_all(orders.iter().map(|order| world.publish(order))).await {
        assert!(matches!(outcome, Err(Fault::Unanswered(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_settlement_that_never_comes_is_given_up_and_the_connection_made_anew() {
    let settle_within = Duration::from_secs(1);
    let script = Script { acts: [Act::Ignore].into(), ..Script::default() };
    let world = World::tuned(script, Tuning { settle_within, ..tuning() }).await;
    let lost = world.publish(&event("o", 1)).await;
    assert!(matches!(lost, Err(Fault::Unanswered(_))), "{lost:?}");
    until(|| world.publisher.measured().losses == 1).await;
    assert_eq!(world.publish_until_taken(&event("o", 1)).await, 1);
    assert_eq!(world.peer.seen().connections, 2);
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_given_up_before_the_settlement_is_due() {
    let silence_max = Duration::from_secs(1);
    let script = Script { acts: [Act::Freeze].into(), ..Script::default() };
    let world = World::tuned(script, Tuning { silence_max, ..tuning() }).await;
    let lost = world.publish(&event("o", 1)).await;
    assert!(matches!(lost, Err(Fault::Unanswered(_))), "{lost:?}");
    assert_eq!(world.publish_until_taken(&event("o", 1)).await, 1);
    assert_eq!(world.peer.seen().connections, 2);
}

#[tokio::test]
async fn a_topic_that_gives_no_credit_is_an_outage_and_sends_nothing() {
    let credit_within = Duration::from_secs(1);
    let script = Script { acts: [Act::AcceptThenStarve].into(), ..Script::default() };
    let world = World::tuned(script, Tuning { credit_within, ..tuning() }).await;
    assert!(matches!(world.publish(&event("o", 1)).await, Ok(1)));
    let starved = world.publish(&event("o", 2)).await;
    assert!(matches!(starved, Err(Fault::Unavailable(_))), "{starved:?}");
    assert_eq!(world.publish_until_taken(&event("o", 2)).await, 1);
    assert_eq!(world.peer.seen().transfers.len(), 2);
}

#[tokio::test]
async fn settlements_that_never_came_speak_only_against_the_link_they_were_of() {
    let settle_within = Duration::from_secs(1);
    let script = Script { acts: vec![Act::Ignore; 10].into(), ..Script::default() };
    let world = World::tuned(script, Tuning { settle_within, ..tuning() }).await;
    let orders: Vec<_> = (0..10).map(|n| event(&format!("o{n}"), 1)).collect();
    join_all(orders.iter().map(|order| world.publish(order))).await;
    for order in &orders {
        assert_eq!(world.publish_until_taken(order).await, 1);
    }
    assert_eq!(world.publisher.measured().losses, 1);
    assert_eq!(world.peer.seen().connections, 2);
}
