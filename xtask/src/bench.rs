//! `cargo xtask bench`: the figures of BENCHMARKS.md.
//!
//! The program itself is `bench` of `crates/e2e`; this only builds it in release and starts it.

use crate::{demo, run};
use anyhow::Result;

/// How long to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many orders to place in each measurement
    #[arg(long, default_value_t = 20_000)]
    orders: u32,
    /// Leave out the million items and messages
    #[arg(long)]
    quick: bool,
    /// Measure only this: drain, poison … (a wrong one is told which there are)
    #[arg(long, value_name = "PART")]
    only: Option<String>,
}

/// Builds in release and prints the table.
pub(crate) fn bench(arguments: &Arguments) -> Result<()> {
    run::build_binaries(true)?;
    let orders = arguments.orders.to_string();
    let mut bench = demo::program("bench", true);
    bench.args(["--orders", &orders]);
    if arguments.quick {
        bench.arg("--quick");
    }
    if let Some(part) = &arguments.only {
        bench.args(["--only", part]);
    }
    run::run(&mut bench)
}
