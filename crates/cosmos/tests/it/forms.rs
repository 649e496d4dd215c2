//! A small aggregate with a form of its own, as another team would write it.

use cosmos::{Form, Moment};
use domain::{Aggregate, Change, Event, Key, Sequence, Timestamp};
use serde::{Deserialize, Serialize};

/// A thing that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counter {
    pub(crate) key: Key,
    pub(crate) owner: String,
    pub(crate) count: u32,
    pub(crate) version: Sequence,
    pub(crate) placed_at: Timestamp,
}

/// It was counted up to here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted(pub(crate) u32);

/// The form of a counter.
#[derive(Debug)]
pub(crate) struct CounterForm;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    owner: String,
    count: u32,
    version: u32,
    placed_at: Moment,
}

#[derive(Debug, Serialize)]
pub(crate) struct Data {
    count: u32,
}

impl Aggregate for Counter {
    type Event = Counted;

    fn key(&self) -> &Key {
        &self.key
    }

    fn version(&self) -> Sequence {
        self.version
    }
}

impl Event for Counted {
    fn event_type(&self) -> &'static str {
        "Counted"
    }
}

impl Form for CounterForm {
    type Aggregate = Counter;
    type State = State;
    type Data = Data;

    const TYPE: &'static str = "counter";

    fn state(counter: &Counter) -> State {
        let Counter { key: _, owner, count, version, placed_at } = counter.clone();
        State { owner, count, version: version.get(), placed_at: Moment(placed_at) }
    }

    fn data(_: &Key, event: &Counted) -> Data {
        Data { count: event.0 }
    }

    fn aggregate(key: Key, state: State) -> Result<Counter, String> {
        let State { owner, count, version, placed_at } = state;
        let version = Sequence::new(version).ok_or("version 0")?;
        Ok(Counter { key, owner, count, version, placed_at: placed_at.0 })
    }
}

/// The instant at which everything happens here.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T20:24:24.123456Z".parse().unwrap()
}

/// A new counter.
pub(crate) fn counter(key: &str) -> Counter {
    Counter {
        key: key.parse().unwrap(),
        owner: "A-17".to_owned(),
        count: 1,
        version: Sequence::FIRST,
        placed_at: now(),
    }
}

/// Its first change.
pub(crate) fn started(key: &str) -> Change<Counter> {
    Change::new(counter(key), Counted(1), now())
}

/// The document of a counter as the store hands it out.
pub(crate) fn document(key: &str, placed_at: &str) -> String {
    format!(
        r#"{{"id":"{key}","partitionKey":"{key}","type":"counter","owner":"A-17","count":1,"version":1,"placedAt":"{placed_at}","_etag":"\"e\"","_ts":7}}"#
    )
}

/// The document of an event as the store hands it out.
pub(crate) fn event(key: &str, sequence: u32, state: &str) -> String {
    let more = match state {
        "processed" => r#","processedAt":"2026-11-23T20:24:25.000000Z","ttl":60"#,
        "parked" => r#","parkedAt":"2026-11-23T20:24:25.000000Z","reason":"too large""#,
        _ => "",
    };
    format!(
        r#"{{"id":"{key}.{sequence}","partitionKey":"{key}","type":"event","state":"{state}","sequence":{sequence},"eventType":"Counted","occurredAt":"2026-11-23T20:24:24.123456Z","data":{{"count":1}}{more}}}"#
    )
}

/// A page of documents.
pub(crate) fn page(documents: &[String]) -> String {
    let count = documents.len();
    format!(r#"{{"_rid":"c1","Documents":[{}],"_count":{count}}}"#, documents.join(","))
}
