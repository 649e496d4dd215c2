//! The main job: `api`, `relay` and the emulator between them, as processes.

use crate::table::{aimed, head, line, mib, ms, rate, row};
use anyhow::{Context, Result};
use e2e::client::Client;
use e2e::emulator::{Emulator, Setup};
use e2e::process::{Process, binaries};
use e2e::topic::Tail;
use e2e::usage::{Usage, usage};
use e2e::wait;
use e2e::world::World;
use serde_json::Value;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Sizes, starts, orders in, events out, and what that costs at the store.
pub(crate) async fn all(orders: u32) -> Result<()> {
    head(&["figure", "value", "aim"]);
    sizes()?;
    let mut world = starts().await?;
    placing(&mut world, orders).await?;
    relaying(&mut world, orders).await?;
    latency().await?;
    costs(&world, orders).await
}

fn sizes() -> Result<()> {
    for name in ["api", "relay", "emulator"] {
        let bytes = std::fs::metadata(binaries()?.join(name))?.len();
        aimed(&format!("{name}: binary"), mib(bytes / 1024), "10 MiB");
    }
    Ok(())
}

/// Time from start to serving: the median of several starts, each on its own.
async fn starts() -> Result<World> {
    let logs = tempfile::tempdir()?;
    let mut ready = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let mut emulator = Emulator::start(Setup::default(), logs.path()).await?;
        ready.push(started.elapsed());
        emulator.process.stop().await?;
    }
    aimed("emulator: start to ready", ms(median(ready)), "50 ms");

    let mut world = World::at_rest().await?;
    aimed("emulator: resident, idle", resident(&world.emulator.process)?, "15 MiB");
    for name in ["api", "relay"] {
        let mut listening = Vec::new();
        for _ in 0..STARTS {
            let app = if name == "api" { &mut world.api } else { &mut world.relay };
            let address: std::net::SocketAddr =
                app.base.trim_start_matches("http://").parse().context("no address")?;
            let started = Instant::now();
            app.launch()?;
            while TcpStream::connect(address).is_err() {
                std::thread::sleep(Duration::from_micros(200));
            }
            listening.push(started.elapsed());
            app.kill().await?;
        }
        aimed(&format!("{name}: start to listening"), ms(median(listening)), "10 ms");
    }
    Ok(world)
}

/// Orders over HTTP, with the relay at rest.
async fn placing(world: &mut World, orders: u32) -> Result<()> {
    world.api.start().await?;
    let pid = world.api.process().context("the api runs")?.pid()?;
    place(&world.client, orders / 10).await?;
    let (before, started) = (usage(pid)?, Instant::now());
    place(&world.client, orders).await?;
    let (after, elapsed) = (usage(pid)?, started.elapsed());
    row("api: orders placed per second", rate(orders, elapsed));
    aimed("api: processor time per order", each(before, after, orders), "60 µs");
    aimed("api: resident under load", mib(after.resident_kib), "15 MiB");
    Ok(())
}

/// Places so many orders, many at once.
pub(crate) async fn place(client: &Client, orders: u32) -> Result<()> {
    let mut placing = JoinSet::new();
    for writer in 0..WRITERS {
        let client = client.clone();
        placing.spawn(async move {
            for number in (writer..orders).step_by(WRITERS as usize) {
                client.place("A-17", number + 1).await?;
            }
            anyhow::Ok(())
        });
    }
    placing.join_all().await.into_iter().collect()
}

/// The backlog of what was placed, drained by one relay.
async fn relaying(world: &mut World, orders: u32) -> Result<()> {
    let backlog = orders + orders / 10;
    let started = Instant::now();
    world.relay.launch()?;
    let pid = world.relay.process().context("the relay runs")?.pid()?;
    wait::until("every event is published", async || {
        let state = world.emulator.state().await?;
        let accepted = state.pointer("/servicebus/entities/orders/accepted");
        Ok(accepted.and_then(Value::as_u64).filter(|count| u64::from(backlog) <= *count))
    })
    .await?;
    let elapsed = started.elapsed();
    let after = usage(pid)?;
    let nothing = Usage { cpu: Duration::ZERO, resident_kib: 0 };
    row("relay: events drained per second", rate(backlog, elapsed));
    aimed("relay: processor time per event", each(nothing, after, backlog), "20 µs");
    aimed("relay: resident under load", mib(after.resident_kib), "20 MiB");
    let what = format!("emulator: resident after {backlog} orders with their events and messages");
    row(&what, resident(&world.emulator.process)?);
    Ok(())
}

/// From the API's 201 to the consumer, one order after the other, in a world without a backlog.
async fn latency() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut times = Vec::new();
    for number in 1..=LATENCIES {
        world.client.place("A-17", number).await?;
        let committed = Instant::now();
        let arrival = tail.take(1).await?.remove(0);
        times.push(arrival.at.saturating_duration_since(committed));
        tokio::time::sleep(BETWEEN).await;
    }
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    aimed("commit to receive, p50", ms(at(50)), "10 ms");
    row("commit to receive, p99", ms(at(99)));
    Ok(())
}

/// What the store counted: requests and request units.
async fn costs(world: &World, orders: u32) -> Result<()> {
    let placed = f64::from(orders + orders / 10);
    let state = world.emulator.state().await?;
    let requests = state.pointer("/cosmos/databases/shop/containers/orders/requests");
    let requests = requests.and_then(Value::as_object).context("no requests in /state")?;
    println!("\nWhat an order costs at the store, as the emulator counts it:\n");
    head(&["per order", "requests", "request units"]);
    for (kind, tally) in requests {
        let number = |name: &str| tally.get(name).and_then(Value::as_f64).unwrap_or_default();
        let (count, charge) = (number("count") / placed, number("charge") / placed);
        line(&[kind.clone(), format!("{count:.3}"), format!("{charge:.2}")]);
    }
    Ok(())
}

fn resident(process: &Process) -> Result<String> {
    Ok(mib(usage(process.pid()?)?.resident_kib))
}

fn each(before: Usage, after: Usage, count: u32) -> String {
    let micros = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / f64::from(count);
    format!("{micros:.1} µs")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

const STARTS: usize = 11;
/// Clients at once: two cores are busy, and no request waits long.
const WRITERS: u32 = 16;
const LATENCIES: u32 = 500;
/// Between two orders: so that a consumer is free again, which holds a session for 100 ms.
const BETWEEN: Duration = Duration::from_millis(15);
