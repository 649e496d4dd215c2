//! `POST /api/orders`: an order is placed once, however often the client asks.

use crate::world::{World, check, place};
use expect_test::expect;

const ORDER: &str = r#"{"orderId":"o","accountNumber":"A","quantity":3}"#;

#[tokio::test]
async fn a_placed_order_is_answered_with_its_path_and_version() {
    check(
        &place(ORDER),
        expect![[r#"
        201 Created
        content-type: application/json
        etag: "1"
        location: /api/orders/o

        {"orderId":"o",
         "accountNumber":"A",
         "quantity":3,
         "status":"placed",
         "version":1,
         "placedAt":"2026-09-21T14:13:20.000Z",
         "updatedAt":"2026-09-21T14:13:20.000Z"}"#]],
    )
    .await;
}

#[tokio::test]
async fn pascal_case_names_mean_the_same() {
    let world = World::new().await;
    world.ask(&place(ORDER)).await;
    let pascal = r#"{"OrderId":"o","AccountNumber":"A","Quantity":3}"#;
    world
        .check(
            &place(pascal),
            expect![[r#"
        200 OK
        content-type: application/json
        etag: "1"

        {"orderId":"o",
         "accountNumber":"A",
         "quantity":3,
         "status":"placed",
         "version":1,
         "placedAt":"2026-09-21T14:13:20.000Z",
         "updatedAt":"2026-09-21T14:13:20.000Z"}"#]],
        )
        .await;
}

#[tokio::test]
async fn placing_costs_one_round_trip() {
    let world = World::new().await;
    world.ask(&place(ORDER)).await;
    assert_eq!(world.store.calls(), ["commit"]);
}

#[tokio::test]
async fn the_same_again_is_200_and_no_second_event() {
    let world = World::with_order().await;
    let answer = world.ask(&place(ORDER)).await;
    assert!(answer.starts_with("200 OK"), "{answer}");
    assert_eq!(world.store.calls(), ["commit", "load"]);
    assert_eq!(world.store.events("o"), ["OrderPlaced"]);
}

#[tokio::test]
async fn the_same_again_after_a_change_shows_the_order_as_it_is() {
    let world = World::with_order().await;
    world.ask("POST /api/orders/o/cancel").await;
    world
        .check(
            &place(ORDER),
            expect![[r#"
        200 OK
        content-type: application/json
        etag: "2"

        {"orderId":"o",
         "accountNumber":"A",
         "quantity":3,
         "status":"cancelled",
         "version":2,
         "placedAt":"2026-09-21T14:13:20.000Z",
         "updatedAt":"2026-09-21T14:13:21.000Z"}"#]],
        )
        .await;
}

#[tokio::test]
async fn the_same_id_with_other_content_is_a_conflict() {
    let world = World::with_order().await;
    let other = r#"{"orderId":"o","accountNumber":"SECRET-8","quantity":3}"#;
    world.check(&place(other), expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:order-id-taken",
         "title":"The order id is taken",
         "status":409,
         "detail":"Order o was placed with another account number or quantity; choose another orderId, or another Idempotency-Key"}"#]]).await;
}

#[tokio::test]
async fn an_idempotency_key_leads_to_one_order() {
    let world = World::new().await;
    let keyed = "POST /api/orders\nContent-Type: application/json\nIdempotency-Key: checkout-81\n\n\
                 {\"accountNumber\":\"A-17\",\"quantity\":1}";
    let first = world.ask(keyed).await;
    assert!(first.contains("/api/orders/3996d12d-4865-572c-a9f5-04354060791c"), "{first}");
    let second = world.ask(keyed).await;
    assert!(second.starts_with("200 OK"), "{second}");
    let other = world.ask(&keyed.replace(":1}", ":2}")).await;
    assert!(other.starts_with("409 Conflict"), "{other}");
}

#[tokio::test]
async fn an_order_id_goes_before_an_idempotency_key() {
    let world = World::new().await;
    let both = place(ORDER).replacen('\n', "\nIdempotency-Key: k\n", 1);
    let answer = world.ask(&both).await;
    assert!(answer.contains("\nlocation: /api/orders/o\n"), "{answer}");
}

#[tokio::test]
async fn without_id_or_key_each_order_is_new() {
    let world = World::new().await;
    let body = place(r#"{"orderId":null,"accountNumber":"A","quantity":1}"#);
    let (first, second) = (world.ask(&body).await, world.ask(&body).await);
    assert!(first.starts_with("201") && second.starts_with("201"), "{first}\n{second}");
    assert_ne!(first, second);
}
