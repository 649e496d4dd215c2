//! How the first leases come to be: one host creates them, the others wait for it.
//!
//! `<prefix>.info` says that they were created. Until then the host that can create
//! `<prefix>.lock` is the one to do it; where that host dies, the lock's `ttl` frees it. What the
//! lock guards is harmless to do twice: a lease is only ever created where there is none.

use domain::Fault;
use domain::ports::Begin;
use serde::Serialize;

use super::CosmosLeases;
use crate::account::PartitionKey;
use crate::failure::{Failure, Why};

/// How long a lock stands where its host died, in seconds.
const LOCK_TTL: u32 = 30;
const PARTITION_KEY_PATH: &str = "/id";

#[derive(Debug, Serialize)]
struct Info<'a> {
    id: &'a str,
}

#[derive(Debug, Serialize)]
struct Lock<'a> {
    id: &'a str,
    ttl: u32,
}

/// Whether they were created, or who does it.
pub(super) async fn begin(leases: &CosmosLeases) -> Result<Begin, Fault> {
    check(leases).await?;
    let prefix = leases.prefix().await?;
    let info = prefix.info();
    let read = leases.container.read(&PartitionKey::new(&info), &info).await;
    if read.map_err(|failure| leases.fault(failure))?.is_some() {
        return Ok(Begin::Done);
    }
    let id = prefix.lock();
    let lock = Lock { id: &id, ttl: LOCK_TTL };
    match leases.container.create(&PartitionKey::new(&id), &lock).await {
        Ok(_) => Ok(Begin::Mine),
        Err(Failure { why: Why::Exists, .. }) => Ok(Begin::Others),
        Err(failure) => Err(leases.fault(failure)),
    }
}

/// They were: writes the document that says so, and frees the lock.
pub(super) async fn begun(leases: &CosmosLeases) -> Result<(), Fault> {
    let prefix = leases.prefix().await?;
    let id = prefix.info();
    match leases.container.create(&PartitionKey::new(&id), &Info { id: &id }).await {
        Ok(_) | Err(Failure { why: Why::Exists, .. }) => {}
        Err(failure) => return Err(leases.fault(failure)),
    }
    let lock = prefix.lock();
    match leases.container.delete((&PartitionKey::new(&lock), &lock), None).await {
        Ok(()) | Err(Failure { why: Why::Missing, .. }) => Ok(()),
        Err(failure) => Err(leases.fault(failure)),
    }
}

async fn check(leases: &CosmosLeases) -> Result<(), Fault> {
    let patience = leases.container.client().patience();
    let definition = leases.container.definition(patience).await;
    let definition = definition.map_err(|failure| leases.fault(failure))?;
    let paths = definition.partition_key.paths;
    if paths == [PARTITION_KEY_PATH] {
        return Ok(());
    }
    let (link, paths) = (leases.container.link(), paths.join(", "));
    Err(Fault::Misconfigured {
        problem: format!(
            "{link} is partitioned by {paths}; leases need {PARTITION_KEY_PATH}: make it anew, or \
             name another in COSMOS_LEASE_CONTAINER"
        ),
    })
}
