//! The figures of BENCHMARKS.md, side by side in one run, ready to be pasted there. Started by
//! `cargo xtask bench`.
#![expect(clippy::print_stdout, reason = "the benchmark prints its tables")]

mod backlog;
mod drain;
mod gateway;
mod items;
mod messages;
mod meter;
mod orders;
mod poison;
mod rates;
mod scale;
mod table;

use anyhow::Result;
use clap::{Parser, ValueEnum};

#[derive(Parser)]
struct Arguments {
    /// How many orders to place in each measurement
    #[arg(long, default_value_t = 20_000)]
    orders: u32,
    /// Leaves out the million items and messages
    #[arg(long)]
    quick: bool,
    /// Measures only this
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Orders through api, emulator and relay
    Orders,
    /// Outages of several lengths, drained and audited
    Drain,
    /// One poisoned order among ten thousand
    Poison,
    /// What the emulator does in a second
    Rates,
    /// What an item costs at each size of a container
    Items,
    /// What a message costs at each length of a backlog
    Messages,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { orders, quick, only } = Arguments::parse();
    let is_asked = |part| only.is_none_or(|only| only == part);
    table::machine()?;
    if is_asked(Part::Orders) {
        orders::all(orders).await?;
    }
    if is_asked(Part::Drain) {
        drain::backlogs(&[1_000, 10_000, 100_000]).await?;
    }
    if is_asked(Part::Poison) {
        poison::beside(10_000).await?;
    }
    if is_asked(Part::Rates) {
        rates::all().await?;
    }
    let sizes = [1_000, 10_000, 100_000, 1_000_000];
    let count = if quick { sizes.len() - 1 } else { sizes.len() };
    let sizes: Vec<u32> = sizes.into_iter().take(count).collect();
    if is_asked(Part::Items) {
        scale::items(&sizes).await?;
    }
    if is_asked(Part::Messages) {
        backlog::messages(&sizes).await?;
    }
    Ok(())
}
