//! What an item costs, however many there are.

use crate::gateway::Gateway;
use crate::items;
use crate::table::{bytes_each, each, head, line, mib, thousands};
use anyhow::{Result, ensure};
use e2e::emulator::Emulator;
use e2e::usage::usage;
use std::time::Duration;

/// Reads and sweeps at each size.
const READS: u32 = 2_000;
const SWEEPS: u32 = 20;
/// How often the feed is read at least, and how much of it in all: the best reading counts.
const FEEDS_MAX: u32 = 5;
const FEED_ITEMS: u32 = 1_000_000;

/// One container that grows: what its items cost at each size.
pub(crate) async fn items(sizes: &[u32]) -> Result<()> {
    println!("\nItems of 1 KB; microseconds for each, and the emulator's memory:\n");
    head(&["items", "write", "point read", "feed", "sweep", "resident", "bytes per item"]);
    let logs = tempfile::tempdir()?;
    let mut emulator = Emulator::start(logs.path()).await?;
    let address = emulator.cosmos_address().to_owned();
    let pid = emulator.process.pid()?;
    let idle = usage(pid)?.resident_kib;
    let mut gateway = Gateway::connect(&address).await?;
    // As a relay does at its start; from here on its paths are indexed.
    items::sweep(&mut gateway).await?;
    let mut stored = 0;
    for size in sizes.iter().copied() {
        let written = items::fill(&address, stored..size).await?;
        let resident = usage(pid)?.resident_kib;
        let read = items::scattered(&mut gateway, size, READS).await?;
        let mut fed = Duration::MAX;
        for _ in 0..(FEED_ITEMS / size).clamp(1, FEEDS_MAX) {
            fed = fed.min(items::feed(&mut gateway, size).await?);
        }
        let (mut swept, mut found) = (Duration::MAX, 0);
        for _ in 0..SWEEPS {
            let (elapsed, count) = items::sweep(&mut gateway).await?;
            (swept, found) = (swept.min(elapsed), count);
        }
        ensure!(found == 100, "the sweep finds {found} of 100 pending events");
        line(&[
            thousands(size),
            each(written, size - stored),
            each(read, READS),
            each(fed, size),
            each(swept, found),
            mib(resident),
            bytes_each(resident.saturating_sub(idle), size),
        ]);
        stored = size;
    }
    // Not asked to stop: it would free a million things one by one.
    emulator.process.kill().await?;
    Ok(())
}
