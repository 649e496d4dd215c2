//! Standing alone, any number of relays side by side: each reads the parts of the change feed that
//! it has leases on, and sweeps beside that.
//!
//! A lease says up to where a part was read. It is written only behind a round that succeeded, so
//! whoever goes on from it, after a crash, a theft or a split, repeats some and passes nothing. A
//! part that was never read starts from now on, with a sweep of everything that is pending then.
//! A page that failed is read again.
//!
//! Reading order: `lead` takes leases and starts who tends them, `tend` reads a part while its
//! `keeper` keeps the lease, `range` is the reading, [`pace`] says how long to wait, `sweeps` and
//! `stalls` look after what does not move. What is decided is in [`crate::decide::leases`].

mod hand_over;
mod keeper;
mod lead;
pub mod pace;
mod range;
mod stalls;
mod sweeps;
mod tend;

use crate::app::App;
use crate::decide::leases::balance::Share;
use crate::decide::leases::watch::Now;
use crate::stop::Stop;
use domain::Timestamp;
use domain::ports::{Feed, Leases, Outbox, Publisher};
use lead::Leader;
use pace::Poll;
use stalls::watch_stalls;
use std::sync::Arc;
use std::time::Duration;
use sweeps::sweep_on;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

/// What all loops share.
#[derive(Debug)]
pub struct Shared<O, P, F, L> {
    /// The relay.
    pub app: Arc<App<O, P>>,
    /// The feed.
    pub feed: F,
    /// Who reads which part of it.
    pub leases: L,
    /// How it stands alone.
    pub alone: Alone,
    /// Reads the clock.
    pub clock: fn() -> Timestamp,
    /// Whether the process is to end.
    pub stop: Stop,
    /// What its loops tell each other.
    pub signals: Signals,
}

/// How a relay stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alone {
    /// What it calls itself in leases: no two processes may have the same name.
    pub name: String,
    /// How often the feed is read.
    pub poll: Poll,
    /// How often leases are looked at.
    pub timing: Timing,
    /// How many leases it holds.
    pub share: Share,
}

/// How often leases are looked at, and how long they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How often to look for leases to take.
    pub acquire: Duration,
    /// How often to give a sign of life.
    pub renew: Duration,
    /// How long a lease lives without one.
    pub expire: Duration,
}

/// What the loops of a relay tell each other.
#[derive(Debug)]
pub struct Signals {
    started: Instant,
    /// Asks for a sweep of everything that is pending.
    catch_up: Notify,
    /// How far this relay has to look after what others miss.
    duty: watch::Sender<Duty>,
}

/// How far a relay has to look after what others miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// The leases were not looked at yet.
    Unknown,
    /// It holds the first lease, or cannot know who does.
    First,
    /// Another holds the first lease.
    Other,
}

/// Relays until told to stop. Rounds in flight are taken to their end, leases given back.
pub async fn follow<O, P, F, L>(shared: Arc<Shared<O, P, F, L>>)
where
    O: Outbox + 'static,
    P: Publisher + 'static,
    F: Feed + 'static,
    L: Leases + 'static,
{
    let leader = Leader::new(Arc::clone(&shared));
    tokio::join!(leader.run(), sweep_on(&shared), watch_stalls(&shared));
}

impl<O, P, F, L> Shared<O, P, F, L> {
    /// Waits, unless told to stop.
    async fn wait(&self, pause: Duration) {
        let _ = timeout(pause, self.stop.told()).await;
    }

    fn now(&self) -> Now {
        Now { wall: (self.clock)(), running: self.signals.started.elapsed() }
    }
}

impl Default for Timing {
    /// As the .NET SDK has them.
    fn default() -> Self {
        let [acquire, renew, expire] = [13, 17, 60].map(Duration::from_secs);
        Self { acquire, renew, expire }
    }
}

impl Default for Signals {
    fn default() -> Self {
        let (catch_up, duty) = (Notify::new(), watch::Sender::new(Duty::Unknown));
        Self { started: Instant::now(), catch_up, duty }
    }
}
