//! An event's document.

use std::borrow::Cow;

use domain::{Entry, Envelope, EventId, EventState, Json, Key, Reading, Sequence};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::EVENT;
use crate::moment::Moment;

/// A new event as it is written: pending, and without a time to live.
///
/// INVARIANT(nothing-pending-expires): there is no field `ttl` here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventDocument<'a, D> {
    id: String,
    partition_key: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    state: &'static str,
    sequence: u32,
    event_type: &'a str,
    occurred_at: Moment,
    data: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
}

/// What an event says: all that its writer decided, and nothing that happens to it later.
/// Two documents that say the same were written by the same commit.
#[derive(Debug, PartialEq)]
pub(crate) struct Says<'a> {
    pub(crate) event_type: Cow<'a, str>,
    pub(crate) occurred_at: String,
    pub(crate) data: serde_json::Value,
    pub(crate) traceparent: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    sequence: u32,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    occurred_at: Moment,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default)]
    traceparent: Option<String>,
    #[serde(default)]
    processed_at: Option<Moment>,
    #[serde(default)]
    parked_at: Option<Moment>,
    #[serde(default)]
    reason: Option<String>,
}

impl<'a, D> EventDocument<'a, D> {
    /// The document of a new event; `data` is the JSON form of what it says.
    pub(crate) fn new<E>(envelope: &'a Envelope<E>, data: D) -> Self {
        Self {
            id: envelope.id().to_string(),
            partition_key: envelope.key.as_str(),
            kind: EVENT,
            state: "pending",
            sequence: envelope.sequence.get(),
            event_type: &envelope.event_type,
            occurred_at: Moment(envelope.occurred_at),
            data,
            traceparent: envelope.traceparent.as_ref().map(domain::TraceParent::as_str),
        }
    }
}

impl<'a> Says<'a> {
    /// What a new event says.
    pub(crate) fn of_new<E>(
        envelope: &'a Envelope<E>,
        data: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            event_type: Cow::Borrowed(&envelope.event_type),
            occurred_at: Moment(envelope.occurred_at).to_string(),
            data: serde_json::to_value(data)?,
            traceparent: envelope.traceparent.as_ref().map(|trace| trace.as_str().into()),
        })
    }

    /// What a stored event says.
    pub(crate) fn of_stored(document: &'a str) -> Result<Self, serde_json::Error> {
        let stored: Stored<'_> = serde_json::from_str(document)?;
        Ok(Self {
            event_type: stored.event_type,
            occurred_at: stored.occurred_at.to_string(),
            data: serde_json::from_str(stored.data.get())?,
            traceparent: stored.traceparent.map(Cow::Owned),
        })
    }
}

/// What a document of the container is.
pub(crate) fn reading_of(document: &str) -> Reading {
    let probe: Probe<'_> = match serde_json::from_str(document) {
        Ok(probe) => probe,
        Err(error) => {
            return Reading::Unreadable { id: "?".to_owned(), reason: error.to_string() };
        }
    };
    if probe.kind.as_deref() != Some(EVENT) {
        return Reading::Other;
    }
    match read_event(document) {
        Ok(entry) => Reading::Event(entry),
        Err(reason) => {
            let id = probe.id.map_or_else(|| "?".to_owned(), Cow::into_owned);
            Reading::Unreadable { id, reason }
        }
    }
}

/// A document that says it is an event.
fn read_event(document: &str) -> Result<Entry, String> {
    let stored: Stored<'_> = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let key: Key = stored
        .partition_key
        .parse()
        .map_err(|_| format!("partitionKey {:?} is no key", stored.partition_key))?;
    let sequence = Sequence::new(stored.sequence).ok_or("sequence 0 does not exist")?;
    let id = EventId { key: key.clone(), sequence };
    if id.to_string() != stored.id {
        return Err(format!("the id should be {id}"));
    }
    let state = stored.state_of_it()?;
    let envelope = Envelope {
        key,
        sequence,
        event_type: stored.event_type.into_owned().into(),
        occurred_at: stored.occurred_at.0,
        data: Json::from_valid(stored.data.get()),
        // What is no trace starts none: the specification says to ignore it.
        traceparent: stored.traceparent.and_then(|text| text.parse().ok()),
    };
    Ok(Entry { envelope, state })
}

impl Stored<'_> {
    fn state_of_it(&self) -> Result<EventState, String> {
        match self.state.as_ref() {
            "pending" => Ok(EventState::Pending),
            "processed" => {
                let at = self.processed_at.ok_or("it is processed without processedAt")?;
                Ok(EventState::Processed { at: at.0 })
            }
            "parked" => {
                let at = self.parked_at.ok_or("it is parked without parkedAt")?;
                let reason = self.reason.clone().unwrap_or_default();
                Ok(EventState::Parked { at: at.0, reason })
            }
            "skipped" => Ok(EventState::Skipped),
            other => Err(format!("the state {other:?} is unknown")),
        }
    }
}

#[cfg(test)]
mod tests;
