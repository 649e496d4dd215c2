//! The core, stepped: every behaviour that needs a whole container, at instants of the test's own.

mod batches;
mod costs;
mod feeds;
mod histories;
mod indexes;
mod model;
mod points;
mod ranges;
mod records;
mod scans;

use super::document::Document;
use super::key::PartitionKey;
use super::operation::{Conditions, Operation, Outcome};
use super::patch::Patch;
use super::rid::{ContainerRid, DatabaseRid};
use super::scope::Scope;
use super::{Container, FeedPage, FeedRequest, Mode, Refusal, Start};
use serde_json::{Value, json};

/// When the tests happen.
const NOW: i64 = 1_800_000_000;

/// A container partitioned by `/pk`, with TTL on, and what `more` says.
fn container(more: Value) -> Container {
    let mut definition = json!({
        "id": "c",
        "partitionKey": {"paths": ["/pk"], "kind": "Hash", "version": 2},
        "defaultTtl": -1,
    });
    definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let rid = ContainerRid { database: DatabaseRid(1), number: 2 };
    Container::new(definition, rid, None, NOW).unwrap()
}

fn key(container: &Container, pk: &str) -> PartitionKey {
    container.shape().key.parse_key(&json!([pk]).to_string()).unwrap()
}

fn no_conditions() -> Conditions {
    Conditions::default()
}

fn if_match(etag: &str) -> Conditions {
    Conditions { if_match: Some(etag.to_owned()), if_none_match: None }
}

fn create(document: &'static str) -> Operation<'static> {
    Operation::Create(Document::parse(document.as_bytes()).unwrap(), no_conditions())
}

fn upsert(document: &'static str) -> Operation<'static> {
    Operation::Upsert(Document::parse(document.as_bytes()).unwrap(), no_conditions())
}

fn replace(id: &str, document: &'static str, conditions: Conditions) -> Operation<'static> {
    Operation::Replace(id.to_owned(), Document::parse(document.as_bytes()).unwrap(), conditions)
}

fn patch(id: &str, patch: Value, conditions: Conditions) -> Operation<'static> {
    Operation::Patch(id.to_owned(), Box::new(Patch::parse(&patch).unwrap()), conditions)
}

fn delete(id: &str) -> Operation<'static> {
    Operation::Delete(id.to_owned(), no_conditions())
}

fn read(id: &str) -> Operation<'static> {
    Operation::Read(id.to_owned(), no_conditions())
}

/// Does one operation at `NOW`.
fn perform(container: &mut Container, pk: &str, operation: &Operation<'_>) -> Outcome {
    let key = key(container, pk);
    container.perform(&key, operation, NOW)
}

/// Creates `{"id", "pk"}`.
fn put(container: &mut Container, pk: &str, id: &str) {
    let document = json!({"id": id, "pk": pk}).to_string();
    let operation =
        Operation::Create(Document::parse(document.as_bytes()).unwrap(), no_conditions());
    let key = key(container, pk);
    container.perform(&key, &operation, NOW).unwrap();
}

#[track_caller]
fn status(outcome: &Outcome) -> u16 {
    match outcome {
        Ok(done) => done.status,
        Err(refused) => refused.refusal.status(),
    }
}

fn body(outcome: &Outcome) -> Value {
    serde_json::from_slice(outcome.as_ref().unwrap().body.as_ref().unwrap()).unwrap()
}

fn ids(bodies: impl IntoIterator<Item = bytes::Bytes>) -> Vec<String> {
    let id = |body: bytes::Bytes| {
        let value: Value = serde_json::from_slice(&body).unwrap();
        value["id"].as_str().unwrap().to_owned()
    };
    bodies.into_iter().map(id).collect()
}

fn feed_from(
    container: &mut Container,
    scope: &Scope,
    start: Start,
    items_max: usize,
) -> Result<FeedPage, Refusal> {
    let request = FeedRequest { mode: Mode::Latest, start, since: None, items_max };
    container.feed(scope, &request, NOW)
}

/// All of a scope's feed, page by page.
fn drain(container: &mut Container, scope: &Scope, items_max: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut start = Start::Beginning;
    loop {
        let page = feed_from(container, scope, start, items_max).unwrap();
        if page.entries.is_empty() {
            return pages;
        }
        pages.push(ids(page.entries.into_iter().map(|entry| entry.body)));
        start = Start::After(page.token);
    }
}
