//! The world that all processes of a play share.

use crate::broker::Broker;
use crate::fate::Climate;
use crate::history::History;
use crate::leases::LeaseStore;
use crate::ledger::Ledger;
use crate::store::Store;
use domain::{Key, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A port that is built wrongly: a play with it has to fail, or the play proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The broker takes a message id again and again.
    NoDuplicateDetection,
    /// The broker says that it settled what it sometimes loses.
    SettledAndLost,
    /// The store marks an event whatever its state is.
    UnconditionalMark,
    /// The store sometimes keeps an order without the event that tells of it.
    TornCommit,
    /// The store lets an event that was parked expire.
    ParkedExpires,
    /// The store never finds what is pending for too long, and the feed sometimes skips a page.
    BlindSweep,
    /// The store keeps what a lease says of its place further on than its owner said.
    CheckpointAhead,
}

/// What all processes share.
#[derive(Debug)]
pub(crate) struct World {
    state: Mutex<State>,
    /// What is on its way although whoever sent it has given it up.
    pub(crate) network: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rng: fastrand::Rng,
    pub(crate) started: Instant,
    pub(crate) climate: Climate,
    pub(crate) lives: Vec<Life>,
    pub(crate) history: History,
    pub(crate) store: Store,
    pub(crate) broker: Broker,
    pub(crate) leases: LeaseStore,
    pub(crate) ledger: Ledger,
    /// How far the Functions host has read each range.
    pub(crate) host_places: BTreeMap<String, u64>,
    /// What API clients were told is done: the version of each order.
    pub(crate) acknowledged: BTreeMap<Key, u32>,
    pub(crate) wrong: Option<Wrong>,
}

/// How a process is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Life {
    /// How often it was started: a call of an earlier life reaches nothing.
    pub(crate) number: u32,
    pub(crate) is_dead: bool,
    /// Until when it sleeps.
    pub(crate) paused_until: Instant,
}

impl World {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), network: Mutex::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Since the play began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What time the store has.
    pub(crate) fn now(&self) -> Timestamp {
        at(self.elapsed(), 0)
    }

    /// A number from `low` up to and with `high`.
    pub(crate) fn draw(&mut self, low: u64, high: u64) -> u64 {
        self.rng.u64(low..=high)
    }

    /// Whether what happens this often, of a thousand times, happens now.
    pub(crate) fn happens(&mut self, per_mille: u32) -> bool {
        self.rng.u32(0..1000) < per_mille
    }

    /// Notes that something happened.
    pub(crate) fn note(&mut self, who: usize, what: &(impl Hash + Debug)) {
        let at = self.elapsed();
        self.history.note(at, who, what);
    }
}

/// The instant `elapsed` after the play began, by a clock that is `skew_s` ahead.
pub(crate) fn at(elapsed: Duration, skew_s: i64) -> Timestamp {
    let millis = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX / 2);
    Timestamp::from_millisecond(EPOCH_MS + millis + skew_s * 1000).unwrap_or(Timestamp::MAX)
}

/// Any instant serves.
const EPOCH_MS: i64 = 1_790_000_000_000;
