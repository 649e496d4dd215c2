//! What becomes of a call: drawn once for each, before it is on its way.

use crate::world::State;
use domain::{EventId, Key};
use std::time::Duration;
use tokio::time::Instant;

/// A call of a process to the world outside.
#[derive(Debug, Clone, Hash)]
pub(crate) enum Call {
    Load(Key),
    Commit(EventId),
    Unpublished(Key),
    Pending,
    Mark(Vec<EventId>),
    Publish(Vec<EventId>),
    Ranges,
    Next(String),
    Parked,
    Rule(EventId),
    Processed(Key),
    Lease(&'static str, String),
}

/// What a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Store,
    Broker,
    Leases,
}

impl Call {
    const fn target(&self) -> Target {
        match self {
            Self::Publish(_) => Target::Broker,
            Self::Lease(..) => Target::Leases,
            Self::Load(_)
            | Self::Commit(_)
            | Self::Unpublished(_)
            | Self::Pending
            | Self::Mark(_)
            | Self::Ranges
            | Self::Next(_)
            | Self::Parked
            | Self::Rule(_)
            | Self::Processed(_) => Target::Store,
        }
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, Hash)]
pub(crate) struct Fate {
    /// How long it is on its way.
    pub(crate) there: Duration,
    /// How long its answer is.
    pub(crate) back: Duration,
    pub(crate) turn: Turn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Turn {
    Well,
    /// Nothing happens, and the caller is told so.
    Away,
    /// Nothing happens, and the caller is told to wait.
    Throttled,
    /// It happens, and the answer is lost.
    Lost,
    /// It is given up as lost, and happens so much later.
    Late(Duration),
    /// The process dies before it happens.
    DiesBefore,
    /// The process dies after it happened.
    DiesAfter,
}

/// How rough it is.
#[derive(Debug)]
pub(crate) struct Climate {
    /// Nothing goes wrong any more.
    pub(crate) is_calm: bool,
    /// Of a thousand calls, how many fail.
    pub(crate) faults: u32,
    /// Of ten thousand calls, how many are the last of their process.
    pub(crate) deaths: u32,
    /// Of a thousand calls, how many take very long.
    pub(crate) slow: u32,
    /// Who cannot be reached, and until when.
    pub(crate) away: Vec<(Target, Instant)>,
}

impl Climate {
    pub(crate) fn draw(rng: &mut fastrand::Rng) -> Self {
        let mut pick = |of: [u32; 4]| of.get(rng.usize(0..4)).copied().unwrap_or_default();
        let (faults, deaths, slow) =
            (pick([0, 15, 60, 200]), pick([0, 2, 10, 30]), pick([0, 5, 20, 60]));
        Self { is_calm: false, faults, deaths, slow, away: Vec::new() }
    }
}

impl State {
    /// Draws what becomes of a call.
    pub(crate) fn fate(&mut self, call: &Call) -> Fate {
        let (there, back) = (self.way(), self.way());
        Fate { there, back, turn: self.turn(call.target()) }
    }

    fn way(&mut self) -> Duration {
        let is_slow = !self.climate.is_calm && self.happens(self.climate.slow);
        Duration::from_millis(if is_slow { self.draw(100, 20_000) } else { self.draw(0, 12) })
    }

    fn turn(&mut self, target: Target) -> Turn {
        if self.climate.is_calm {
            return Turn::Well;
        }
        let now = Instant::now();
        if self.climate.away.iter().any(|(away, until)| *away == target && now < *until) {
            return Turn::Away;
        }
        if self.rng.u32(0..10_000) < self.climate.deaths {
            return if self.rng.bool() { Turn::DiesBefore } else { Turn::DiesAfter };
        }
        if !self.happens(self.climate.faults) {
            return Turn::Well;
        }
        match self.rng.u8(0..6) {
            0 => Turn::Away,
            1 => Turn::Throttled,
            2 | 3 => Turn::Lost,
            _ => Turn::Late(Duration::from_millis(self.draw(0, 90_000))),
        }
    }
}
