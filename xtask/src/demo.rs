//! `cargo xtask demo` and `cargo xtask dev`: the whole way of an order on this machine.
//!
//! The programs themselves are `demo` and `dev` of `crates/e2e`; this only builds and starts them.

use crate::run;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// How to run the demo.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many orders to place
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    orders: u32,
    /// Build and run in release
    #[arg(long)]
    release: bool,
}

/// How to run the playground.
#[derive(clap::Args)]
pub(crate) struct DevArguments {
    /// Build and run in release
    #[arg(long)]
    release: bool,
}

/// Orders in, the relay killed half-way, every event out once and in order.
pub(crate) fn demo(arguments: &Arguments) -> Result<()> {
    run::build_binaries(arguments.release)?;
    let orders = arguments.orders.to_string();
    run::run(program("demo", arguments.release).args(["--orders", &orders]))
}

/// Everything started and left running, with the lines to play with it.
pub(crate) fn dev(arguments: &DevArguments) -> Result<()> {
    run::build_binaries(arguments.release)?;
    run::run(&mut program("dev", arguments.release))
}

/// A program of `crates/e2e` as it was just built.
pub(crate) fn program(name: &str, release: bool) -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let profile = if release { "release" } else { "debug" };
    Command::new(Path::new(&target).join(profile).join(name))
}
