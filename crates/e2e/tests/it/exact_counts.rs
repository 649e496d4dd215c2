//! What an order costs, counted exactly by the other side: requests and request units.

use crate::support::{count, states};
use anyhow::{Context, Result};
use e2e::topic::Tail;
use e2e::world::World;

/// Two documents below 1 KiB with three and four indexed values, by the emulator's model
/// (`crates/emulator/src/cosmos/core/charge.rs`).
const RU_PER_ORDER: f64 = 13.1;
/// A patch costs as much as a replace: twice the event's insert.
const RU_PER_MARK: f64 = 13.4;
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
async fn an_orders_request_units_are_the_sum_of_its_two_documents() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    world.client.place("A-17", 3).await?;
    let before = charged(&world, "batch").await?;
    for _ in 0..10 {
        world.client.place("A-17", 3).await?;
    }
    let each = (charged(&world, "batch").await? - before) / 10.0;
    assert!((each - RU_PER_ORDER).abs() < 1e-6, "{each} RU an order");
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
    world.relay.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    tail.take(100).await?;
    for order in &orders {
        states(&world.client, order, &["processed"]).await?;
    }
    let marks = count(&world, &format!("{REQUESTS}/bulk/count")).await?;
    assert!((1..=2).contains(&marks), "100 events of one range were marked in {marks} requests");
    let each = charged(&world, "bulk").await? / 100.0;
    assert!((each - RU_PER_MARK).abs() < 1e-6, "{each} RU a mark");
    assert_eq!(count(&world, "/servicebus/entities/orders/accepted").await?, 100);
    Ok(())
}

/// The request units that a kind of request has cost so far.
async fn charged(world: &World, kind: &str) -> Result<f64> {
    let state = world.emulator.state().await?;
    let charge =
        state.pointer(&format!("{REQUESTS}/{kind}/charge")).and_then(serde_json::Value::as_f64);
    charge.with_context(|| format!("no charge of {kind} in /state"))
}
