//! Whether a backlog drains at a rate that does not fall with its size, what an audit of it takes,
//! and whether one poisoned order delays the others.

use crate::orders::place;
use crate::table::{each, head, line, mib, thousands};
use anyhow::{Result, ensure};
use e2e::process::{Launch, Process};
use e2e::usage::usage;
use e2e::wait;
use e2e::world::{COSMOS_KEY, World};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Outages of these lengths, and what it takes to drain and to audit them.
pub(crate) async fn backlogs(sizes: &[u32]) -> Result<()> {
    println!("\nA backlog after an outage, one relay; microseconds for each event:\n");
    head(&["events", "drain", "events per second", "audit", "audit, resident"]);
    for size in sizes.iter().copied() {
        let mut world = World::at_rest().await?;
        world.api.start().await?;
        place(&world.client, size).await?;
        world.api.kill().await?;
        let drained = drain(&mut world, size).await?;
        let (audited, resident) = audit(&world, size).await?;
        let rate = f64::from(size) / drained.as_secs_f64();
        line(&[
            thousands(size),
            each(drained, size),
            format!("{rate:.0}"),
            each(audited, size),
            mib(resident),
        ]);
        world.emulator.process.kill().await?;
    }
    Ok(())
}

/// From the relay's start until the broker has every event.
async fn drain(world: &mut World, size: u32) -> Result<Duration> {
    let started = Instant::now();
    world.relay.launch()?;
    let mut before = 0;
    while before < u64::from(size) {
        let more = wait::until("more events are published", async || {
            let state = world.emulator.state().await?;
            let accepted = state.pointer("/servicebus/entities/orders/accepted");
            Ok(accepted.and_then(Value::as_u64).filter(|count| before < *count))
        });
        before = more.await?;
    }
    let drained = started.elapsed();
    wait::until("every mark is there", async || {
        let status = world.operated(&["status", "--json"]).await?;
        Ok((status.pointer("/pending/count") == Some(&Value::from(0))).then_some(()))
    })
    .await?;
    world.relay.kill().await?;
    Ok(drained)
}

/// How long `relay audit` takes, and the most memory it is seen to hold.
async fn audit(world: &World, size: u32) -> Result<(Duration, u64)> {
    let variables = [
        ("COSMOS_ENDPOINT", world.emulator.cosmos.as_str()),
        ("COSMOS_KEY", COSMOS_KEY),
        ("SERVICEBUS_CONNECTION", world.emulator.servicebus.as_str()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let arguments = ["audit".to_owned()];
    let launch = Launch {
        arguments: &arguments,
        variables: &variables,
        is_piped: false,
        file_blocks_max: None,
    };
    let started = Instant::now();
    let mut audit = Process::start("audit", "relay", launch, world.logs())?;
    let mut most = 0;
    while !audit.has_ended()? {
        // It may end between the two.
        most = audit.pid().and_then(usage).map_or(most, |used| most.max(used.resident_kib));
        tokio::time::sleep(GLANCE).await;
    }
    let took = started.elapsed();
    let status = audit.ended().await?;
    ensure!(status.success(), "the audit of {size} events: {}", audit.written());
    Ok((took, most))
}

/// Between two looks at what a process holds.
const GLANCE: Duration = Duration::from_millis(5);
