//! The events of one order travel together, as many as fit.

use crate::peer::{Act, Script, Transfer};
use crate::world::{World, event, events};

fn transfer(ids: &[&str], is_batch: bool) -> Transfer {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    Transfer { ids, is_batch, session: "o".to_owned() }
}

#[tokio::test]
async fn the_events_of_one_order_travel_in_one_batch() {
    let world = World::answering([]).await;
    assert!(matches!(world.publish(&events("o", 1, 3, 10)).await, Ok(3)));
    assert_eq!(world.peer.seen().transfers, [transfer(&["o.1", "o.2", "o.3"], true)]);
    let measured = world.publisher.measured();
    assert_eq!((measured.messages, measured.transfers, measured.accepted), (3, 1, 1));
}

#[tokio::test]
async fn a_single_event_travels_without_an_envelope() {
    let world = World::answering([]).await;
    assert!(matches!(world.publish(&event("o", 1)).await, Ok(1)));
    assert_eq!(world.peer.seen().transfers, [transfer(&["o.1"], false)]);
}

#[tokio::test]
async fn as_many_of_the_leading_ones_go_as_the_link_takes() {
    let world = World::new(Script { max_message_size: Some(4_000), ..Script::default() }).await;
    let all = events("o", 1, 5, 1_000);
    let mut rest = &all[..];
    while !rest.is_empty() {
        let taken = world.publish(rest).await.unwrap();
        rest = &rest[taken..];
    }
    let transfers = world.peer.seen().transfers;
    let ids: Vec<_> = transfers.iter().flat_map(|transfer| transfer.ids.clone()).collect();
    assert_eq!(ids, ["o.1", "o.2", "o.3", "o.4", "o.5"]);
    assert!((2..5).contains(&transfers.len()), "{transfers:?}");
}

#[tokio::test]
async fn a_first_that_no_batch_holds_goes_by_itself_or_is_rejected_by_itself() {
    let world = World::new(Script { max_message_size: Some(2_000), ..Script::default() }).await;
    let mut both = events("o", 1, 1, 5_000);
    both.extend(event("o", 2));
    let fault = world.publish(&both).await.unwrap_err();
    assert!(matches!(fault, domain::Fault::Rejected { .. }), "{fault:?}");
    assert!(world.peer.seen().transfers.is_empty());
}

#[tokio::test]
async fn a_refused_batch_is_refused_whole() {
    let world = World::answering([Act::Reject("com.microsoft:argument-error")]).await;
    let fault = world.publish(&events("o", 1, 3, 10)).await.unwrap_err();
    assert!(matches!(fault, domain::Fault::Rejected { .. }), "{fault:?}");
    assert_eq!(world.publisher.measured().failed, 1);
}

#[tokio::test]
async fn nothing_to_publish_needs_no_connection() {
    let world = World::answering([]).await;
    assert!(matches!(world.publish(&[]).await, Ok(0)));
    assert_eq!(world.peer.seen().connections, 0);
}
