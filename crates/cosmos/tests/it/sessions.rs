//! A read sees what this client wrote: session tokens are kept and sent.

use cosmos::{PartitionKey, Why};
use serde_json::json;

use crate::peer::{Peer, reply};

fn key() -> PartitionKey {
    PartitionKey::new("o-1")
}

const SESSION: &str = "x-ms-session-token";

#[tokio::test]
async fn a_read_carries_the_token_of_the_write_before() {
    let written = reply(201, "{}").with("etag", "\"e\"").with(SESSION, "0:-1#7");
    let peer = Peer::start([written, reply(200, "{}").with(SESSION, "0:-1#6"), reply(200, "{}")]);
    let peer = peer.await;
    let container = peer.container();
    container.create(&key(), &json!({"id": "o-1"})).await.unwrap();
    container.read(&key(), "o-1").await.unwrap();
    container.read(&key(), "o-1").await.unwrap();
    let sent: Vec<_> = peer.asked().iter().map(|a| a.header(SESSION).to_owned()).collect();
    assert_eq!(sent, ["", "0:-1#7", "0:-1#7"], "never back, and not on writes");
}

#[tokio::test]
async fn refusals_bring_tokens_too() {
    let peer = Peer::start([
        reply(409, "").with(SESSION, "0:-1#4"),
        reply(412, "").with(SESSION, "0:-1#5"),
        reply(404, "").with(SESSION, "0:-1#6"),
        reply(200, "{}"),
    ])
    .await;
    let container = peer.container();
    container.create(&key(), &json!({"id": "o-1"})).await.unwrap_err();
    let replaced = container.replace((&key(), "o-1"), "\"e\"", &json!({"id": "o-1"})).await;
    assert!(matches!(replaced.unwrap_err().why, Why::Changed));
    assert_eq!(container.read(&key(), "o-1").await.unwrap(), None);
    container.read(&key(), "o-1").await.unwrap();
    let asked = peer.asked();
    assert_eq!(asked[2].header(SESSION), "0:-1#5");
    assert_eq!(asked[3].header(SESSION), "0:-1#6");
}

#[tokio::test]
async fn a_replica_that_is_behind_is_asked_again_with_the_same_token() {
    let peer = Peer::start([
        reply(201, "{}").with(SESSION, "0:-1#7"),
        reply(404, "").sub(1002).with(SESSION, "0:-1#2"),
        reply(404, "").sub(1002),
        reply(200, "{}").with("etag", "\"e\""),
    ])
    .await;
    let container = peer.container();
    container.create(&key(), &json!({"id": "o-1"})).await.unwrap();
    assert!(container.read(&key(), "o-1").await.unwrap().is_some());
    let asked = peer.asked();
    assert!(asked[1..].iter().all(|a| a.header(SESSION) == "0:-1#7"));
}

#[tokio::test]
async fn a_replica_that_stays_behind_is_no_missing_document() {
    let peer = Peer::start((0..4).map(|_| reply(404, "").sub(1002))).await;
    let failure = peer.container().read(&key(), "o-1").await.unwrap_err();
    assert!(matches!(failure.why, Why::Unavailable { .. }), "{failure}");
}
