//! Records that the tests of these commands are about.

use cosmos::Record;
use domain::{Entry, Envelope, EventId, EventState, Json, Timestamp};

/// The record of the event of this id, which occurred then; its document says `pending`.
pub(super) fn record(id: &str, occurred_at: Timestamp, state: EventState) -> Record {
    let EventId { key, sequence } = id.parse().unwrap();
    let envelope = Envelope {
        key: key.clone(),
        sequence,
        event_type: "E".into(),
        occurred_at,
        data: Json::from_valid("{}"),
        traceparent: None,
    };
    Record {
        id: id.to_owned(),
        key: key.to_string(),
        entry: Ok(Entry { envelope, state }),
        state: "pending".to_owned(),
        event_type: "E".to_owned(),
        first_parked_at: None,
        parked_at: None,
        attempts: 0,
        reason: None,
        ttl: None,
        notes: vec![],
    }
}
