//! `cargo xtask simulate`: orders and relays over ports in memory, with faults at every call, from
//! seeds.
//!
//! The program itself is `crates/simulation`; this only builds and starts it.

use crate::{demo, run};
use anyhow::Result;
use std::time::Instant;

/// What to play.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds to play
    #[arg(long, default_value_t = SEEDS, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Play only this one, and print all that happens
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Build in release: slow to build, some ten times as fast to run
    #[arg(long)]
    release: bool,
}

/// What CI plays: under a minute on two cores, without a release build.
const SEEDS: u64 = 2_000;

impl Default for Arguments {
    fn default() -> Self {
        Self { seeds: SEEDS, first: 0, seed: None, release: false }
    }
}

/// Plays many seeds, or one.
pub(crate) fn simulate(arguments: &Arguments) -> Result<()> {
    let building = Instant::now();
    let mut build = run::cargo(&["build", "--locked", "--package", "simulation", "--bins"]);
    if arguments.release {
        build.arg("--release");
    }
    run::quietly("building the simulation", &mut build)?;
    run::step("built the simulation", building);
    let mut simulate = demo::program("simulate", arguments.release);
    match arguments.seed {
        Some(seed) => simulate.args(["--seed", &seed.to_string()]),
        None => simulate.args([
            "--seeds",
            &arguments.seeds.to_string(),
            "--first",
            &arguments.first.to_string(),
        ]),
    };
    run::run(&mut simulate)
}
