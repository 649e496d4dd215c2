//! Relays side by side share the feed out by leases, and one of them dies, sleeps, or is robbed:
//! nothing is lost, and nothing overtakes.

use crate::support::container_of;
use anyhow::{Context, Result, ensure};
use cosmos::{PartitionKey, Query, Within};
use e2e::client::Client;
use e2e::ledger::Ledger;
use e2e::topic::Tail;
use e2e::wait;
use e2e::world::{App, COSMOS_KEY, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// Short enough for a test, and with room for a slow machine.
const TIMING: [(&str, &str); 3] =
    [("RELAY_LEASE_ACQUIRE", "1s"), ("RELAY_LEASE_RENEW", "1s"), ("RELAY_LEASE_EXPIRE", "5s")];

/// The api, and no relay yet; the feed has four ranges.
async fn world() -> Result<World> {
    let mut world = World::at_rest().await?;
    for _ in 0..3 {
        world.emulator.split_orders().await?;
    }
    world.api.start().await?;
    Ok(world)
}

/// One more relay of this world.
async fn relay(world: &World) -> Result<App> {
    let store = [("COSMOS_ENDPOINT", world.emulator.cosmos.as_str()), ("COSMOS_KEY", COSMOS_KEY)];
    let broker = [("SERVICEBUS_CONNECTION", world.emulator.servicebus.as_str())];
    let variables = [&store[..], &broker, &TIMING].concat();
    let mut relay = App::new("relay", "/health/ready", &variables, world.logs())?;
    relay.start().await?;
    Ok(relay)
}

/// The leases that a relay says it reads under.
async fn owned(relay: &App) -> Result<BTreeSet<String>> {
    let answer = Client::new(&relay.base).get("/health/ready").await?;
    let leases = answer.body.get("dependencies").and_then(Value::as_array);
    let leases = leases.into_iter().flatten();
    let leases = leases.filter(|dependency| dependency["name"] == "leases");
    let owned = leases.filter_map(|leases| leases["owned"].as_array()).flatten();
    Ok(owned.filter_map(|token| token.as_str().map(str::to_owned)).collect())
}

/// Waits until each of these relays reads under so many leases, and none under another's.
async fn share(relays: &[&App], expected: &[usize]) -> Result<()> {
    wait::until(&format!("the leases are shared {expected:?}"), async || {
        let mut held = Vec::new();
        for relay in relays {
            held.push(owned(relay).await?);
        }
        let counts: Vec<_> = held.iter().map(BTreeSet::len).collect();
        let all: BTreeSet<_> = held.into_iter().flatten().collect();
        ensure!(counts == expected && all.len() == counts.iter().sum::<usize>(), "{counts:?}");
        Ok(Some(()))
    })
    .await
}

/// The documents of the lease container.
async fn documents(world: &World) -> Result<Vec<Value>> {
    let container = container_of(world, "leases")?;
    let mut documents = Vec::new();
    for range in container.ranges().await? {
        let query = Query::new("SELECT * FROM c");
        let page = container.query_all(&query, Within::Range(&range.id)).await?;
        for document in page.documents {
            documents.push(serde_json::from_str(document.get())?);
        }
    }
    Ok(documents)
}

/// The lease documents of relays that stand alone.
async fn leases(world: &World) -> Result<Vec<Value>> {
    let mut documents = documents(world).await?;
    documents.retain(|document| document.get("LeaseToken").is_some());
    Ok(documents)
}

/// The life of one order: placed, and changed so often.
async fn write(client: Client, changes: u32) -> Result<(String, u32)> {
    let order = client.place("A-17", 1).await?;
    for quantity in 2..changes + 2 {
        ensure!(client.change(&order, quantity).await?.status == 200);
    }
    Ok((order, changes + 1))
}

fn writers(world: &World, count: usize, changes: u32) -> JoinSet<Result<(String, u32)>> {
    (0..count).map(|_| write(world.client.clone(), changes)).collect()
}

/// Waits for the writers, then for all messages; they must be whole and in order.
async fn settle(
    mut writers: JoinSet<Result<(String, u32)>>,
    tail: &mut Tail,
    ledger: &mut Ledger,
) -> Result<()> {
    while let Some(written) = writers.join_next().await {
        let (order, version) = written??;
        ledger.acknowledge(&order, version);
    }
    tail.fill(ledger).await?;
    ensure!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    Ok(())
}

/// What the relays of this world have logged.
fn log(world: &World) -> Result<String> {
    Ok(std::fs::read_to_string(world.logs().join("relay.log"))?)
}

#[tokio::test]
async fn relays_share_the_leases_and_take_over_those_of_one_that_is_killed() -> Result<()> {
    let world = world().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut ledger = Ledger::default();
    let first = relay(&world).await?;
    share(&[&first], &[4]).await?;
    let mut second = relay(&world).await?;
    share(&[&first, &second], &[2, 2]).await?;
    // With a third one nobody has more than a share of two: it stands by.
    let mut third = relay(&world).await?;
    settle(writers(&world, 4, 5), &mut tail, &mut ledger).await?;
    share(&[&first, &second, &third], &[2, 2, 0]).await?;

    let load = writers(&world, 6, 12);
    second.kill().await?;
    settle(load, &mut tail, &mut ledger).await?;
    share(&[&first, &third], &[2, 2]).await?;
    // Asked to stop, it gives its leases back.
    let status = third.process().context("it runs")?.stop().await?;
    ensure!(status.success(), "{status}");
    share(&[&first], &[4]).await?;
    settle(writers(&world, 4, 2), &mut tail, &mut ledger).await
}

#[tokio::test]
async fn a_relay_that_slept_longer_than_its_leases_loses_them_and_nothing_else() -> Result<()> {
    let world = world().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut ledger = Ledger::default();
    let first = relay(&world).await?;
    let mut zombie = relay(&world).await?;
    share(&[&first, &zombie], &[2, 2]).await?;
    let load = writers(&world, 6, 12);
    zombie.process().context("it runs")?.pause()?;
    settle(load, &mut tail, &mut ledger).await?;
    share(&[&first], &[4]).await?;
    let load = writers(&world, 6, 12);
    zombie.process().context("it runs")?.resume()?;
    wait::until("the zombie notices", async || {
        ensure!(log(&world)?.contains("lease lost"));
        Ok(Some(()))
    })
    .await?;
    settle(load, &mut tail, &mut ledger).await?;
    share(&[&first, &zombie], &[2, 2]).await
}

#[tokio::test]
async fn a_stolen_lease_is_noticed_and_taken_back_when_the_thief_is_silent() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut ledger = Ledger::default();
    let relay = relay(&world).await?;
    share(&[&relay], &[1]).await?;
    settle(writers(&world, 2, 2), &mut tail, &mut ledger).await?;
    wait::until("the theft succeeds", async || {
        let mut lease = leases(&world).await?.pop().context("a lease")?;
        lease["Owner"] = json!("thief");
        let (id, etag) = (lease["id"].as_str().unwrap(), lease["_etag"].as_str().unwrap());
        let container = container_of(&world, "leases")?;
        container.replace((&PartitionKey::new(id), id), etag, &lease).await?;
        Ok(Some(()))
    })
    .await?;
    wait::until("the loss is noticed", async || {
        ensure!(log(&world)?.contains("lease lost, reading stops: taken by thief"));
        Ok(Some(()))
    })
    .await?;
    settle(writers(&world, 2, 2), &mut tail, &mut ledger).await?;
    share(&[&relay], &[1]).await
}

