//! Regions: a write region that moves, and regions that cannot be reached.

use std::sync::Arc;

use cosmos::{CosmosOutbox, Kind, PartitionKey};
use domain::ports::Outbox;
use serde_json::json;

use crate::peer::{Peer, reply};

const GOOD: &str = r#"{"partitionKey":{"paths":["/partitionKey"],"version":2},"defaultTtl":-1}"#;

fn key() -> PartitionKey {
    PartitionKey::new("o-1")
}

#[tokio::test]
async fn a_region_that_no_longer_writes_sends_to_the_one_that_does() {
    for substatus in [3, 1008] {
        let new = Peer::start([reply(201, "{}").with("etag", "\"e\"")]).await;
        let old = Peer::start([reply(403, "").sub(substatus)]).await;
        old.then([Peer::account(&[&new], &[&old])]);
        let container = old.container();
        let created = container.create(&key(), &json!({"id": "o-1"})).await;
        let asked_account = container.client().meter().read(Kind::Account).requests;
        assert_eq!((created.unwrap().as_str(), asked_account), ("\"e\"", 1), "{substatus}");
        assert_eq!(new.lines(), ["POST /dbs/shop/colls/orders/docs"]);
    }
}

#[tokio::test]
async fn reads_go_on_in_another_region_when_theirs_is_gone() {
    let second = Peer::start([]).await;
    second.then([Peer::account(&[&second], &[&second]), reply(200, "{}")]);
    let first = Peer::start([]).await;
    first.then([Peer::account(&[&first], &[&first, &second]), reply(200, GOOD)]);
    let container = first.container();
    CosmosOutbox::new(Arc::clone(&container)).ready().await.unwrap();
    drop(first);
    assert!(container.read(&key(), "o-1").await.is_ok());
    assert_eq!(second.lines().pop().unwrap(), "GET /dbs/shop/colls/orders/docs/o-1");
}

#[tokio::test]
async fn a_region_in_trouble_is_left_for_the_next_read() {
    let second = Peer::start([reply(200, "{}").with("etag", "\"e\"")]).await;
    let first = Peer::start([]).await;
    first.then([Peer::account(&[&first], &[&first, &second]), reply(200, GOOD), reply(503, "")]);
    let container = first.container();
    CosmosOutbox::new(Arc::clone(&container)).ready().await.unwrap();
    assert!(container.read(&key(), "o-1").await.unwrap().is_some());
    assert_eq!(second.lines(), ["GET /dbs/shop/colls/orders/docs/o-1"]);
}
