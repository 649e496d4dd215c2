//! Tends one lease: its reader and its keeper, of whom neither goes on without the other.

use super::Shared;
use super::keeper::{Hold, Keeper, Kept};
use super::range::{Ended, Reader};
use crate::decide::leases::conflict::Loss;
use domain::ports::{Feed, FeedPart, FeedPosition, Lease, Leases, Outbox, Publisher};
use domain::{Chain, Fault};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tracing::{Instrument, info, info_span, warn};

/// How long an orderly end may take to give a lease back: what is not given back runs out.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(5);

/// Reads the part of a lease of this relay until the lease or the range is gone, or the process is
/// to end. Returns the lease's token.
pub(super) async fn tend<O, P, F, L>(
    shared: Arc<Shared<O, P, F, L>>,
    lease: Lease,
    part: FeedPart,
) -> String
where
    O: Outbox,
    P: Publisher,
    F: Feed,
    L: Leases,
{
    let token = lease.part.token();
    let span = info_span!("lease", token);
    async {
        info!(range = part.range, from = lease.continuation, "reading");
        let hold = Hold::new(&lease);
        let from = lease.continuation.clone();
        let from = from.map_or(FeedPosition::Now, FeedPosition::After);
        let reader = Reader::new(&shared, part, from, &hold);
        let mut keeper = Keeper {
            leases: &shared.leases,
            lease,
            hold: &hold,
            timing: shared.alone.timing,
            me: &shared.alone.name,
            clock: shared.clock,
        };
        tokio::select! {
            biased;
            loss = keeper.keep() => lost(&loss),
            ended = reader.run() => end(keeper, ended).await,
        }
    }
    .instrument(span)
    .await;
    token
}

async fn end<L: Leases>(mut keeper: Keeper<'_, L>, ended: Ended) {
    let (what, saved) = match ended {
        Ended::Gone => ("range was split or merged", keeper.save().await),
        Ended::Stopped => {
            let release = timeout(RELEASE_TIME_MAX, keeper.release()).await;
            ("given back", release.unwrap_or_else(|_| Err(late())))
        }
    };
    match saved {
        Ok(Kept::Yes) => info!("{what}"),
        Ok(Kept::Lost(loss)) => lost(&loss),
        Err(fault) => warn!("{what}, but the lease is left as it was: {}", Chain(&fault)),
    }
}

fn lost(loss: &Loss) {
    warn!("lease lost, reading stops: {loss}");
}

fn late() -> Fault {
    Fault::Unanswered("took too long".into())
}
