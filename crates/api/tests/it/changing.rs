//! Quantity, cancel and ship: each deed once, and nobody's change is lost.

use crate::memory::Plan;
use crate::world::World;
use expect_test::expect;
use futures_util::future::join_all;

fn patch(quantity: u32) -> String {
    format!("PATCH /api/orders/o\nContent-Type: application/json\n\n{{\"quantity\":{quantity}}}")
}

#[tokio::test]
async fn a_changed_quantity_is_a_new_version() {
    World::with_order()
        .await
        .check(
            &patch(5),
            expect![[r#"
        200 OK
        content-type: application/json
        etag: "2"

        {"orderId":"o",
         "accountNumber":"A",
         "quantity":5,
         "status":"placed",
         "version":2,
         "placedAt":"2026-09-21T14:13:20.000Z",
         "updatedAt":"2026-09-21T14:13:21.000Z"}"#]],
        )
        .await;
}

#[tokio::test]
async fn the_quantity_it_has_is_no_change_and_no_event() {
    let world = World::with_order().await;
    let answer = world.ask(&patch(3)).await;
    assert!(answer.contains("\netag: \"1\"\n"), "{answer}");
    assert_eq!(world.store.calls(), ["load"]);
}

#[tokio::test]
async fn cancel_and_ship_happen_once() {
    for (deed, event) in [("cancel", "OrderCancelled"), ("ship", "OrderShipped")] {
        let world = World::with_order().await;
        let request = format!("POST /api/orders/o/{deed}");
        for _ in 0..2 {
            let answer = world.ask(&request).await;
            assert!(answer.starts_with("200 OK") && answer.contains("\"version\":2"), "{answer}");
        }
        assert_eq!(world.store.events("o"), ["OrderPlaced", event]);
    }
}

#[tokio::test]
async fn a_cancelled_order_takes_nothing_more() {
    let world = World::with_order().await;
    world.ask("POST /api/orders/o/cancel").await;
    world
        .check(
            "POST /api/orders/o/ship",
            expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:order-cancelled",
         "title":"The order is cancelled",
         "status":409,
         "detail":"A cancelled order can only be read"}"#]],
        )
        .await;
    let answer = world.ask(&patch(5)).await;
    assert!(answer.starts_with("409 Conflict"), "{answer}");
}

#[tokio::test]
async fn a_shipped_order_takes_nothing_more() {
    let world = World::with_order().await;
    world.ask("POST /api/orders/o/ship").await;
    world
        .check(
            &patch(5),
            expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:order-shipped",
         "title":"The order is shipped",
         "status":409,
         "detail":"A shipped order can only be read"}"#]],
        )
        .await;
    let answer = world.ask("POST /api/orders/o/cancel").await;
    assert!(answer.starts_with("409 Conflict"), "{answer}");
}

#[tokio::test]
async fn an_unknown_order_cannot_be_changed() {
    let world = World::new().await;
    for request in [&patch(5), "POST /api/orders/o/cancel", "POST /api/orders/o/ship"] {
        let answer = world.ask(request).await;
        assert!(answer.starts_with("404"), "{request}: {answer}");
    }
}

#[tokio::test]
async fn the_version_that_the_client_named_is_the_one_that_is_changed() {
    let world = World::with_order().await;
    let named = |version| patch(5).replacen('\n', &format!("\nIf-Match: {version}\n"), 1);
    world
        .check(
            &named("\"7\""),
            expect![[r#"
        412 Precondition Failed
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:stale-version",
         "title":"The order has another version",
         "status":412,
         "detail":"The order is at version 1; read it, and decide again with its ETag"}"#]],
        )
        .await;
    for version in ["\"1\"", "*"] {
        let answer = world.ask(&named(version)).await;
        assert!(answer.starts_with("200 OK"), "{answer}");
    }
    let malformed = world.ask(&named("1")).await;
    assert!(malformed.starts_with("400"), "{malformed}");
}

#[tokio::test]
async fn another_writer_in_between_means_to_decide_again() {
    let world = World::with_order().await;
    world.store.plan([Plan::CutIn(8)]);
    let answer = world.ask(&patch(5)).await;
    assert!(answer.starts_with("200 OK") && answer.contains("\"version\":3"), "{answer}");
    assert_eq!(world.store.calls(), ["load", "commit", "load", "commit"]);
}

#[tokio::test]
async fn another_writer_in_between_is_told_to_a_client_that_named_a_version() {
    let world = World::with_order().await;
    world.store.plan([Plan::CutIn(8)]);
    let answer = world.ask("POST /api/orders/o/cancel\nIf-Match: \"1\"").await;
    assert!(answer.starts_with("412"), "{answer}");
    assert_eq!(world.store.events("o"), ["OrderPlaced", "OrderQuantityChanged"]);
}

#[tokio::test]
async fn endless_conflicts_end_after_three_tries() {
    let world = World::with_order().await;
    world.store.plan([Plan::CutIn(8), Plan::CutIn(9), Plan::CutIn(10)]);
    world
        .check(
            &patch(5),
            expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:order-changing",
         "title":"The order is being changed by others",
         "status":409,
         "detail":"Nothing was changed; send the request again"}"#]],
        )
        .await;
    assert_eq!(world.store.calls().len(), 6);
}

#[tokio::test]
async fn many_writers_at_once_lose_nothing() {
    let world = World::with_order().await;
    let requests: Vec<String> = (10..26).map(patch).collect();
    let answers = join_all(requests.iter().map(|request| world.ask(request))).await;
    let done = answers.iter().filter(|answer| answer.starts_with("200")).count();
    let told = answers.iter().filter(|answer| answer.starts_with("409")).count();
    assert_eq!((done + told, 1 + done), (16, world.store.events("o").len()));
    assert!(0 < done);
}

#[tokio::test]
async fn a_deed_takes_no_body_but_an_empty_object() {
    let world = World::with_order().await;
    let with =
        |body: &str| format!("POST /api/orders/o/ship\nContent-Type: application/json\n\n{body}");
    let unknown = world.ask(&with(r#"{"express":true}"#)).await;
    assert!(unknown.starts_with("422") && unknown.contains("express"), "{unknown}");
    assert!(world.ask(&with("{")).await.starts_with("400"));
    assert!(world.ask("POST /api/orders/o/ship\n\n{}").await.starts_with("415"));
    assert!(world.ask(&with("{}")).await.starts_with("200"));
}

#[tokio::test]
async fn a_change_of_quantity_takes_a_quantity_and_nothing_else() {
    let world = World::with_order().await;
    let with =
        |body: &str| format!("PATCH /api/orders/o\nContent-Type: application/json\n\n{body}");
    world
        .check(
            &with(r#"{"quantity":0,"status":"shipped"}"#),
            expect![[r#"
                422 Unprocessable Entity
                content-type: application/problem+json

                {"type":"urn:problem-type:orders:invalid-fields",
                 "title":"Some values are not valid",
                 "status":422,
                 "detail":"See errors: one entry for each; nothing was done",
                 "errors":[{"field":"quantity",
                 "detail":"must be a whole number from 1 to 1000000"},
                 {"field":"status",
                 "detail":"is not known here"}]}"#]],
        )
        .await;
    assert!(world.ask(&with("{}")).await.starts_with("422"));
    assert!(world.ask("PATCH /api/orders/o\n\n{}").await.starts_with("415"));
    assert!(world.ask(&with(r#"{"Quantity":4}"#)).await.starts_with("200"));
}
