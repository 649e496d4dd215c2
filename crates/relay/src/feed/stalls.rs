//! Looks for leases that do not move although their feed has work, whoever holds them.

use super::{Duty, Shared};
use crate::decide::leases::stall::{Stalled, Stalls};
use domain::ports::Leases;
use std::time::Duration;
use tracing::{debug, warn};

/// How often to look: it costs one read of the feed a lease.
const EVERY: Duration = Duration::from_mins(1);
/// Longer than any round takes.
const AFTER: Duration = Duration::from_mins(3);

/// Looks until told to stop; of several relays the one that holds the first lease does.
pub(super) async fn watch_stalls<O, P, F, L: Leases>(shared: &Shared<O, P, F, L>) {
    let mut stalls = Stalls::default();
    loop {
        shared.wait(EVERY).await;
        if shared.stop.is_told() {
            return;
        }
        if *shared.signals.duty.borrow() != Duty::First {
            continue;
        }
        match shared.leases.lags().await {
            Ok(lags) => {
                let running = shared.now().running;
                stalls.look(&lags, running, AFTER).iter().for_each(say);
            }
            Err(fault) => debug!("cannot see how far leases are behind: {fault}"),
        }
    }
}

fn say(stalled: &Stalled) {
    let Stalled { lag, time } = stalled;
    let owner = lag.owner.as_deref().unwrap_or("nobody");
    warn!(
        lease = lag.token,
        owner,
        behind = lag.behind,
        "lease stands still for {time:?} although its feed has work: see the log of its owner"
    );
}
