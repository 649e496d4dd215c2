//! Reading one aggregate and its events.

use domain::ports::{Stored, Tag};
use domain::{Entry, Fault, Key, Reading};

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

/// All events of an aggregate, in sequence.
pub(super) async fn history(container: &Container, key: &Key) -> Result<Vec<Entry>, Fault> {
    let text = "SELECT * FROM c WHERE c.type = 'event' ORDER BY c.sequence";
    events_of(container, key, text, Broken::IsLeftOut).await
}

/// Its events that are pending or parked, in sequence.
pub(super) async fn unpublished(container: &Container, key: &Key) -> Result<Vec<Entry>, Fault> {
    let text = "SELECT * FROM c WHERE c.type = 'event' AND c.state IN ('pending', 'parked') \
                ORDER BY c.sequence";
    events_of(container, key, text, Broken::EndsTheList).await
}

/// What an event that cannot be read means for those behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// They can be shown without it.
    IsLeftOut,
    /// They must not overtake it.
    EndsTheList,
}

async fn events_of(
    container: &Container,
    key: &Key,
    text: &str,
    broken: Broken,
) -> Result<Vec<Entry>, Fault> {
    let partition = PartitionKey::new(key.as_str());
    let page = container.query_all(&Query::new(text), Within::Key(&partition)).await;
    let page = page.map_err(|failure| fault(container, failure))?;
    let read = page.documents.iter().filter_map(|document| entry(document.get()));
    Ok(match broken {
        Broken::IsLeftOut => read.flatten().collect(),
        Broken::EndsTheList => read.map_while(Result::ok).collect(),
    })
}

/// An event, if it is one and can be read.
fn entry(document: &str) -> Option<Result<Entry, Unreadable>> {
    match reading_of(document) {
        Reading::Event(entry) => Some(Ok(entry)),
        Reading::Other => None,
        Reading::Unreadable { id, reason } => {
            tracing::warn!(%id, %reason, "an event cannot be read");
            Some(Err(Unreadable { id, reason }))
        }
    }
}