#[tokio::test]
async fn splits_and_merges_under_load_hand_the_leases_over() -> Result<()> {
    let world = world().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut ledger = Ledger::default();
    let first = relay(&world).await?;
    let second = relay(&world).await?;
    share(&[&first, &second], &[2, 2]).await?;
    let load = writers(&world, 6, 25);
    for _ in 0..2 {
        world.emulator.merge_orders().await?;
        world.emulator.split_orders().await?;
        world.emulator.split_orders().await?;
    }
    settle(load, &mut tail, &mut ledger).await?;
    wait::until("all leases are owned and cover the ring once", async || {
        let mut stretches = Vec::new();
        for lease in leases(&world).await? {
            ensure!(lease["Owner"].is_string(), "{lease}");
            let range = &lease["FeedRange"]["Range"];
            let bound = |name: &str| range[name].as_str().unwrap_or_default().to_owned();
            stretches.push((bound("min"), bound("max")));
        }
        stretches.sort();
        let ends = std::iter::once("").chain(stretches.iter().map(|(_, max)| max.as_str()));
        let begins = stretches.iter().map(|(min, _)| min.as_str()).chain(["FF"]);
        ensure!(ends.eq(begins), "{stretches:?}");
        Ok(Some(()))
    })
    .await?;
    settle(writers(&world, 4, 4), &mut tail, &mut ledger).await
}

#[tokio::test]
async fn a_document_that_is_no_lease_is_reported_and_stays() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut ledger = Ledger::default();
    let mut relay = relay(&world).await?;
    share(&[&relay], &[1]).await?;
    relay.process().context("it runs")?.stop().await?;
    let lease = leases(&world).await?.pop().context("a lease")?;
    ensure!(lease["Owner"].is_null() && lease["version"] == 0, "{lease}");
    ensure!(lease["LeaseToken"] == "0" && lease["Mode"] == "Incremental Feed", "{lease}");
    let (id, etag) = (lease["id"].as_str().unwrap(), lease["_etag"].as_str().unwrap());
    let garbage = json!({"id": id, "note": "of another tool", "ContinuationToken": 7});
    let container = container_of(&world, "leases")?;
    let key = PartitionKey::new(id);
    let etag = container.replace((&key, id), etag, &garbage).await?;

    relay.start().await?;
    settle(writers(&world, 3, 3), &mut tail, &mut ledger).await?;
    share(&[&relay], &[1]).await?;
    let said = log(&world)?;
    ensure!(said.contains(id) && said.contains("left as it is"), "not reported:\n{said}");
    let stands = container.read(&key, id).await?.context("it is gone")?;
    ensure!(stands.etag == etag, "it was touched");
    Ok(())
}

#[tokio::test]
async fn a_missing_lease_container_is_named_and_events_go_out_all_the_same() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut ledger = Ledger::default();
    world.relay.set("COSMOS_LEASE_CONTAINER", "nowhere");
    world.relay.launch()?;
    let client = Client::new(&world.relay.base);
    wait::until("readiness says what to create", async || {
        let answer = client.get("/health/ready").await?;
        let said = answer.body.to_string();
        ensure!(answer.status == 503 && said.contains("nowhere for leases; create it"), "{said}");
        Ok(Some(()))
    })
    .await?;
    settle(writers(&world, 2, 2), &mut tail, &mut ledger).await
}
