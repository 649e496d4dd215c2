//! Documents as an operator sees them: an event with all that happened to it, also one that the
//! relay cannot read.

use domain::{Entry, Reading};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EVENT, reading_of};

/// A document of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An aggregate.
    Aggregate(Holder),
    /// An event, or what says that it is one.
    Event(Box<Record>),
    /// Neither.
    Other,
}

/// An aggregate, as far as it says which events there are of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its key.
    pub key: String,
    /// The sequence of its last event.
    pub version: u32,
    /// When it was placed, if it says so: none of its events is older.
    pub placed_at: Option<String>,
}

/// An event's document, with what happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The document's id.
    pub id: String,
    /// The key of the partition that it lies in.
    pub key: String,
    /// The event, or why it cannot be read.
    pub entry: Result<Entry, String>,
    /// The state as it is written.
    pub state: String,
    /// The type as it is written.
    pub event_type: String,
    /// When the broker refused it first.
    pub first_parked_at: Option<String>,
    /// When the broker refused it last.
    pub parked_at: Option<String>,
    /// How often the broker refused it: once, and once more for each release in vain.
    pub attempts: u64,
    /// What the broker said last.
    pub reason: Option<String>,
    /// Seconds until it expires, from its last write on.
    pub ttl: Option<i64>,
    /// What operators did to it, oldest first.
    pub notes: Vec<Note>,
}

/// What an operator did to an event, kept in its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `released` or `skipped`.
    pub action: String,
    /// When.
    pub at: String,
    /// Who: as Entra ID or, with a key, as the operating system says.
    pub by: String,
    /// Why, in the operator's words.
    pub why: String,
}

/// What a document is to an operator.
pub(crate) fn found_in(document: &str) -> Found {
    // A container holds JSON objects and nothing else.
    let fields: Value = serde_json::from_str(document).unwrap_or_default();
    if text(&fields, "type") == Some(EVENT) {
        return Found::Event(Box::new(record(document, &fields)));
    }
    let version = fields.get("version").and_then(Value::as_u64);
    match (text(&fields, "id"), version.and_then(|version| u32::try_from(version).ok())) {
        (Some(id), Some(version)) if text(&fields, "partitionKey") == Some(id) => {
            let placed_at = owned(&fields, "placedAt");
            Found::Aggregate(Holder { key: id.to_owned(), version, placed_at })
        }
        (_, _) => Found::Other,
    }
}

fn record(document: &str, fields: &Value) -> Record {
    let entry = match reading_of(document) {
        Reading::Event(entry) => Ok(entry),
        Reading::Unreadable { reason, .. } => Err(reason),
        Reading::Other => Err("it is no event".to_owned()),
    };
    let (parked_at, state) = (owned(fields, "parkedAt"), owned(fields, "state"));
    // A version that did not count wrote the instant all the same.
    let known = fields.get("attempts").and_then(Value::as_u64);
    let attempts = known.unwrap_or(u64::from(parked_at.is_some()));
    let notes = fields.get("operator").cloned().unwrap_or_default();
    Record {
        id: owned(fields, "id").unwrap_or_default(),
        key: owned(fields, "partitionKey").unwrap_or_default(),
        entry,
        state: state.unwrap_or_default(),
        event_type: owned(fields, "eventType").unwrap_or_default(),
        first_parked_at: owned(fields, "firstParkedAt").or_else(|| parked_at.clone()),
        parked_at,
        attempts,
        reason: owned(fields, "reason"),
        ttl: fields.get("ttl").and_then(Value::as_i64),
        notes: serde_json::from_value(notes).unwrap_or_default(),
    }
}

fn text<'a>(fields: &'a Value, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

fn owned(fields: &Value, name: &str) -> Option<String> {
    text(fields, name).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(rest: &str) -> Record {
        let document = format!(
            r#"{{"id":"o.2","partitionKey":"o","type":"event","sequence":2,"eventType":"E","occurredAt":"2026-11-23T20:24:24Z","data":{{}},{rest}}}"#
        );
        match found_in(&document) {
            Found::Event(record) => *record,
            other @ (Found::Aggregate(_) | Found::Other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_parked_event_of_a_version_that_did_not_count_was_refused_once() {
        let record = event(r#""state":"parked","parkedAt":"2026-11-23T20:25:00Z","reason":"r""#);
        assert_eq!(record.attempts, 1);
        assert_eq!(record.first_parked_at, record.parked_at);
        assert!(record.entry.is_ok() && record.notes.is_empty());
    }

    #[test]
    fn what_operators_did_is_read_back() {
        let record = event(
            r#""state":"pending","parkedAt":"b","firstParkedAt":"a","attempts":3,"operator":[{"action":"released","at":"c","by":"ada","why":"mended"}]"#,
        );
        assert_eq!((record.attempts, record.first_parked_at.as_deref()), (3, Some("a")));
        assert_eq!(record.notes.first().map(|note| note.by.as_str()), Some("ada"));
    }

    #[test]
    fn what_the_relay_cannot_read_is_shown_with_the_reason() {
        let record = event(r#""state":"held""#);
        assert_eq!(record.entry.unwrap_err(), "the state \"held\" is unknown");
        assert_eq!(record.state, "held");
    }

    #[test]
    fn an_aggregate_says_how_many_events_there_are() {
        let order = r#"{"id":"o","partitionKey":"o","type":"order","version":4,"placedAt":"p"}"#;
        let holder = Holder { key: "o".to_owned(), version: 4, placed_at: Some("p".to_owned()) };
        assert_eq!(found_in(order), Found::Aggregate(holder));
        assert_eq!(found_in(r#"{"id":"x","partitionKey":"o","version":4}"#), Found::Other);
        assert_eq!(found_in("[]"), Found::Other);
    }
}
