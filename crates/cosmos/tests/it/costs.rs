//! What things cost, in requests and request units: exact counts, not figures to beat.

use std::sync::Arc;
use std::time::Duration;

use cosmos::{Container, CosmosOutbox, CosmosStore, Kind};
use domain::ports::{
    Aggregates, Basis, Feed, FeedPart, FeedPosition, ListQuery, Mark, MarkAs, Outbox,
};

use crate::forms::{CounterForm, document, event, now, page, started};
use crate::peer::{Answer, ONE_RANGE, Peer, TWO_RANGES, ranges, reply};

/// Requests so far, of every kind that was used.
fn spent(container: &Container) -> Vec<(Kind, u64)> {
    let tallies = container.client().meter().tallies();
    tallies.iter().map(|tally| (tally.kind, tally.requests)).collect()
}

fn marks(count: usize) -> Vec<Mark> {
    let verdict = MarkAs::Processed { retention: Duration::from_mins(1) };
    let mark = |n| Mark {
        event: format!("o-{n}.1").parse().unwrap(),
        at: now(),
        verdict: verdict.clone(),
    };
    (0..count).map(mark).collect()
}

#[tokio::test]
async fn an_order_is_one_request_and_a_cold_start_adds_none() {
    let peer = Peer::start([]).await;
    peer.then((0..10).map(|_| Answer::Each(201)));
    let store = CosmosStore::<CounterForm>::new(peer.container());
    for n in 0..10 {
        store.commit(started(&format!("o-{n}")), Basis::New).await.unwrap();
    }
    assert_eq!(spent(store.container()), [(Kind::Batch, 10)]);
}

#[tokio::test]
async fn a_change_is_one_read_and_one_batch() {
    let found = document("o-1", "2026-11-23T20:24:24.123456Z");
    let peer = Peer::start([reply(200, &found).with("etag", "\"e\""), Answer::Each(200)]).await;
    let store = CosmosStore::<CounterForm>::new(peer.container());
    let stored = store.load(&"o-1".parse().unwrap()).await.unwrap().unwrap();
    store.commit(started("o-1"), Basis::Loaded(stored.tag)).await.unwrap();
    assert_eq!(spent(store.container()), [(Kind::Batch, 1), (Kind::Read, 1)]);
}

#[tokio::test]
async fn marks_are_one_request_a_hundred_and_range() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then((0..3).map(|_| Answer::Each(200)));
    let outbox = CosmosOutbox::new(peer.container());
    outbox.mark(marks(250)).await;
    assert_eq!(spent(outbox.container()), [(Kind::Bulk, 3), (Kind::Ranges, 2)]);
    peer.then([Answer::Each(200)]);
    outbox.mark(marks(100)).await;
    assert_eq!(spent(outbox.container()), [(Kind::Bulk, 4), (Kind::Ranges, 2)], "asked once");
}

#[tokio::test]
async fn a_list_is_one_query_a_range() {
    let peer = Peer::start(ranges(TWO_RANGES)).await;
    peer.then((0..4).map(|_| reply(200, &page(&[]))));
    let store = CosmosStore::<CounterForm>::new(peer.container());
    for _ in 0..2 {
        store.list(ListQuery { filter: None, limit: 10, continuation: None }).await.unwrap();
    }
    assert_eq!(spent(store.container()), [(Kind::Query, 4), (Kind::Ranges, 2)]);
}

#[tokio::test]
async fn the_events_of_an_order_are_one_query_and_need_no_ranges() {
    let peer = Peer::start((0..2).map(|_| reply(200, &page(&[event("o", 1, "pending")])))).await;
    let container = peer.container();
    let key = "o".parse().unwrap();
    CosmosOutbox::new(Arc::clone(&container)).unpublished(&key).await.unwrap();
    CosmosStore::<CounterForm>::new(Arc::clone(&container)).history(&key).await.unwrap();
    assert_eq!(spent(&container), [(Kind::Query, 2)]);
}

#[tokio::test]
async fn an_idle_poll_is_one_request() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then((0..3).map(|_| reply(304, "").with("etag", "\"1\"")));
    let outbox = CosmosOutbox::new(peer.container());
    let range = FeedPart { range: "0".to_owned(), within: None };
    for _ in 0..3 {
        outbox.next(&range, &FeedPosition::Now).await.unwrap();
    }
    assert_eq!(spent(outbox.container()), [(Kind::Feed, 3), (Kind::Ranges, 2)]);
}

#[tokio::test]
async fn request_units_are_counted_also_for_what_failed() {
    let charged = |status, units| reply(status, "{}").with("x-ms-request-charge", units);
    let peer = Peer::start([charged(404, "1"), charged(412, "1.24"), charged(200, "10.76")]).await;
    let container = peer.container();
    let key = cosmos::PartitionKey::new("o");
    container.read(&key, "o").await.unwrap();
    for _ in 0..2 {
        // One of them is refused, and charged all the same.
        let _ = container.replace((&key, "o"), "\"e\"", &serde_json::json!({"id": "o"})).await;
    }
    let meter = container.client().meter();
    assert!((meter.charge() - 13.0).abs() < 1e-9, "{}", meter.charge());
    assert!((meter.read(Kind::Replace).charge - 12.0).abs() < 1e-9);
}
