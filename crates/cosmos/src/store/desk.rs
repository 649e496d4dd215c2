//! The operator's side: looks at everything, and rules on what the broker refused.
//!
//! Whoever rules has read the event before: the write names that version, so that a relay or a
//! second operator who was there first is never overwritten.

mod gather;
mod ruling;

use std::fmt;
use std::sync::Arc;

use domain::{EventId, Fault, Key, Timestamp};
use serde::de::DeserializeOwned;

use super::fault::fault;
use super::pending;
use crate::account::PartitionKey;
use crate::container::{Container, Within};
use crate::documents::{Found, Note, Record, found_in};
use crate::failure::{Failure, Why};
use crate::query::Query;

pub use gather::Gather;
pub use ruling::Ruling;
use ruling::patch_of;

/// The events in a container, as an operator works on them.
pub struct CosmosDesk {
    container: Arc<Container>,
}

/// How many events there are in which state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting to be published, those held behind a parked one among them.
    pub pending: u64,
    /// Refused by the broker.
    pub parked: u64,
    /// Given up by an operator.
    pub skipped: u64,
    /// Published, and not expired yet.
    pub processed: u64,
    /// When the oldest pending one occurred.
    pub oldest_pending: Option<String>,
}

/// An event as it was read: the version that a ruling is on.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What it says.
    pub record: Record,
    etag: String,
}

impl CosmosDesk {
    /// A desk over this container. No I/O.
    pub fn new(container: Arc<Container>) -> Self {
        Self { container }
    }

    /// The container.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// Who works here, as Entra ID says; none with an account key.
    ///
    /// # Errors
    ///
    /// Where Entra ID gives no token.
    pub async fn who(&self, now: Timestamp) -> Result<Option<String>, Fault> {
        self.container.client().who(now).await.map_err(|failure| self.fault(failure))
    }

