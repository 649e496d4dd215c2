//! The sweep beside the feed: every minute, and whenever something may have been missed.
//!
//! Of several relays the holder of the first lease sweeps as soon as an event is due, the others
//! only what is overdue for several times as long: so two relays seldom send the same, and what is
//! pending goes out also where that one relay cannot.

use super::pace::Backoff;
use super::{Duty, Shared};
use crate::app::Due;
use crate::round::RoundReport;
use crate::sweep::SweepFault;
use domain::ports::{Outbox, Publisher};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

/// As often as the timer of the Functions host.
const EVERY: Duration = Duration::from_mins(1);

/// How long the first sweep waits for a look at the leases, which may show that others are at it.
const LOOK_TIME_MAX: Duration = Duration::from_secs(5);

/// Sweeps until told to stop.
pub(super) async fn sweep_on<O, P, F, L>(shared: &Shared<O, P, F, L>)
where
    O: Outbox,
    P: Publisher,
{
    let mut duty = shared.signals.duty.subscribe();
    let looked = timeout(LOOK_TIME_MAX, duty.wait_for(|duty| *duty != Duty::Unknown));
    tokio::select! {
        biased;
        _ = looked => {}
        () = shared.stop.told() => return,
    }
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await; // the first one comes at once
    if *shared.signals.duty.borrow() != Duty::Other {
        // INVARIANT(feed-is-only-a-hint): what is pending goes out also where the feed cannot be
        // read.
        shared.signals.catch_up.notify_one();
    }
    let mut backoff = Backoff::default();
    loop {
        tokio::select! {
            biased;
            () = shared.stop.told() => return,
            () = shared.signals.catch_up.notified() => {
                while !pass(shared, &mut backoff).await && !shared.stop.is_told() {}
            }
            _ = ticks.tick() => {
                let is_other = *shared.signals.duty.borrow() == Duty::Other;
                let due = if is_other { Due::Late } else { Due::InTime };
                let report = shared.app.sweep(due, (shared.clock)()).await;
                said(report.fault.as_ref(), &mut backoff);
            }
        }
    }
}

/// Sweeps everything that is pending, once from end to end; a page that fails is left behind.
/// Whether none did.
async fn pass<O, P, F, L>(shared: &Shared<O, P, F, L>, backoff: &mut Backoff) -> bool
where
    O: Outbox,
    P: Publisher,
{
    shared.app.restart_sweep().await;
    let (mut is_clean, mut rounds) = (true, RoundReport::default());
    while !shared.stop.is_told() {
        let report = shared.app.sweep(Due::Now, (shared.clock)()).await;
        rounds += report.rounds;
        let pause = said(report.fault.as_ref(), backoff);
        is_clean &= report.fault.is_none();
        shared.wait(pause).await;
        if report.is_done {
            info!(is_clean, "swept all that is pending: {rounds}");
            break;
        }
    }
    is_clean
}

/// Says what is new of a sweep, and returns how long to wait after it.
fn said(fault: Option<&SweepFault>, backoff: &mut Backoff) -> Duration {
    let Some(fault) = fault else {
        if let Some(recovered) = backoff.end() {
            info!("the sweep {recovered}");
        }
        return Duration::ZERO;
    };
    let pause = backoff.after(fault.fault(), fastrand::u32(..));
    if let Some(news) = backoff.news(fault.fault()) {
        warn!(retry_in = ?pause, "{fault}: {news}");
    }
    pause
}
