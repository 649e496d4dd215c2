//! What the client hears when the store cannot: 503 and when to come back, and nothing of why.

use crate::memory::Plan;
use crate::world::{World, place};
use domain::Fault;
use expect_test::{Expect, expect};
use std::time::Duration;

async fn check(fault: Fault, expect: Expect) {
    let world = World::new().await;
    world.store.plan([Plan::Fail(fault)]);
    let body = r#"{"orderId":"o","accountNumber":"A","quantity":3}"#;
    world.check(&place(body), expect).await;
}

#[tokio::test]
async fn a_busy_store_is_503_for_as_long_as_it_says() {
    let after = Some(Duration::from_millis(2100));
    check(
        Fault::Throttled { after },
        expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 3

        {"type":"urn:problem-type:orders:store-busy",
         "title":"The store of the orders is busy",
         "status":503,
         "detail":"Nothing was done; send the request again later"}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_busy_store_that_says_nothing_is_503_for_a_second() {
    check(
        Fault::Throttled { after: None },
        expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 1

        {"type":"urn:problem-type:orders:store-busy",
         "title":"The store of the orders is busy",
         "status":503,
         "detail":"Nothing was done; send the request again later"}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_store_that_is_away_is_503() {
    check(
        Fault::Unavailable("10.0.0.8:443: refused".into()),
        expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 2

        {"type":"urn:problem-type:orders:store-away",
         "title":"The store of the orders cannot be used now",
         "status":503,
         "detail":"Nothing was done; send the request again later"}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_set_up_is_503_and_not_told_to_clients() {
    let problem = "the key of COSMOS_KEY is wrong".into();
    check(
        Fault::Misconfigured { problem },
        expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 30

        {"type":"urn:problem-type:orders:store-away",
         "title":"The store of the orders cannot be used now",
         "status":503,
         "detail":"Nothing was done; send the request again later"}"#]],
    )
    .await;
}

#[tokio::test]
async fn what_the_store_will_never_take_is_422() {
    check(
        Fault::Rejected { reason: "too large".into() },
        expect![[r#"
        422 Unprocessable Entity
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:store-refuses",
         "title":"The store does not take this",
         "status":422,
         "detail":"Nothing was done; the same request will fail again"}"#]],
    )
    .await;
}

#[tokio::test]
async fn an_order_that_exists_and_cannot_be_read_yet_is_503() {
    check(
        Fault::Conflict,
        expect![[r#"
            503 Service Unavailable
            content-type: application/problem+json
            retry-after: 2

            {"type":"urn:problem-type:orders:store-away",
             "title":"The store of the orders cannot be used now",
             "status":503,
             "detail":"Nothing was done; send the request again later"}"#]],
    )
    .await;
}

#[tokio::test]
async fn every_read_is_503_without_a_store() {
    let world = World::with_order().await;
    for path in ["/api/orders", "/api/orders/o", "/api/orders/o/events"] {
        world.store.plan([Plan::Fail(Fault::Unavailable("refused".into()))]);
        let answer = world.ask(&format!("GET {path}")).await;
        assert!(answer.starts_with("503") && answer.contains("\nretry-after: 2\n"), "{answer}");
    }
}
