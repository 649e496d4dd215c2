//! Readiness: which dependency is not ready, and why.

use cosmos::CosmosOutbox;
use domain::Chain;
use domain::ports::Outbox;

use crate::peer::{Peer, reply};

const GOOD: &str = r#"{"id":"orders","partitionKey":{"paths":["/partitionKey"],"kind":"Hash","version":2},"defaultTtl":-1}"#;

async fn ready(script: impl IntoIterator<Item = crate::peer::Answer>) -> String {
    let peer = Peer::start([]).await;
    peer.then([Peer::account(&[&peer], &[&peer])]);
    peer.then(script);
    match CosmosOutbox::new(peer.container()).ready().await {
        Ok(()) => peer.lines().join(", "),
        Err(fault) => Chain(&fault).to_string(),
    }
}

#[tokio::test]
async fn a_container_as_it_should_be_is_ready() {
    let asked = ready([reply(200, GOOD)]).await;
    assert_eq!(asked, "GET /, GET /dbs/shop/colls/orders");
}

#[tokio::test]
async fn a_missing_container_is_named() {
    let said = ready([reply(404, r#"{"code":"NotFound","message":"Resource Not Found"}"#)]).await;
    assert_eq!(said, "misconfigured: there is no container dbs/shop/colls/orders; create it");
}

#[tokio::test]
async fn a_container_that_cannot_serve_says_what_to_change() {
    let said = ready([reply(200, &GOOD.replace("-1", "null"))]).await;
    assert_eq!(
        said,
        "misconfigured: dbs/shop/colls/orders never lets documents expire; set its defaultTtl to -1"
    );
}

#[tokio::test]
async fn a_wrong_key_says_so() {
    let peer = Peer::start([reply(401, r#"{"message":"wrong signature"}"#)]).await;
    let fault = CosmosOutbox::new(peer.container()).ready().await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "misconfigured: access denied (401/0): wrong signature; check the key or the role, and the clock"
    );
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable() {
    let peer = Peer::start((0..4).map(|_| reply(503, r#"{"message":"down"}"#))).await;
    let fault = CosmosOutbox::new(peer.container()).ready().await.unwrap_err();
    assert_eq!(Chain(&fault).to_string(), "unavailable: the store is unavailable (503/0): down");
}
