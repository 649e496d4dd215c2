//! The leases on a container's change feed, as documents of a lease container.
//!
//! Ids and documents are those of the .NET SDK, so that its estimator and KEDA's scaler read
//! them; see [`document`] for what is written and [`prefix`] for the ids. Every write names the
//! version it was decided on. What stands under such an id and is no lease stays as it is.

mod begin;
mod document;
mod lag;
mod prefix;

use std::fmt;
use std::sync::Arc;

use domain::Fault;
use domain::ports::{
    Begin, Created, Deleted, Lag, Lease, Leases, Listed, NewLease, Part, Tag, Written,
};

use crate::account::PartitionKey;
use crate::container::{Container, Within};
use crate::failure::{Failure, Why};
use crate::query::Query;
use crate::store::fault;
use document::{LeaseDocument, Read};
use prefix::Prefix;

/// The leases on the feed of one container. Made without any I/O.
pub struct CosmosLeases {
    monitored: Arc<Container>,
    container: Arc<Container>,
}

impl CosmosLeases {
    /// The leases in `container` on the feed of `monitored`.
    pub fn new(monitored: Arc<Container>, container: Arc<Container>) -> Self {
        Self { monitored, container }
    }

    /// The lease container, with the meter of its calls.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// What the ids of its documents begin with. The container may have been made anew.
    async fn prefix(&self) -> Result<Prefix, Fault> {
        let rid = self.monitored.rid().await;
        let rid = rid.map_err(|failure| fault(&self.monitored, failure))?;
        Prefix::new(&self.monitored.client().host(), &rid)
    }

    /// What stands in the container under the ids of leases.
    async fn documents(&self, prefix: &Prefix) -> Result<Listed, Failure> {
        let query = Query::new(LIST).with("@prefix", prefix.leases());
        let mut listed = Listed::default();
        for range in self.container.ranges().await? {
            let page = self.container.query_all(&query, Within::Range(&range.id)).await?;
            for document in &page.documents {
                match document::read(prefix, document.get()) {
                    Read::Lease(lease) => listed.leases.push(*lease),
                    Read::Stranger(stranger) => listed.strangers.push(stranger),
                }
            }
        }
        Ok(listed)
    }

    /// A failure of the lease container, with what is to be done about it.
    fn fault(&self, failure: Failure) -> Fault {
        let link = self.container.link();
        let is_missing = matches!(failure.why, Why::NoContainer | Why::Missing);
        let is_denied = matches!(failure.why, Why::Denied { .. });
        if failure.open || !(is_missing || is_denied) {
            return fault(&self.container, failure);
        }
        let problem = if is_missing {
            format!(
                "there is no container {link} for leases; create it, partitioned by /id, or name \
                 another in COSMOS_LEASE_CONTAINER"
            )
        } else {
            format!(
                "the container {link} for leases: {}; let whoever runs here read and write it, or \
                 name another in COSMOS_LEASE_CONTAINER",
                failure.why
            )
        };
        Fault::Misconfigured { problem }
    }
}

impl Leases for CosmosLeases {
    async fn begin(&self) -> Result<Begin, Fault> {
        begin::begin(self).await
    }

    async fn begun(&self) -> Result<(), Fault> {
        begin::begun(self).await
    }

    async fn list(&self) -> Result<Listed, Fault> {
        let prefix = self.prefix().await?;
        let documents = match self.documents(&prefix).await {
            Err(failure) if failure.is_range_gone() => {
                self.container.forget_ranges();
                self.documents(&prefix).await
            }
            other => other,
        };
        documents.map_err(|failure| self.fault(failure))
    }

    async fn read(&self, part: &Part) -> Result<Option<Lease>, Fault> {
        let prefix = self.prefix().await?;
        let id = prefix.lease(part);
        let item = self.container.read(&PartitionKey::new(&id), &id).await;
        let Some(item) = item.map_err(|failure| self.fault(failure))? else { return Ok(None) };
        match document::read(&prefix, &String::from_utf8_lossy(&item.body)) {
            Read::Lease(lease) => Ok(Some(*lease)),
            // What it was is gone, and what is there now is not ours to touch.
            Read::Stranger(_) => Ok(None),
        }
    }

    async fn create(&self, lease: NewLease) -> Result<Created, Fault> {
        let document = LeaseDocument::of_new(&self.prefix().await?, &lease);
        let key = PartitionKey::new(document.id());
        match self.container.create(&key, &document).await {
            Ok(_) => Ok(Created::Done),
            Err(Failure { why: Why::Exists, .. }) => Ok(Created::Exists),
            Err(failure) => Err(self.fault(failure)),
        }
    }

    async fn write(&self, lease: &Lease) -> Result<Written, Fault> {
        let document = LeaseDocument::of(&self.prefix().await?, lease);
        let key = PartitionKey::new(document.id());
        let at = (&key, document.id());
        match self.container.replace(at, &lease.tag.0, &document).await {
            Ok(etag) => Ok(Written::Done(Tag(etag))),
            Err(Failure { why: Why::Changed | Why::Missing, .. }) => Ok(Written::Changed),
            Err(failure) => Err(self.fault(failure)),
        }
    }

    async fn delete(&self, lease: &Lease) -> Result<Deleted, Fault> {
        let id = self.prefix().await?.lease(&lease.part);
        let key = PartitionKey::new(&id);
        match self.container.delete((&key, &id), Some(&lease.tag.0)).await {
            Ok(()) | Err(Failure { why: Why::Missing, .. }) => Ok(Deleted::Done),
            Err(Failure { why: Why::Changed, .. }) => Ok(Deleted::Changed),
            Err(failure) => Err(self.fault(failure)),
        }
    }

    async fn lags(&self) -> Result<Vec<Lag>, Fault> {
        lag::lags(self).await
    }
}

impl fmt::Debug for CosmosLeases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosmosLeases({:?})", self.container)
    }
}

const LIST: &str = "SELECT * FROM c WHERE STARTSWITH(c.id, @prefix)";
