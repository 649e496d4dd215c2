//! What a piece of work costs: time on the wall, and processor time of both sides. On a busy
//! machine only the latter says anything.

use crate::table::{each, rate};
use anyhow::{Context, Result};
use e2e::emulator::Emulator;
use e2e::usage::cpu;
use std::time::{Duration, Instant};

/// What some work has cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    wall: Duration,
    emulator: Duration,
    client: Duration,
}

/// Work being measured.
pub(crate) struct Meter {
    emulator: i32,
    started: Instant,
    before: (Duration, Duration),
}

impl Meter {
    /// Begins to measure.
    pub(crate) fn start(emulator: &Emulator) -> Result<Self> {
        let emulator = emulator.process.pid()?;
        Ok(Self { emulator, before: both(emulator)?, started: Instant::now() })
    }

    /// What it was.
    pub(crate) fn stop(self) -> Result<Cost> {
        let wall = self.started.elapsed();
        let (emulator, client) = both(self.emulator)?;
        let (emulator_before, client_before) = self.before;
        let emulator = emulator.saturating_sub(emulator_before);
        Ok(Cost { wall, emulator, client: client.saturating_sub(client_before) })
    }
}

impl Cost {
    /// The best of several measurements: whatever else the machine does only makes them worse.
    pub(crate) fn best(costs: impl IntoIterator<Item = Self>) -> Result<Self> {
        let best = costs.into_iter().reduce(|one, other| Self {
            wall: one.wall.min(other.wall),
            emulator: one.emulator.min(other.emulator),
            client: one.client.min(other.client),
        });
        best.context("nothing was measured")
    }

    /// So many per second, then microseconds of either side for each.
    pub(crate) fn rate(&self, count: u32) -> [String; 3] {
        [rate(count, self.wall), each(self.emulator, count), each(self.client, count)]
    }

    /// Microseconds for each: on the wall, and of the emulator.
    pub(crate) fn each(&self, count: u32) -> String {
        format!("{} / {}", each(self.wall, count), each(self.emulator, count))
    }
}

fn both(emulator: i32) -> Result<(Duration, Duration)> {
    Ok((cpu(emulator)?, cpu(i32::try_from(std::process::id())?)?))
}
