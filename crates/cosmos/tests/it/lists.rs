//! Lists: newest first over all ranges, page by page, and an aggregate's history.

use cosmos::CosmosStore;
use domain::ports::{Aggregates, Continuation, ListQuery};
use domain::{EventState, Fault};

use crate::forms::{CounterForm, document, event, page};
use crate::peer::{ONE_RANGE, Peer, TWO_RANGES, ranges, reply};

fn at(second: u32) -> String {
    format!("2026-11-23T20:24:{second:02}.000000Z")
}

fn documents(list: &[(&str, u32)]) -> String {
    page(&list.iter().map(|(key, second)| document(key, &at(*second))).collect::<Vec<_>>())
}

fn query(limit: usize) -> ListQuery {
    ListQuery { filter: Some(("owner", "A-17".to_owned())), limit, continuation: None }
}

fn store(peer: &Peer) -> CosmosStore<CounterForm> {
    CosmosStore::new(peer.container())
}

#[tokio::test]
async fn ranges_are_merged_newest_first() {
    let peer = Peer::start(ranges(TWO_RANGES)).await;
    peer.then([
        reply(200, &documents(&[("a", 9), ("b", 5), ("c", 1)])),
        reply(200, &documents(&[("d", 7), ("f", 5)])),
    ]);
    let page = store(&peer).list(query(4)).await.unwrap();
    let keys: Vec<_> = page.items.iter().map(|counter| counter.key.as_str()).collect();
    assert_eq!(keys, ["a", "d", "f", "b"], "by time, then by key");
    let end = Continuation { placed_at: at(5).parse().unwrap(), key: "b".parse().unwrap() };
    assert_eq!(page.continuation, Some(end));
}

#[tokio::test]
async fn the_last_page_has_no_continuation() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([reply(200, &documents(&[("a", 9), ("b", 5)]))]);
    let page = store(&peer).list(query(2)).await.unwrap();
    assert_eq!((page.items.len(), page.continuation), (2, None));
    let asked = peer.asked();
    assert_eq!(asked[2].header("x-ms-max-item-count"), "3", "one more says whether there is more");
}

#[tokio::test]
async fn short_pages_of_the_service_are_filled_up() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([
        reply(200, &documents(&[("a", 9)])).with("x-ms-continuation", "c1"),
        reply(200, &documents(&[])).with("x-ms-continuation", "c2"),
        reply(200, &documents(&[("b", 8), ("c", 7)])).with("x-ms-continuation", "c3"),
    ]);
    let page = store(&peer).list(query(2)).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert!(page.continuation.is_some());
    assert_eq!(peer.asked()[4].header("x-ms-continuation"), "c2");
}

#[tokio::test]
async fn a_split_in_between_asks_the_children() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([reply(410, "").sub(1002)]);
    peer.then(ranges(TWO_RANGES));
    peer.then([reply(200, &documents(&[("a", 9)])), reply(200, &documents(&[("b", 8)]))]);
    let page = store(&peer).list(query(5)).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn history_is_one_query_within_the_key() {
    let events = [event("o", 1, "processed"), event("o", 2, "parked"), event("o", 3, "pending")];
    let peer = Peer::start([reply(200, &page(&events))]).await;
    let history = store(&peer).history(&"o".parse().unwrap()).await.unwrap();
    let states: Vec<_> = history.iter().map(|entry| entry.state.is_unpublished()).collect();
    assert_eq!(states, [false, true, true]);
    assert!(
        matches!(&history[1].state, EventState::Parked { reason, .. } if reason == "too large")
    );
    assert_eq!(peer.asked().len(), 1);
    assert_eq!(peer.asked()[0].header("x-ms-documentdb-partitionkey"), r#"["o"]"#);
}

#[tokio::test]
async fn a_query_that_the_service_refuses_is_for_the_operator() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    let message = r#"{"code":"BadRequest","message":"The order by query does not have a corresponding composite index"}"#;
    peer.then([reply(400, message)]);
    let fault = store(&peer).list(query(2)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Misconfigured { problem } if problem.contains("composite")));
}

#[tokio::test]
async fn one_broken_document_does_not_hide_the_others() {
    let (good, odd) = (document("a", &at(9)), r#"{"id":"x","type":"counter"}"#.to_owned());
    let broken = document("b", &at(8)).replace("\"count\":1", "\"count\":\"one\"");
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([reply(200, &page(&[good, odd, broken]))]);
    let page = store(&peer).list(query(5)).await.unwrap();
    assert_eq!(page.items.len(), 1);
}

#[tokio::test]
async fn one_broken_event_does_not_hide_the_others() {
    let broken = event("o", 2, "pending").replace("\"state\"", "\"stale\"");
    let events = [event("o", 1, "processed"), broken, event("o", 3, "pending")];
    let peer = Peer::start([reply(200, &page(&events))]).await;
    let history = store(&peer).history(&"o".parse().unwrap()).await.unwrap();
    assert_eq!(history.len(), 2);
}

#[tokio::test]
async fn splits_that_never_end_are_an_outage() {
    let peer = Peer::start([]).await;
    for _ in 0..5 {
        peer.then(ranges(ONE_RANGE));
        peer.then([reply(410, "").sub(1007)]);
    }
    let fault = store(&peer).list(query(5)).await.unwrap_err();
    assert!(matches!(fault, Fault::Unavailable(_)), "{fault}");
    assert_eq!(peer.left(), 0);
}
