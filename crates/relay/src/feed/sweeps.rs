//! The sweep beside the feed: every minute, and whenever something may have been missed.

use super::Shared;
use super::pace::Backoff;
use crate::round::RoundReport;
use crate::sweep::SweepFault;
use domain::ports::{Outbox, Publisher};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

/// As often as the timer of the Functions host.
const EVERY: Duration = Duration::from_mins(1);

/// Sweeps until told to stop.
pub(super) async fn sweep_on<O: Outbox, P: Publisher, F>(shared: &Shared<O, P, F>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await; // the first one comes at once
    // INVARIANT(feed-is-only-a-hint): what is pending goes out also where the feed cannot be read.
    shared.catch_up.notify_one();
    let mut backoff = Backoff::default();
    loop {
        tokio::select! {
            biased;
            () = shared.stop.told() => return,
            () = shared.catch_up.notified() => {
                while !pass(shared, &mut backoff).await && !shared.stop.is_told() {}
            }
            _ = ticks.tick() => {
                let report = shared.app.sweep((shared.clock)()).await;
                said(report.fault.as_ref(), &mut backoff);
            }
        }
    }
}

/// Sweeps everything that is pending, once from end to end; a page that fails is left behind.
/// Whether none did.
async fn pass<O: Outbox, P: Publisher, F>(shared: &Shared<O, P, F>, backoff: &mut Backoff) -> bool {
    shared.app.restart_sweep().await;
    let (mut is_clean, mut rounds) = (true, RoundReport::default());
    while !shared.stop.is_told() {
        let report = shared.app.sweep_all((shared.clock)()).await;
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
