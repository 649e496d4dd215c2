//! The figures of BENCHMARKS.md, side by side in one run. Started by `cargo xtask bench`.
#![expect(clippy::print_stdout, reason = "the benchmark prints its table")]

use anyhow::{Context, Result};
use clap::Parser;
use e2e::client::Client;
use e2e::emulator::Emulator;
use e2e::process::{Process, binaries};
use e2e::topic::Tail;
use e2e::usage::{Usage, usage};
use e2e::wait;
use e2e::world::World;
use serde_json::Value;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[derive(Parser)]
struct Arguments {
    /// How many orders to place in each measurement
    #[arg(long, default_value_t = 20_000)]
    orders: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let orders = Arguments::parse().orders;
    println!("| figure | value |\n|---|--:|");
    sizes()?;
    let mut world = starts().await?;
    placing(&mut world, orders).await?;
    relaying(&mut world, orders).await?;
    costs(&world, orders).await?;
    latency().await
}

fn sizes() -> Result<()> {
    for name in ["api", "relay", "emulator"] {
        let bytes = std::fs::metadata(binaries()?.join(name))?.len();
        row(&format!("{name}: binary"), mib(bytes / 1024));
    }
    Ok(())
}

/// Time from start to serving: the median of several starts, each on its own.
async fn starts() -> Result<World> {
    let logs = tempfile::tempdir()?;
    let mut ready = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let mut emulator = Emulator::start(logs.path()).await?;
        ready.push(started.elapsed());
        emulator.process.stop().await?;
    }
    row("emulator: start to ready", ms(median(ready)));

    let mut world = World::at_rest().await?;
    row("emulator: resident, idle", resident(&world.emulator.process)?);
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
        row(&format!("{name}: start to listening"), ms(median(listening)));
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
    row("api: processor time per order", each(before, after, orders));
    row("api: resident under load", mib(after.resident_kib));
    Ok(())
}

async fn place(client: &Client, orders: u32) -> Result<()> {
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
    while let Some(placed) = placing.join_next().await {
        placed??;
    }
    Ok(())
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
    row("relay: processor time per event", each(nothing, after, backlog));
    row("relay: resident under load", mib(after.resident_kib));
    row("emulator: resident after all that", resident(&world.emulator.process)?);
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
    row("commit to receive, p50", ms(at(50)));
    row("commit to receive, p99", ms(at(99)));
    Ok(())
}

/// What the store counted: requests and request units.
async fn costs(world: &World, orders: u32) -> Result<()> {
    let placed = f64::from(orders + orders / 10);
    let state = world.emulator.state().await?;
    let requests = state.pointer("/cosmos/databases/shop/containers/orders/requests");
    let requests = requests.and_then(Value::as_object).context("no requests in /state")?;
    for (kind, tally) in requests {
        let number = |name: &str| tally.get(name).and_then(Value::as_f64).unwrap_or_default();
        let (count, charge) = (number("count") / placed, number("charge") / placed);
        row(&format!("per order: {kind} requests"), format!("{count:.3} ({charge:.2} RU)"));
    }
    Ok(())
}

fn row(figure: &str, value: impl AsRef<str>) {
    println!("| {figure} | {} |", value.as_ref());
}

fn resident(process: &Process) -> Result<String> {
    Ok(mib(usage(process.pid()?)?.resident_kib))
}

fn each(before: Usage, after: Usage, count: u32) -> String {
    let micros = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / f64::from(count);
    format!("{micros:.1} µs")
}

fn rate(count: u32, elapsed: Duration) -> String {
    format!("{:.0}", f64::from(count) / elapsed.as_secs_f64())
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn mib(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
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
