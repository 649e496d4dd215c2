//! What an item costs, however many there are.

use crate::gateway::Gateway;
use crate::items;
use crate::meter::{Cost, Meter};
use crate::table::{bytes_each, head, line, mib, thousands};
use anyhow::{Result, ensure};
use e2e::emulator::{Emulator, Setup};
use e2e::usage::usage;

/// Reads and sweeps at each size.
const READS: u32 = 2_000;
const SWEEPS: u32 = 20;
/// How often the feed is read at least, and how much of it in all: the best reading counts.
const FEEDS_MAX: u32 = 5;
const FEED_ITEMS: u32 = 1_000_000;
/// Pending events among all others.
const PENDING: u32 = 100;

/// One container that grows: what its items cost at each size.
pub(crate) async fn items(sizes: &[u32]) -> Result<()> {
    println!(
        "\nItems of 1 KB; microseconds for each (elapsed / of the emulator), and its memory:\n"
    );
    head(&["items", "write", "point read", "feed", "sweep", "resident", "bytes per item"]);
    let logs = tempfile::tempdir()?;
    let mut emulator = Emulator::start(Setup::default(), logs.path()).await?;
    let address = emulator.cosmos_address().to_owned();
    let pid = emulator.process.pid()?;
    let idle = usage(pid)?.resident_kib;
    let mut gateway = Gateway::connect(&address).await?;
    // As a relay does at its start; from here on its paths are indexed.
    items::sweep(&mut gateway).await?;
    let mut stored = 0;
    for size in sizes.iter().copied() {
        let meter = Meter::start(&emulator)?;
        items::fill(&address, stored..size).await?;
        let written = meter.stop()?;
        let resident = usage(pid)?.resident_kib;
        let meter = Meter::start(&emulator)?;
        items::scattered(&mut gateway, size, READS).await?;
        let read = meter.stop()?;
        let fed = feeds(&emulator, &mut gateway, size).await?;
        let swept = sweeps(&emulator, &mut gateway).await?;
        line(&[
            thousands(size),
            written.each(size - stored),
            read.each(READS),
            fed.each(size),
            swept.each(PENDING),
            mib(resident),
            bytes_each(resident.saturating_sub(idle), size),
        ]);
        stored = size;
    }
    // Not asked to stop: how long that takes is not measured here.
    emulator.process.kill().await?;
    Ok(())
}

async fn feeds(emulator: &Emulator, gateway: &mut Gateway, size: u32) -> Result<Cost> {
    let mut costs = Vec::new();
    for _ in 0..(FEED_ITEMS / size).clamp(1, FEEDS_MAX) {
        let meter = Meter::start(emulator)?;
        items::feed(gateway, size).await?;
        costs.push(meter.stop()?);
    }
    Cost::best(costs)
}

async fn sweeps(emulator: &Emulator, gateway: &mut Gateway) -> Result<Cost> {
    let mut costs = Vec::new();
    for _ in 0..SWEEPS {
        let meter = Meter::start(emulator)?;
        let found = items::sweep(gateway).await?;
        costs.push(meter.stop()?);
        ensure!(found == PENDING, "the sweep finds {found} of {PENDING} pending events");
    }
    Cost::best(costs)
}