    /// How many events there are in which state.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn counts(&self) -> Result<Counts, Fault> {
        let oldest = Query::new(format!("SELECT VALUE MIN(c.occurredAt) {OF_STATE}"));
        let oldest = self.values::<String>(oldest.with("@state", "pending")).await?;
        Ok(Counts {
            pending: self.count("pending").await?,
            parked: self.count("parked").await?,
            skipped: self.count("skipped").await?,
            processed: self.count("processed").await?,
            oldest_pending: oldest.into_iter().min(),
        })
    }

    async fn count(&self, state: &'static str) -> Result<u64, Fault> {
        let query = Query::new(format!("SELECT VALUE COUNT(1) {OF_STATE}"));
        Ok(self.values::<u64>(query.with("@state", state)).await?.into_iter().sum())
    }

    /// One page of the parked events, and where the next one starts.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn parked(
        &self,
        cursor: Option<&str>,
    ) -> Result<(Vec<Record>, Option<String>), Fault> {
        let query = Query::new(format!("SELECT * {OF_STATE}")).with("@state", "parked");
        self.records(&query, cursor).await
    }

    /// One page of what says it is an event on its way and has not the shape of one.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn unreadable(
        &self,
        cursor: Option<&str>,
    ) -> Result<(Vec<Record>, Option<String>), Fault> {
        let (found, next) = self.records(&Query::new(MISSHAPEN), cursor).await?;
        Ok((found.into_iter().filter(|record| record.entry.is_err()).collect(), next))
    }

    /// How many pending events wait behind this one.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn waiting_behind(&self, event: &EventId) -> Result<u64, Fault> {
        let query =
            Query::new(format!("SELECT VALUE COUNT(1) {OF_STATE} AND c.sequence > @sequence"));
        let query = query.with("@state", "pending").with("@sequence", event.sequence.get());
        let key = PartitionKey::new(event.key.as_str());
        let page = self.container.query_all(&query, Within::Key(&key)).await;
        let page = page.map_err(|failure| self.fault(failure))?;
        Ok(page.documents.iter().filter_map(|value| read::<u64>(value.get())).sum())
    }

    /// Everything of one aggregate: itself and its events, in no particular order.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn all_of(&self, key: &Key) -> Result<Vec<Found>, Fault> {
        let query = Query::new("SELECT * FROM c");
        let key = PartitionKey::new(key.as_str());
        let page = self.container.query_all(&query, Within::Key(&key)).await;
        let page = page.map_err(|failure| self.fault(failure))?;
        Ok(page.documents.iter().map(|document| found_in(document.get())).collect())
    }

    /// One event, if there is one of this id.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn event(&self, event: &EventId) -> Result<Option<Seen>, Fault> {
        let key = PartitionKey::new(event.key.as_str());
        let item = self.container.read(&key, &event.to_string()).await;
        let Some(item) = item.map_err(|failure| self.fault(failure))? else { return Ok(None) };
        let text = std::str::from_utf8(&item.body).unwrap_or_default();
        Ok(match found_in(text) {
            Found::Event(record) => Some(Seen { record: *record, etag: item.etag }),
            Found::Aggregate(_) | Found::Other => None,
        })
    }

    /// Writes a ruling on the event as it was seen; false where it was changed meanwhile.
    ///
    /// # Errors
    ///
    /// Those of the store. After [`Fault::Unanswered`] it may stand there all the same.
    pub async fn rule(
        &self,
        event: &EventId,
        seen: &Seen,
        (ruling, note): (Ruling, Note),
    ) -> Result<bool, Fault> {
        let (key, id) = (PartitionKey::new(event.key.as_str()), event.to_string());
        let patch = patch_of(&seen.record, ruling, note).map_err(|failure| self.fault(failure))?;
        match self.container.patch((&key, &id), Some(&seen.etag), &patch).await {
            Ok(_) => Ok(true),
            Err(Failure { why: Why::Changed | Why::Missing, open: false }) => Ok(false),
            Err(failure) => Err(self.fault(failure)),
        }
    }

    async fn records(
        &self,
        query: &Query,
        cursor: Option<&str>,
    ) -> Result<(Vec<Record>, Option<String>), Fault> {
        let (documents, next) = pending::page(&self.container, query, cursor).await?;
        let found = documents.iter().map(|document| found_in(document.get()));
        let records = found.filter_map(|found| match found {
            Found::Event(record) => Some(*record),
            Found::Aggregate(_) | Found::Other => None,
        });
        Ok((records.collect(), next))
    }

    /// The values of an aggregate function, one for each range and page.
    async fn values<T: DeserializeOwned>(&self, query: Query) -> Result<Vec<T>, Fault> {
        for _ in 0..RANGES_CHANGED_MAX {
            match self.try_values(&query).await {
                Err(failure) if failure.is_range_gone() => self.container.forget_ranges(),
                other => return other.map_err(|failure| self.fault(failure)),
            }
        }
        Err(Fault::Unavailable("the partitions of the container are being split".into()))
    }

    async fn try_values<T: DeserializeOwned>(&self, query: &Query) -> Result<Vec<T>, Failure> {
        let mut values = Vec::new();
        for range in self.container.ranges().await? {
            let page = self.container.query_all(query, Within::Range(&range.id)).await?;
            values.extend(page.documents.iter().filter_map(|value| read(value.get())));
        }
        Ok(values)
    }

    fn fault(&self, failure: Failure) -> Fault {
        fault(&self.container, failure)
    }
}

impl fmt::Debug for CosmosDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosmosDesk({:?})", self.container)
    }
}

/// A value of an answer; an aggregate over nothing is none, or an object without a member.
fn read<T: DeserializeOwned>(value: &str) -> Option<T> {
    serde_json::from_str(value).ok()
}

const OF_STATE: &str = "FROM c WHERE c.type = 'event' AND c.state = @state";

/// On its way, and not as events are written: by what the store can compare. Who reads it says
/// what is wrong with it.
const MISSHAPEN: &str = "SELECT * FROM c WHERE c.type = 'event' \
    AND NOT (IS_STRING(c.state) AND c.state IN ('processed', 'skipped')) \
    AND NOT (IS_STRING(c.state) AND c.state IN ('pending', 'parked') \
    AND IS_STRING(c.partitionKey) AND LENGTH(c.partitionKey) <= 64 \
    AND IS_NUMBER(c.sequence) AND c.sequence >= 1 AND c.sequence <= 4294967295 \
    AND c.id = CONCAT(c.partitionKey, '.', ToString(c.sequence)) \
    AND IS_STRING(c.eventType) AND IS_DEFINED(c.data) \
    AND IS_STRING(c.occurredAt) AND c.occurredAt >= '0' AND c.occurredAt < ':' \
    AND (c.state = 'pending' OR IS_STRING(c.parkedAt)))";

/// Splits come rarely; more than this in one call is no split any more.
const RANGES_CHANGED_MAX: usize = 5;
