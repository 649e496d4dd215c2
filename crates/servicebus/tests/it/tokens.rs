//! The token is presented before the link is asked for, and again before it expires.

use std::time::Duration;

use domain::Fault;
use servicebus::Tuning;

use crate::peer::{Act, Script};
use crate::world::{World, event, tuning, until};

#[tokio::test]
async fn the_token_is_for_the_topic_and_signed_with_the_key() {
    let world = World::answering([]).await;
    assert!(matches!(world.publish(&event("o", 1)).await, Ok(1)));
    let seen = world.peer.seen();
    let [(audience, token)] = &seen.tokens[..] else { panic!("{seen:?}") };
    assert_eq!(audience, &format!("sb://{}/orders", world.peer.address));
    assert!(token.starts_with("SharedAccessSignature sr=sb%3A%2F%2F127.0.0.1"), "{token}");
    assert!(token.ends_with("&skn=send"), "{token}");
}

#[tokio::test]
async fn the_token_is_renewed_before_it_expires_and_the_link_stays() {
    let token_life = Duration::from_millis(200);
    let world = World::tuned(Script::default(), Tuning { token_life, ..tuning() }).await;
    assert!(matches!(world.publish(&event("o", 1)).await, Ok(1)));
    until(|| 2 <= world.publisher.measured().renewals).await;
    assert!(matches!(world.publish(&event("o", 2)).await, Ok(1)));
    let seen = world.peer.seen();
    assert!(3 <= seen.tokens.len());
    assert_eq!((seen.connections, seen.links), (1, 1));
}

#[tokio::test]
async fn a_refused_renewal_costs_nothing_while_the_token_before_it_holds() {
    let script = Script { token_statuses: [202, 401].into(), ..Script::default() };
    // A quarter of it is left for the second attempt, however slow the machine.
    let token_life = Duration::from_secs(12);
    let world = World::tuned(script, Tuning { token_life, ..tuning() }).await;
    assert!(matches!(world.publish(&event("o", 1)).await, Ok(1)));
    until(|| world.publisher.measured().renewals == 1).await;
    assert!(matches!(world.publish(&event("o", 2)).await, Ok(1)));
    let seen = world.peer.seen();
    assert_eq!((seen.connections, seen.links, seen.tokens.len()), (1, 1, 3));
}

#[tokio::test]
async fn a_refused_token_names_the_status_and_sends_nothing() {
    let script = Script { token_statuses: [401; 3].into(), ..Script::default() };
    let world = World::new(script).await;
    let fault = world.publish(&event("o", 1)).await.unwrap_err();
    assert!(matches!(fault, Fault::Misconfigured { .. }), "{fault:?}");
    assert!(fault.to_string().contains("amqp:unauthorized-access: 401"), "{fault}");
    assert!(world.peer.seen().transfers.is_empty());
}

#[tokio::test]
async fn a_token_that_is_answered_with_200_is_taken() {
    let script = Script { token_statuses: [200].into(), ..Script::default() };
    let world = World::new(script).await;
    assert!(matches!(world.publish(&event("o", 1)).await, Ok(1)));
}

#[tokio::test]
async fn a_new_link_begins_with_a_new_token() {
    let world = World::answering([Act::Detach("amqp:unauthorized-access")]).await;
    assert!(world.publish(&event("o", 1)).await.is_err());
    assert_eq!(world.publish_until_taken(&event("o", 1)).await, 1);
    let seen = world.peer.seen();
    assert_eq!((seen.connections, seen.links, seen.tokens.len()), (1, 2, 2));
}
