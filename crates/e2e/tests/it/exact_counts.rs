//! What an order costs, counted exactly by the other side: requests and request units.

use crate::support::{count, states};
use anyhow::Result;
use e2e::topic::Tail;
use e2e::world::World;

const REQUESTS: &str = "/cosmos/databases/shop/containers/orders/requests";

#[tokio::test]
async fn placing_an_order_is_one_round_trip_and_no_more() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    world.client.place("A-17", 3).await?;
    let total = async || -> Result<u64> {
        let state = world.emulator.state().await?;
        let requests = state.pointer(REQUESTS).and_then(|r| r.as_object()).cloned();
        let requests = requests.unwrap_or_default();
        Ok(requests.values().filter_map(|kind| kind["count"].as_u64()).sum())
    };
    let before = total().await?;
    for number in 1..=10 {
        world.client.place("A-17", number).await?;
    }
    assert_eq!(total().await? - before, 10);
    Ok(())
}

#[tokio::test]
async fn a_page_of_new_orders_is_published_without_a_query_and_marked_in_bulk() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut orders = Vec::new();
    for number in 1..=100 {
        orders.push(world.client.place("A-17", number).await?);
    }
    let batches = format!("{REQUESTS}/batch/count");
    let before = count(&world, &batches).await?;
    world.relay.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    tail.take(100).await?;
    for order in &orders {
        states(&world.client, order, &["processed"]).await?;
    }
    let marks = count(&world, &batches).await? - before;
    assert!(marks <= 2, "100 events of one range were marked in {marks} requests");
    assert_eq!(count(&world, "/servicebus/entities/orders/accepted").await?, 100);
    Ok(())
}
