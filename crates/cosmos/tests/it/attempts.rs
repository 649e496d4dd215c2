//! Attempts: each signed for itself, waits as told, bounded in number and time.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cosmos::{Credential, Kind, PartitionKey, Patch, Patience, Why};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use serde_json::json;
use sha2::Sha256;

use crate::peer::{Answer, Asked, KEY, Peer, patience, reply};

fn key() -> PartitionKey {
    PartitionKey::new("o-1")
}

/// The signature, worked out apart from the client.
fn signature(asked: &Asked, resource: &str, link: &str) -> String {
    let verb = asked.method.as_str().to_lowercase();
    let date = asked.header("x-ms-date").to_lowercase();
    let text = format!("{verb}\n{resource}\n{link}\n{date}\n\n");
    let key = BASE64_STANDARD.decode(KEY).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(text.as_bytes());
    format!("type=master&ver=1.0&sig={}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

fn authorization(asked: &Asked) -> String {
    percent_decode_str(asked.header("authorization")).decode_utf8().unwrap().into_owned()
}

#[tokio::test]
async fn every_attempt_is_dated_and_signed_anew() {
    let throttled = reply(429, "").with("x-ms-retry-after-ms", "1001");
    let peer = Peer::start([throttled, reply(201, "{}").with("etag", "\"e\"")]).await;
    peer.container().create(&key(), &json!({"id": "o-1"})).await.unwrap();
    let asked = peer.asked();
    assert_ne!(asked[0].header("x-ms-date"), asked[1].header("x-ms-date"));
    for attempt in &asked {
        assert_eq!(authorization(attempt), signature(attempt, "docs", "dbs/shop/colls/orders"));
        assert_eq!(attempt.header("x-ms-version"), "2020-07-15");
    }
}

#[tokio::test]
async fn an_id_is_encoded_on_the_way_and_signed_as_it_is() {
    let peer = Peer::start([reply(200, "{}").with("etag", "\"e\"")]).await;
    let key = PartitionKey::new("ä\"b");
    peer.container().read(&key, "a b+ü%").await.unwrap();
    let asked = &peer.asked()[0];
    assert_eq!(asked.path, "/dbs/shop/colls/orders/docs/a%20b%2B%C3%BC%25");
    assert_eq!(asked.header("x-ms-documentdb-partitionkey"), r#"["\u00e4\"b"]"#);
    let link = "dbs/shop/colls/orders/docs/a b+ü%";
    assert_eq!(authorization(asked), signature(asked, "docs", link));
}

#[tokio::test]
async fn throttling_is_waited_out_and_counted() {
    let throttled = reply(429, "").sub(3200).with("x-ms-retry-after-ms", "5");
    let done = reply(201, "{}").with("etag", "\"e\"").with("x-ms-request-charge", "6.29");
    let peer = Peer::start([throttled.clone(), throttled, done]).await;
    let container = peer.container();
    let etag = container.create(&key(), &json!({"id": "o-1"})).await.unwrap();
    assert_eq!(etag, "\"e\"");
    let tally = container.client().meter().read(Kind::Create);
    assert_eq!((tally.requests, tally.throttled), (3, 2));
    assert!((tally.charge - 6.29).abs() < 1e-9);
}

#[tokio::test]
async fn a_wait_longer_than_the_patience_is_handed_on() {
    let throttled = reply(429, "").with("x-ms-retry-after-ms", "60000");
    let peer = Peer::start([throttled]).await;
    let started = Instant::now();
    let failure = peer.container().read(&key(), "o-1").await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(30));
    let Why::Throttled { after } = failure.why else { panic!("{failure}") };
    assert_eq!(after, Some(Duration::from_mins(1)));
}

#[tokio::test]
async fn contention_is_tried_again() {
    let peer = Peer::start([reply(449, ""), reply(449, ""), Answer::Each(201)]).await;
    let mut batch = cosmos::Batch::new(key());
    batch.create(&json!({"id": "o-1"})).unwrap();
    peer.container().execute(batch).await.unwrap();
    assert_eq!(peer.asked().len(), 3);
}

#[tokio::test]
async fn trouble_ends_after_the_last_attempt_and_leaves_open_what_happened() {
    let peer = Peer::start((0..9).map(|_| reply(503, r#"{"message":"down"}"#))).await;
    let failure = peer.container().create(&key(), &json!({"id": "o-1"})).await.unwrap_err();
    assert_eq!(failure.to_string(), "the store is unavailable (503/0): down");
    assert!(failure.open);
    assert_eq!(peer.asked().len(), 4);
    let failure = peer.container().read(&key(), "o-1").await.unwrap_err();
    assert!(!failure.open, "a read changes nothing");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_where_that_is_harmless() {
    let peer = Peer::start([Answer::Silence, reply(409, "")]).await;
    let failure = peer.container().create(&key(), &json!({"id": "o-1"})).await.unwrap_err();
    assert!(matches!(failure.why, Why::Exists));
    assert!(failure.open, "it may be its own first attempt that exists");
}

#[tokio::test]
async fn a_write_that_would_happen_twice_is_not_repeated() {
    let peer = Peer::start([Answer::Silence, reply(200, "{}")]).await;
    let container = peer.container();
    let patch = Patch::new().set("/n", &1).unwrap();
    let failure = container.patch((&key(), "o-1"), None, &patch).await.unwrap_err();
    assert!(failure.open);
    assert_eq!((peer.asked().len(), peer.left()), (1, 1));
    let guarded = Patch::new().only_if("from c where c.n = 0").set("/n", &1).unwrap();
    container.patch((&key(), "o-1"), None, &guarded).await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_no_answer_and_nothing_happened() {
    let gone = Peer::start([]).await;
    let url = gone.url();
    drop(gone);
    let patience = Patience { attempts_max: 2, ..patience() };
    let credential = Credential::Key(KEY.parse().unwrap());
    let client = cosmos::Client::new(url.parse().unwrap(), credential, patience).unwrap();
    let (database, name) = ("shop".parse().unwrap(), "orders".parse().unwrap());
    let container = cosmos::Container::new(client.into(), &database, &name);
    let failure = container.create(&key(), &json!({"id": "o-1"})).await.unwrap_err();
    assert_eq!(failure.to_string(), "the store does not answer");
    assert!(!failure.open);
    assert_eq!(container.client().meter().requests(), 2);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_waited_for_no_longer_than_the_caller_can() {
    let peer = Peer::start([Answer::Hang, reply(201, "{}")]).await;
    let patience = Patience { attempts_max: 9, total_max: Duration::from_millis(100) };
    let container = peer.container_as(Credential::Key(KEY.parse().unwrap()), patience);
    let started = Instant::now();
    let failure = container.create(&key(), &json!({"id": "o-1"})).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(8), "an attempt alone may take ten");
    assert_eq!((failure.to_string().as_str(), failure.open), ("the store does not answer", true));
    assert_eq!(peer.left(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_signature() {
    let elsewhere = Peer::start([]).await;
    let there = format!("{}/", elsewhere.url());
    let peer = Peer::start([reply(307, "").with("location", &there)]).await;
    let failure = peer.container().read(&key(), "o-1").await.unwrap_err();
    assert!(matches!(failure.why, Why::Refused { status: 307, .. }), "{failure}");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn connections_are_kept() {
    let peer = Peer::start((0..20).map(|_| reply(200, "{}"))).await;
    let container = peer.container();
    for _ in 0..20 {
        container.read(&key(), "o-1").await.unwrap();
    }
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_said_to_be_unreadable() {
    let peer = Peer::start([reply(200, "<html>a proxy says hello</html>")]).await;
    let mut batch = cosmos::Batch::new(key());
    batch.create(&json!({"id": "o-1"})).unwrap();
    let failure = peer.container().execute(batch).await.unwrap_err();
    assert!(matches!(failure.why, Why::Unreadable(_)), "{failure}");
    assert!(failure.open, "it may have happened");
}
