//! Reading one aggregate and its events.

use domain::ports::{Stored, Tag};
use domain::{Entry, EventId, Fault, Key, Reading};
use serde_json::Value;

use super::fault::{Unreadable, fault};
use crate::account::PartitionKey;
use crate::container::{Container, Within};
use crate::documents::{reading_of, tag_and_aggregate};
use crate::form::Form;
use crate::query::Query;

/// One aggregate, if there is one under this key.
pub(super) async fn load<F: Form>(
    container: &Container,
    key: &Key,
) -> Result<Option<Stored<F::Aggregate>>, Fault> {
    let partition = PartitionKey::new(key.as_str());
    let found = container.read(&partition, key.as_str()).await;
    let Some(item) = found.map_err(|failure| fault(container, failure))? else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&item.body).unwrap_or_default();
    let (_, state) = tag_and_aggregate::<F>(text)
        .map_err(|reason| Unreadable { id: key.to_string(), reason })?;
    Ok(Some(Stored { state, tag: Tag(item.etag) }))
}

/// All events of an aggregate that can be read, in sequence.
pub(super) async fn history(container: &Container, key: &Key) -> Result<Vec<Entry>, Fault> {
    let text = "SELECT * FROM c WHERE c.type = 'event' ORDER BY c.sequence";
    Ok(events_of(container, key, text).await?.0)
}

/// Its events that are pending or parked, in sequence, up to the first that cannot be read: in
/// whatever state that is, what is behind it must not overtake it.
pub(super) async fn unpublished(container: &Container, key: &Key) -> Result<Vec<Entry>, Fault> {
    let text = "SELECT * FROM c WHERE c.type = 'event' \
                AND NOT (IS_STRING(c.state) AND c.state IN ('processed', 'skipped'))";
    let (mut entries, ends) = events_of(container, key, text).await?;
    if let Some(end) = ends {
        entries.retain(|entry| entry.envelope.sequence.get() < end);
    }
    entries.sort_by_key(|entry| entry.envelope.sequence);
    Ok(entries)
}

/// The events that a query finds, and the first place of one that cannot be read.
async fn events_of(
    container: &Container,
    key: &Key,
    text: &str,
) -> Result<(Vec<Entry>, Option<u32>), Fault> {
    let partition = PartitionKey::new(key.as_str());
    let page = container.query_all(&Query::new(text), Within::Key(&partition)).await;
    let page = page.map_err(|failure| fault(container, failure))?;
    let (mut entries, mut broken) = (Vec::new(), None);
    for document in page.documents.iter().map(|document| document.get()) {
        match reading_of(document) {
            Reading::Event(entry) => entries.push(entry),
            Reading::Other => {}
            Reading::Unreadable { id, reason } => {
                tracing::warn!(%id, %reason, "an event cannot be read");
                let place = place_of(document);
                broken = Some(broken.map_or(place, |first: u32| first.min(place)));
            }
        }
    }
    Ok((entries, broken))
}

/// Where an event stands that cannot be read: the foremost place that it may mean.
fn place_of(document: &str) -> u32 {
    let fields: Value = serde_json::from_str(document).unwrap_or_default();
    let id = fields.get("id").and_then(Value::as_str).and_then(|id| id.parse::<EventId>().ok());
    let sequence = fields.get("sequence").and_then(Value::as_u64);
    let said = sequence.and_then(|sequence| u32::try_from(sequence).ok());
    let places = id.map(|id| id.sequence.get()).into_iter().chain(said);
    places.min().unwrap_or_default()
}
