//! Hands a lease over to those that take its place after a split or a merge.
//!
//! The heirs come first and the lease is deleted last: a crash between leaves both, and whoever
//! finds the lease then does the same again, which changes nothing that was done.

use crate::decide::leases::place::detour;
use domain::ports::{Created, Deleted, Lease, Leases, NewLease, Part};
use domain::{Fault, Timestamp};
use tracing::{info, warn};

/// Makes sure that each of these parts has a lease that is no further than this one, then deletes
/// this one. Where a part cannot have one, this one stays, and what it says with it.
pub(super) async fn hand_over<L: Leases>(
    leases: &L,
    lease: &Lease,
    heirs: Vec<Part>,
    at: Timestamp,
) -> Result<(), Fault> {
    let mut tokens = Vec::with_capacity(heirs.len());
    for heir in heirs {
        let Some(token) = ensure(leases, lease, heir.clone(), at).await? else {
            warn!(lease = %lease.part, heir = %heir, "cannot hand over: another document has the \
                  id of the new lease; delete or move that document");
            return Ok(());
        };
        tokens.push(token);
    }
    match leases.delete(lease).await? {
        Deleted::Done => info!(lease = %lease.part, heirs = ?tokens, "handed over"),
        Deleted::Changed => info!(lease = %lease.part, "another relay hands it over"),
    }
    Ok(())
}

/// A lease of this part, created with what its parent says unless it is there. `None` where there
/// cannot be one.
async fn ensure<L: Leases>(
    leases: &L,
    parent: &Lease,
    heir: Part,
    at: Timestamp,
) -> Result<Option<String>, Fault> {
    let around = detour(&heir);
    for part in [Some(heir), around].into_iter().flatten() {
        let (continuation, properties) = (parent.continuation.clone(), parent.properties.clone());
        let new = NewLease { part: part.clone(), continuation, properties, at };
        let is_there = match leases.create(new).await? {
            Created::Done => true,
            Created::Exists => leases.read(&part).await?.is_some(),
        };
        if is_there {
            return Ok(Some(part.token()));
        }
    }
    Ok(None)
}
