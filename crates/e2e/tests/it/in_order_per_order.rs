//! INVARIANT in-order-per-order: consumers see an order's events in sequence, with two relays at
//! work on the same orders, a split in the middle, and a broker that is busy.

use anyhow::Result;
use e2e::client::Client;
use e2e::ledger::Ledger;
use e2e::topic::Tail;
use e2e::world::{App, COSMOS_KEY, World};
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn in_order_per_order_with_two_relays_and_a_split() -> Result<()> {
    let world = World::start().await?;
    let broker = world.emulator.servicebus.clone();
    let variables = [
        ("COSMOS_ENDPOINT", world.emulator.cosmos.as_str()),
        ("COSMOS_KEY", COSMOS_KEY),
        ("SERVICEBUS_CONNECTION", broker.as_str()),
    ];
    let mut second = App::new("relay", "/health/ready", &variables, world.logs())?;
    second.start().await?;
    let mut tail = Tail::start(&broker, "all")?;
    let busy = json!({"target": "servicebus", "operation": "transfer", "action": "server-busy", "count": 4});
    world.emulator.fault(busy).await?;

    let mut writers = JoinSet::new();
    for writer in 0..6 {
        writers.spawn(write(world.client.clone(), writer));
    }
    world.emulator.split_orders().await?;
    let mut ledger = Ledger::default();
    while let Some(order) = writers.join_next().await {
        let order = order??;
        let answer = world.client.get(&format!("/api/orders/{order}")).await?;
        ledger.acknowledge(&order, u32::try_from(answer.body["version"].as_u64().unwrap())?);
    }
    tail.fill(&mut ledger).await?;
    assert!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    second.kill().await
}

/// The life of one order: placed, changed eleven times, shipped.
async fn write(client: Client, writer: u32) -> Result<String> {
    let order = client.place("A-17", 1).await?;
    for quantity in 2..=12 {
        assert_eq!(client.change(&order, quantity + writer).await?.status, 200);
    }
    assert_eq!(client.deed(&order, "ship").await?.status, 200);
    Ok(order)
}
