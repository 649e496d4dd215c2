//! What the broker refuses, and why, arrives as the right fault.

use std::time::Duration;

use domain::Fault;

use crate::peer::{Act, Script};
use crate::world::{World, event, events};

async fn fault_of(act: Act) -> Fault {
    let world = World::answering([act]).await;
    let fault = world.publish(&event("o", 1)).await.unwrap_err();
    // The link is none the worse for it.
    assert!(matches!(world.publish(&event("p", 1)).await, Ok(1)));
    assert_eq!(world.peer.seen().links, 1);
    fault
}

#[tokio::test]
async fn content_that_is_refused_is_rejected_with_the_condition_as_reason() {
    let fault = fault_of(Act::Reject("amqp:not-allowed")).await;
    assert_eq!(fault.to_string(), "rejected: amqp:not-allowed: as the script says");
}

#[tokio::test]
async fn a_busy_namespace_asks_for_two_seconds() {
    let fault = fault_of(Act::Reject("com.microsoft:server-busy")).await;
    let Fault::Throttled { after: Some(after) } = fault else { panic!("{fault:?}") };
    assert!(Duration::from_secs(2) <= after);
}

#[tokio::test]
async fn a_full_or_missing_topic_is_a_matter_of_the_set_up() {
    for condition in ["amqp:resource-limit-exceeded", "com.microsoft:entity-disabled"] {
        let fault = fault_of(Act::Reject(condition)).await;
        assert!(matches!(fault, Fault::Misconfigured { .. }), "{condition}: {fault:?}");
    }
}

#[tokio::test]
async fn what_is_handed_back_was_not_taken() {
    for act in [Act::Release, Act::RejectSilently] {
        let fault = fault_of(act).await;
        assert!(matches!(fault, Fault::Unavailable(_)), "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_too_large_for_the_topic_is_rejected_before_it_is_sent() {
    let script = Script { max_message_size: Some(2_000), ..Script::default() };
    let world = World::new(script).await;
    let fault = world.publish(&events("o", 1, 1, 3_000)).await.unwrap_err();
    assert!(matches!(fault, Fault::Rejected { .. }), "{fault:?}");
    assert!(fault.to_string().contains("amqp:link:message-size-exceeded"), "{fault}");
    assert!(fault.to_string().contains("the topic takes 2000"), "{fault}");
    assert!(matches!(world.publish(&event("p", 1)).await, Ok(1)));
    assert_eq!(world.peer.seen().transfers.len(), 1);
}
