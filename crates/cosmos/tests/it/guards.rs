//! What the service would refuse does not leave this process.

use cosmos::{Batch, PartitionKey, Patch};
use serde_json::json;

use crate::peer::Peer;

fn key() -> PartitionKey {
    PartitionKey::new("o-1")
}

#[tokio::test]
async fn a_batch_of_more_than_a_hundred_is_not_sent() {
    let peer = Peer::start([]).await;
    let mut batch = Batch::new(key());
    (0..101).for_each(|n| batch.create(&json!({"id": n.to_string()})).unwrap());
    let failure = peer.container().execute(batch).await.unwrap_err();
    assert_eq!(failure.to_string(), "101 operations are more than a batch takes");
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn a_batch_of_more_than_two_megabytes_is_not_sent() {
    let peer = Peer::start([]).await;
    let mut batch = Batch::new(key());
    batch.create(&json!({"id": "o", "text": "x".repeat(2 * 1024 * 1024)})).unwrap();
    let failure = peer.container().execute(batch).await.unwrap_err();
    assert!(failure.to_string().contains("more than a request takes"), "{failure}");
    assert!(!failure.open);
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn an_id_that_no_path_carries_is_not_sent() {
    let peer = Peer::start([]).await;
    let container = peer.container();
    for id in ["a/b", "a?b", "a#b", "a\\b", "", ".", ".."] {
        container.read(&key(), id).await.unwrap_err();
        container.delete((&key(), id), None).await.unwrap_err();
    }
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn a_patch_of_no_or_too_many_changes_is_not_sent() {
    let peer = Peer::start([]).await;
    let container = peer.container();
    container.patch((&key(), "a"), None, &Patch::new()).await.unwrap_err();
    let many = (0..11).fold(Patch::new(), |patch, _| patch.remove("/x"));
    container.patch((&key(), "a"), None, &many).await.unwrap_err();
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn an_empty_batch_costs_nothing() {
    let peer = Peer::start([]).await;
    peer.container().execute(Batch::new(key())).await.unwrap();
    assert!(peer.asked().is_empty());
}
