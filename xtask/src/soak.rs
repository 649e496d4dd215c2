//! `cargo xtask soak`: faults of every kind at random, for as long as is asked for.
//!
//! The program itself is `soak` of `crates/e2e`; this only builds and starts it.

use crate::{demo, run};
use anyhow::Result;

/// How to soak.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long faults happen
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// What everything random comes from [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// New orders in a second
    #[arg(long, default_value_t = 10)]
    orders_per_second: u32,
    /// Relays side by side
    #[arg(long, default_value_t = 3)]
    relays: u8,
    /// Build and run in release
    #[arg(long)]
    release: bool,
}

/// Exit code 1 unless nothing is missing, overtaken, doubled or unaccounted for.
pub(crate) fn soak(arguments: &Arguments) -> Result<()> {
    let Arguments { minutes, seed, orders_per_second, relays, release } = arguments;
    run::build_binaries(*release)?;
    let mut soak = demo::program("soak", *release);
    soak.args(["--minutes", &minutes.to_string(), "--relays", &relays.to_string()]);
    soak.args(["--orders-per-second", &orders_per_second.to_string()]);
    if let Some(seed) = seed {
        soak.args(["--seed", &seed.to_string()]);
    }
    run::run(&mut soak)
}
