//! What was acknowledged outlives the sudden end of everything, and a disk that is full: the local
//! Azure keeps its promises with `--data`, and both programs go on where they were.

use crate::support::{acknowledged, another_relay, conserved};
use anyhow::{Result, ensure};
use e2e::consumer::Consumer;
use e2e::emulator::Setup;
use e2e::ledger::Shared;
use e2e::load::{Load, Pace};
use e2e::wait;
use e2e::world::World;
use fastrand::Rng;
use std::path::Path;

/// Few enough for a test, and enough to be in the middle of something at every instant.
const PACE: Pace = Pace { orders_per_second: 60, orders_max: 90, seed: 11 };

#[tokio::test]
async fn the_kill_of_store_and_broker_at_any_instant_loses_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let setup = Setup { data: Some(&data), ..Setup::default() };
    let mut world = World::at_rest_on(setup).await?;
    world.api.start().await?;
    let mut relays = [another_relay(&world)?, another_relay(&world)?];
    for relay in &mut relays {
        relay.start().await?;
    }
    let ledger = Shared::default();
    let _consumer = Consumer::start(&world.emulator.servicebus, "all", &ledger)?;
    let load = Load::start(&world.client, &ledger, PACE);
    let mut rng = Rng::with_seed(PACE.seed);
    for dies_too in [Some(0), Some(1), None] {
        let more = ledger.lock().acknowledged() + rng.usize(10..50);
        acknowledged(&ledger, more).await?;
        world.emulator.kill_and_restart().await?;
        if let Some(relay) = dies_too.and_then(|number| relays.get_mut(number)) {
            relay.kill().await?;
            relay.launch()?;
        }
    }
    ensure!(load.ended().await? == PACE.orders_max);
    conserved(&world, &ledger).await
}

#[tokio::test]
async fn a_full_disk_stops_the_shop_and_loses_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut world = World::at_rest_on(Setup { data: Some(&data), ..Setup::default() }).await?;
    // As it is when it has just been made, there is little room left.
    let blocks = blocks_of(&data)? + ROOM;
    world.emulator.process.stop().await?;
    world.emulator.restart_bounded(Some(blocks)).await?;
    world.api.start().await?;
    world.relay.start().await?;
    let ledger = Shared::default();
    let _consumer = Consumer::start(&world.emulator.servicebus, "all", &ledger)?;
    let pace = Pace { orders_per_second: 1_000, orders_max: u64::MAX, seed: 12 };
    let load = Load::start(&world.client, &ledger, pace);
    wait::until("the disk is full", async || {
        Ok(world.emulator.process.written().contains("cannot be written").then_some(()))
    })
    .await?;
    let stopped = ledger.lock().acknowledged();
    ensure!(0 < stopped, "nothing was acknowledged before");
    world.emulator.kill_and_restart().await?;
    acknowledged(&ledger, stopped + 1).await?;
    load.close().await?;
    conserved(&world, &ledger).await
}

/// How large the store is, in blocks of 512 bytes.
fn blocks_of(data: &Path) -> Result<u32> {
    Ok(u32::try_from(std::fs::metadata(data.join("store.redb"))?.len() / 512)?)
}

/// Room for some orders, in blocks of 512 bytes.
const ROOM: u32 = 256;
