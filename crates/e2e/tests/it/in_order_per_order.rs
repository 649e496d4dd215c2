//! INVARIANT in-order-per-order: consumers see an order's events in sequence, with two relays at
//! work on the same orders, whatever store, broker and feed do meanwhile.

use crate::support::{acknowledged, another_relay, conserved};
use anyhow::{Result, ensure};
use e2e::client::Client;
use e2e::consumer::Consumer;
use e2e::ledger::{Ledger, Shared};
use e2e::load::{Load, Pace};
use e2e::topic::Tail;
use e2e::wait;
use e2e::world::{App, COSMOS_KEY, World};
use serde_json::{Value, json};
use servicebus::{Account, Entity, ServiceBusConsumer};
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

/// What both services can do to their clients, one after the other.
fn faults() -> Vec<Value> {
    let store = ["any throttle", "any status", "any drop-before", "batch drop-after"];
    let store = store.iter().chain(&["feed drop-after", "feed status", "read drop-after"]);
    let broker = ["transfer server-busy", "transfer drop-after", "any detach", "any close"];
    let rule = |target: &str, fault: &str| {
        let (operation, action) = fault.split_once(' ').expect("two words");
        json!({"target": target, "operation": operation, "action": action, "count": 4})
    };
    let store = store.map(|fault| rule("cosmos", fault));
    store.chain(broker.iter().map(|fault| rule("servicebus", fault))).collect()
}

#[tokio::test]
async fn in_order_per_order_through_every_fault_of_store_and_broker() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut relays = [another_relay(&world)?, another_relay(&world)?];
    for relay in &mut relays {
        relay.start().await?;
    }
    let ledger = Shared::default();
    let _consumer = Consumer::start(&world.emulator.servicebus, "all", &ledger)?;
    for (seed, fault) in (100..).zip(faults()) {
        world.emulator.fault(fault.clone()).await?;
        let pace = Pace { orders_per_second: 200, orders_max: 8, seed };
        Load::start(&world.client, &ledger, pace).ended().await?;
        // Reads are asked for by clients alone.
        wait::until(&format!("it has happened: {fault}"), async || {
            world.client.get(&format!("/api/orders/s{seed}-1")).await?;
            Ok(world.emulator.is_mended().await?.then_some(()))
        })
        .await?;
    }
    conserved(&world, &ledger).await
}

#[tokio::test]
async fn in_order_per_order_while_ranges_split_slowly_sessions_are_held_and_the_clock_jumps()
-> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut relays = [another_relay(&world)?, another_relay(&world)?];
    for relay in &mut relays {
        relay.start().await?;
    }
    let ledger = Shared::default();
    let _consumer = Consumer::start(&world.emulator.servicebus, "all", &ledger)?;
    let intruder = Account::from_connection_string(&world.emulator.servicebus)?;
    let intruder =
        ServiceBusConsumer::open(&intruder, &Entity::subscription("orders", "all")).await?;
    let pace = Pace { orders_per_second: 60, orders_max: 120, seed: 14 };
    let load = Load::start(&world.client, &ledger, pace);
    for round in 1..=3 {
        let session = format!("s14-{}", 10 * round);
        let held = wait::until("the session is the intruder's", async || {
            Ok(Some(intruder.session(&session).await?))
        })
        .await?;
        world.emulator.split_slowly(500).await?;
        acknowledged(&ledger, 40 * round).await?;
        world.emulator.advance(60).await?;
        wait::until("the split is done, and ranges merge", async || {
            Ok(Some(world.emulator.merge_orders().await?))
        })
        .await?;
        held.close().await;
    }
    ensure!(load.ended().await? == pace.orders_max);
    conserved(&world, &ledger).await
}
