//! INVARIANT both-or-neither: whatever the store does, an order's version is the number of its
//! events, and each of them is delivered.

use crate::support::{acknowledged, conserved};
use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::consumer::Consumer;
use e2e::ledger::{Ledger, Shared};
use e2e::load::{Load, Pace};
use e2e::topic::Tail;
use e2e::wait;
use e2e::world::World;
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::task::JoinSet;

#[tokio::test]
async fn both_or_neither_while_the_store_fails_in_every_way() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    for action in ["throttle", "status", "drop-before", "drop-after"] {
        let rule = json!({"target": "cosmos", "operation": "batch", "action": action, "count": 5});
        world.emulator.fault(rule).await?;
    }
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        writers.spawn(write(world.client.clone(), writer));
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    world.emulator.mend().await?;

    let mut ledger = Ledger::default();
    for order in ["o-0", "o-1", "o-2", "o-3"] {
        let answer = world.client.get(&format!("/api/orders/{order}")).await?;
        let version = answer.body["version"].as_u64().expect("a version");
        let events = world.client.events(order).await?;
        let sequences: Vec<u64> = events.iter().filter_map(|e| e["sequence"].as_u64()).collect();
        assert_eq!(sequences, (1..=version).collect::<Vec<_>>(), "{order}");
        ledger.acknowledge(order, u32::try_from(version)?);
    }
    tail.fill(&mut ledger).await?;
    assert!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    Ok(())
}

/// One of two writers of an order: whoever comes first places it, both change it.
async fn write(client: Client, writer: u32) -> Result<()> {
    let order = format!("o-{}", writer % 4);
    client.post(&json!({"orderId": order, "accountNumber": "A-17", "quantity": 1})).await?;
    for quantity in 2..6 {
        client.change(&order, quantity + 10 * writer).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_away_is_503_with_retry_after_and_stores_nothing() -> Result<()> {
    let mut world = World::at_rest().await?;
    let proxy = e2e::proxy::Proxy::open(world.emulator.cosmos_address()).await?;
    world.api.set("COSMOS_ENDPOINT", &format!("http://{}", proxy.address));
    world.api.start().await?;
    proxy.cut();

    let order = json!({"orderId": "o-1", "accountNumber": "A-17", "quantity": 3});
    let request = world.client.request(reqwest::Method::POST, "/api/orders");
    let answer =
        request.header("content-type", "application/json").body(order.to_string()).send().await?;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let problem: Value = serde_json::from_slice(&answer.bytes().await?)?;
    assert_eq!(problem["status"], json!(503));
    assert_eq!(world.client.get("/api/health/live").await?.status, 200);
    assert_eq!(world.client.get("/api/health/ready").await?.status, 503);

    proxy.mend();
    assert_eq!(world.client.get("/api/orders/o-1").await?.status, 404, "nothing was stored");
    assert_eq!(world.client.post(&order).await?.status, 201, "the repeat is taken");
    Ok(())
}

#[tokio::test]
async fn both_or_neither_when_the_api_is_killed_and_sleeps_under_load() -> Result<()> {
    let mut world = World::start().await?;
    let ledger = Shared::default();
    let _consumer = Consumer::start(&world.emulator.servicebus, "all", &ledger)?;
    let pace = Pace { orders_per_second: 60, orders_max: 90, seed: 13 };
    let load = Load::start(&world.client, &ledger, pace);
    let mut rng = Rng::with_seed(pace.seed);
    for _ in 0..3 {
        let more = ledger.lock().acknowledged() + rng.usize(5..40);
        acknowledged(&ledger, more).await?;
        world.api.kill().await?;
        world.api.launch()?;
        let more = ledger.lock().acknowledged() + rng.usize(5..20);
        acknowledged(&ledger, more).await?;
        // It sleeps until the relay has done all that it could.
        world.api.process().context("it runs")?.pause()?;
        let known = ledger.lock().acknowledged();
        wait::until("what is known arrives", async || {
            Ok((known <= ledger.lock().received()).then_some(()))
        })
        .await?;
        world.api.process().context("it runs")?.resume()?;
    }
    ensure!(load.ended().await? == pace.orders_max);
    conserved(&world, &ledger).await
}
