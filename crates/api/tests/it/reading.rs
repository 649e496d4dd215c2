//! `GET /api/orders/{id}`.

use crate::world::{World, check};
use expect_test::expect;

#[tokio::test]
async fn an_order_is_read_with_its_version() {
    World::with_order()
        .await
        .check(
            "GET /api/orders/o",
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
async fn head_is_get_without_a_body() {
    World::with_order()
        .await
        .check(
            "HEAD /api/orders/o",
            expect![[r#"
        200 OK
        content-type: application/json
        etag: "1""#]],
        )
        .await;
}

#[tokio::test]
async fn an_unknown_order_is_404() {
    check(
        "GET /api/orders/nobody",
        expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:no-such-order",
         "title":"There is no such order",
         "status":404,
         "detail":"No order has this id; an order can be read once it is placed"}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let world = World::with_order().await;
    world
        .check(
            "GET /api/orders/o\nIf-None-Match: \"7\", W/\"1\"",
            expect![[r#"
        304 Not Modified
        etag: "1""#]],
        )
        .await;
    let other = world.ask("GET /api/orders/o\nIf-None-Match: \"2\"").await;
    assert!(other.starts_with("200 OK"), "{other}");
}

#[tokio::test]
async fn a_reader_who_expects_another_version_is_told() {
    let world = World::with_order().await;
    world
        .check(
            "GET /api/orders/o\nIf-Match: \"2\"",
            expect![[r#"
        412 Precondition Failed
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:stale-version",
         "title":"The order has another version",
         "status":412,
         "detail":"The order is at version 1; read it, and decide again with its ETag"}"#]],
        )
        .await;
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_is_400() {
    let world = World::with_order().await;
    world
        .check(
            "GET /api/orders/o\nIf-None-Match: 1",
            expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:malformed-condition",
         "title":"A condition cannot be read",
         "status":400,
         "detail":"If-None-Match must be * or a list of entity tags such as \"3\""}"#]],
        )
        .await;
}

#[tokio::test]
async fn an_id_outside_the_allowed_characters_is_422() {
    let world = World::new().await;
    for id in ["a%2Fb", "a%5Cb", "a%3Fb", "a%23b", "a%00b", "a%0Ab", "%C3%A9", "%FF", "a%20b", "a%"]
    {
        let answer = world.ask(&format!("GET /api/orders/{id}")).await;
        assert!(answer.starts_with("422") && answer.contains(r#""field":"id""#), "{id}: {answer}");
    }
    let long = world.ask(&format!("GET /api/orders/{}", "x".repeat(65))).await;
    assert!(long.contains("has 65 characters; at most 64 are allowed"), "{long}");
}

#[tokio::test]
async fn a_percent_encoded_id_is_the_same_id() {
    let answer = World::with_order().await.ask("GET /api/orders/%6F").await;
    assert!(answer.starts_with("200 OK"), "{answer}");
}
