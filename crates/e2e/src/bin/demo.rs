//! The main job in one command: orders go in over HTTP, the relay is killed half-way, and every
//! event comes out once and in order. Started by `cargo xtask demo`.
#![expect(clippy::print_stdout, reason = "the demo tells its story to a person")]

use anyhow::{Context, Result, bail};
use clap::Parser;
use e2e::client::Client;
use e2e::functions::Hosted;
use e2e::ledger::Ledger;
use e2e::topic::Tail;
use e2e::{process, wait};
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[derive(Parser)]
struct Arguments {
    /// How many orders to place
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    orders: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let told = tokio::select! {
        told = tell(arguments.orders) => told,
        () = process::asked_to_end() => Err(anyhow::anyhow!("interrupted; everything is stopped")),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\ndemo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn tell(orders: u32) -> Result<()> {
    let started = Instant::now();
    let stage = Hosted::start().await?;
    println!("Azure      {} and {}", stage.azure.cosmos, stage.azure.servicebus_address());
    println!("api        {}, functions {}", stage.api.base, stage.api.loaded.join(" "));
    println!("relay      {}, functions {}", stage.relay.base, stage.relay.loaded.join(" "));
    println!();

    let mut tail = Tail::start(&stage.azure.servicebus, "all")?;
    let mut ledger = Ledger::default();
    let killed = place(&stage, orders, &mut ledger).await?;
    println!("placed     {orders} orders over HTTP, with {} events", ledger.acknowledged());
    println!("killed     the relay (process {killed}) half-way, by kill -9");

    tail.fill(&mut ledger).await?;
    println!("received   {} messages from topic orders, subscription all", ledger.received());
    all_processed(&stage.client, &ledger).await?;
    println!("marked     every event as processed");
    let verdict = ledger.verdict();
    println!("\n{verdict}");
    if !verdict.is_clean() {
        bail!("events were not delivered once and in order: {verdict:?}");
    }
    println!(
        "every event was delivered once and in order, in {:.1} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Places orders, several at once, and kills the relay when half of them are; of every third the
/// quantity is changed, every fifth is shipped and every seventh cancelled.
async fn place(stage: &Hosted, orders: u32, ledger: &mut Ledger) -> Result<i32> {
    let bar = bar(u64::from(orders));
    let mut placing = JoinSet::new();
    let mut killed = 0;
    for number in 1..=orders {
        if AT_ONCE <= placing.len() {
            note(placing.join_next().await, ledger, &bar)?;
        }
        placing.spawn(story(stage.client.clone(), number));
        if number == orders / 2 {
            killed = stage.kill_relay().await?;
        }
    }
    while let Some(placed) = placing.join_next().await {
        note(Some(placed), ledger, &bar)?;
    }
    bar.finish_and_clear();
    Ok(killed)
}

/// Waits until every event of the ledger is marked.
async fn all_processed(client: &Client, ledger: &Ledger) -> Result<()> {
    for order in ledger.orders() {
        wait::until(&format!("every event of {order} is processed"), async || {
            let states = client.states(order).await?;
            Ok(states.iter().all(|state| state == "processed").then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// The life of one order; returns its id and version.
async fn story(client: Client, number: u32) -> Result<(String, u32)> {
    let id = client.place(&format!("A-{}", number % 10), number).await?;
    let mut version = 1;
    if number.is_multiple_of(3) {
        version += u32::from(client.change(&id, number + 1).await?.status == 200);
    }
    let deed = match number {
        _ if number.is_multiple_of(5) => "ship",
        _ if number.is_multiple_of(7) => "cancel",
        _ => return Ok((id, version)),
    };
    version += u32::from(client.deed(&id, deed).await?.status == 200);
    Ok((id, version))
}

type Joined = Option<Result<Result<(String, u32)>, tokio::task::JoinError>>;

fn note(placed: Joined, ledger: &mut Ledger, bar: &ProgressBar) -> Result<()> {
    let (order, version) = placed.context("nothing was being placed")???;
    ledger.acknowledge(&order, version);
    bar.inc(1);
    Ok(())
}

/// A bar on a terminal, nothing elsewhere.
fn bar(orders: u64) -> ProgressBar {
    let bar = ProgressBar::new(orders);
    if let Ok(style) = ProgressStyle::with_template("placing orders {bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Clients at once: enough to keep two cores busy, few enough to be a shop.
const AT_ONCE: usize = 8;
