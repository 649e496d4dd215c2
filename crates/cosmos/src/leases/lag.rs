//! How far each lease is behind its feed, as the .NET SDK's estimator finds it: the difference
//! between where the range stands and the first change behind the lease's continuation.

use domain::Fault;
use domain::ports::{FeedPart, Lag, Lease, Leases, Part};
use serde::Deserialize;

use super::CosmosLeases;
use crate::account::Range;
use crate::failure::{Failure, Why};
use crate::feed::{Start, Written};
use crate::store::fault;

/// One page of one document a lease.
pub(super) async fn lags(leases: &CosmosLeases) -> Result<Vec<Lag>, Fault> {
    let mut found = leases.list().await?.leases;
    found.sort_by(|a, b| a.part.cmp(&b.part));
    leases.monitored.forget_ranges();
    let mut lags = Vec::with_capacity(found.len());
    for lease in found {
        let behind = behind(leases, &lease).await?;
        let Lease { part, owner, continuation, written_at, .. } = lease;
        lags.push(Lag { token: part.token(), owner, continuation, written_at, behind });
    }
    Ok(lags)
}

async fn behind(leases: &CosmosLeases, lease: &Lease) -> Result<Option<u64>, Fault> {
    let container = &leases.monitored;
    let ranges = container.ranges().await.map_err(|failure| fault(container, failure))?;
    let (Some(part), Some(continuation)) = (place(&lease.part, &ranges), &lease.continuation)
    else {
        return Ok(None);
    };
    let start = Start::After(continuation.clone());
    match container.feed_within(&part.range, part.within.as_ref(), &start, 1).await {
        Ok(written) => Ok(Some(behind_of(&written))),
        Err(failure) if failure.is_range_gone() => Ok(None),
        // What stands in the lease is no place in the feed: that hides no other lease.
        Err(Failure { why: Why::Refused { .. }, .. }) => Ok(None),
        Err(failure) => Err(fault(container, failure)),
    }
}

/// What to read of a range; none where it was split or merged meanwhile.
fn place(part: &Part, ranges: &[Range]) -> Option<FeedPart> {
    match part {
        Part::Range { id, .. } => {
            let range = ranges.iter().find(|range| range.id == *id)?;
            Some(FeedPart { range: range.id.clone(), within: None })
        }
        Part::Stretch(stretch) => {
            let holds = |range: &&Range| range.min <= stretch.min && stretch.max <= range.max;
            let range = ranges.iter().find(holds)?;
            Some(FeedPart { range: range.id.clone(), within: Some(stretch.clone()) })
        }
    }
}

/// A page has changes or it has not; where numbers are missing, at least those.
fn behind_of(written: &Written) -> u64 {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(rename = "_lsn")]
        lsn: u64,
    }
    let Some(first) = written.documents.first() else { return 0 };
    let first = serde_json::from_str(first.get()).ok().map(|Numbered { lsn }| lsn);
    let between = written.reached.zip(first).map(|(last, first)| last.saturating_sub(first) + 1);
    between.unwrap_or(1)
}
