//! What a process has used, as Linux accounts for it.

use anyhow::{Context, Result};
use nix::time::ClockId;
use nix::unistd::Pid;
use std::time::Duration;

/// Processor time and memory of a process.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// User and system time together.
    pub cpu: Duration,
    /// Resident memory in KiB.
    pub resident_kib: u64,
}

/// Reads both; an error if there is no such process.
pub fn usage(pid: i32) -> Result<Usage> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident_kib = resident(&status).context("no VmRSS in /proc/<pid>/status")?;
    Ok(Usage { cpu: cpu(pid)?, resident_kib })
}

/// User and system time of all its threads, those that have ended too. Its clock counts
/// nanoseconds, where `/proc/<pid>/stat` counts hundredths of a second.
pub fn cpu(pid: i32) -> Result<Duration> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid))?;
    Ok(clock.now()?.into())
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_a_size_and_uses_time() {
        let this = i32::try_from(std::process::id()).unwrap();
        let before = usage(this).unwrap();
        assert!(0 < before.resident_kib);
        // Ends as soon as the clock moves, which needs nothing but this.
        while cpu(this).unwrap() == before.cpu {}
    }
}
