//! Many transfers are in flight at once, over one connection, and in order.

use futures_util::future::join_all;

use crate::peer::Act;
use crate::world::{World, bounded, event};

#[tokio::test]
async fn many_transfers_are_unsettled_before_the_first_is_settled() {
    let world = World::answering(vec![Act::HoldUntil(50); 50]).await;
    let orders: Vec<_> = (0..50).map(|n| event(&format!("o{n}"), 1)).collect();
    let published = bounded(join_all(orders.iter().map(|order| world.publish(order)))).await;
    assert!(published.iter().all(|taken| matches!(taken, Ok(1))), "{published:?}");
    assert_eq!(world.peer.seen().unsettled_max, 50);
}

#[tokio::test]
async fn no_more_are_in_flight_than_the_bound_allows() {
    let tuning = servicebus::Tuning { unsettled_max: 5, ..crate::world::tuning() };
    let script =
        crate::peer::Script { acts: vec![Act::HoldUntil(5); 20].into(), ..Default::default() };
    let world = World::tuned(script, tuning).await;
    let orders: Vec<_> = (0..20).map(|n| event(&format!("o{n}"), 1)).collect();
    bounded(join_all(orders.iter().map(|order| world.publish(order)))).await;
    assert_eq!(world.peer.seen().unsettled_max, 5);
}

#[tokio::test]
async fn transfers_arrive_in_the_order_of_the_calls() {
    let world = World::answering([]).await;
    // Fewer than tokio polls before it lets others have their turn.
    let orders: Vec<_> = (1..=50).map(|n| event("o", n)).collect();
    bounded(join_all(orders.iter().map(|order| world.publish(order)))).await;
    let ids: Vec<_> = world.peer.seen().transfers.into_iter().flat_map(|t| t.ids).collect();
    let expected: Vec<_> = (1..=50).map(|n| format!("o.{n}")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn one_connection_and_one_link_serve_everyone() {
    let world = World::answering([]).await;
    let orders: Vec<_> = (0..100).map(|n| event(&format!("o{n}"), 1)).collect();
    bounded(join_all(orders.iter().map(|order| world.publish(order)))).await;
    let (seen, measured) = (world.peer.seen(), world.publisher.measured());
    assert_eq!((seen.connections, seen.links, seen.tokens.len()), (1, 1, 1));
    assert_eq!((measured.connections, measured.links), (1, 1));
    assert_eq!((measured.messages, measured.transfers, measured.accepted), (100, 100, 100));
}

#[tokio::test]
async fn a_slow_settlement_holds_up_nobody() {
    let world = World::answering([Act::HoldUntil(2), Act::Accept, Act::Accept]).await;
    let (slow, others) = (event("slow", 1), [event("a", 1), event("b", 1)]);
    let waiting = world.publish(&slow);
    tokio::pin!(waiting);
    let pass = bounded(async {
        for other in &others {
            // The slow one goes out first, and stays unsettled.
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("nobody settled it"),
                taken = world.publish(other) => assert!(matches!(taken, Ok(1))),
            }
        }
    });
    pass.await;
    assert_eq!(world.peer.seen().transfers.len(), 3);
}

#[tokio::test]
async fn closing_waits_for_what_is_in_flight_and_then_refuses() {
    let world = World::answering(vec![Act::HoldUntil(10); 10]).await;
    let orders: Vec<_> = (0..10).map(|n| event(&format!("o{n}"), 1)).collect();
    let published = join_all(orders.iter().map(|order| world.publish(order)));
    let (published, ()) = bounded(async { tokio::join!(published, world.publisher.close()) }).await;
    assert!(published.iter().all(Result::is_ok), "{published:?}");
    let refused = world.publish(&event("late", 1)).await;
    assert!(matches!(refused, Err(domain::Fault::Unavailable(_))), "{refused:?}");
}
