//! Microsoft's Rust SDK as a client of the emulator, and its test double as an oracle.
//!
//! ```text
//! COSMOS_ENDPOINT=http://127.0.0.1:8081 CONTROL=http://127.0.0.1:8090 cargo run
//! ```
//!
//! Prints one named feature a line and ends in `N passed, N failed`. `ORACLE_SEED` repeats a run of
//! the oracle that failed.

mod features;
mod oracle;
mod runner;
mod tap;
mod world;

use std::process::ExitCode;
use world::World;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let world = World::open().await?;
    let features = features::all().into_iter().chain(oracle::all());
    let failed = runner::run(&world, features).await;
    world.close().await?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
