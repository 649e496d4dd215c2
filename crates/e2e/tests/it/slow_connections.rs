//! A thousand connections that idle and a thousand that never end their request take the api
//! neither its memory nor its processor, and keep nobody out.

use anyhow::{Context, Result};
use e2e::world::World;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const EACH: usize = 1000;

/// Resident memory in KiB and processor time in ticks of a process.
fn used(pid: i32) -> Result<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|line| line.split_whitespace().next()).context("VmRSS")?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("a name in brackets")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).context("a field")?.parse::<u64>().context("a number");
    // utime and stime: fields 14 and 15, of which the first two stand before the bracket.
    Ok((resident.parse()?, ticks(11)? + ticks(12)?))
}

#[tokio::test]
async fn a_thousand_idle_and_a_thousand_slow_connections_keep_nobody_out() -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = 4096.min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, wanted.max(soft), hard)?;
    assert!(3 * EACH as u64 <= wanted, "this system gives a process {hard} file handles at most");
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let pid = world.api.process().context("it runs")?.pid()?;
    let address = world.api.base.trim_start_matches("http://").to_owned();
    let (memory_before, _) = used(pid)?;
    let mut held = Vec::new();
    for _ in 0..EACH {
        held.push(TcpStream::connect(&address).await?);
        let mut slow = TcpStream::connect(&address).await?;
        slow.write_all(b"POST /api/orders HTTP/1.1\r\nHost: api\r\nX-Slow: ").await?;
        held.push(slow);
    }
    // Later than all of them, and served.
    world.client.place("A-17", 3).await?;
    let (_, ticks_before) = used(pid)?;
    for slow in held.iter_mut().skip(1).step_by(2) {
        slow.write_all(b"x").await?;
    }
    for number in 1..=20 {
        world.client.place("A-18", number).await?;
    }
    let (memory, ticks) = used(pid)?;
    let grown = memory.saturating_sub(memory_before);
    assert!(grown < 64 * 1024, "{grown} KiB more than before");
    // A busy loop would take a hundred a second; this takes a few in all.
    assert!(ticks - ticks_before < 500, "{} ticks", ticks - ticks_before);
    assert_eq!(held.len(), 2 * EACH);
    Ok(())
}
