//! `GET /api/orders`: newest first, page by page.

use crate::world::{World, body_of, check, place};
use expect_test::expect;
use serde::Deserialize;

async fn with_orders(count: usize) -> World {
    let world = World::new().await;
    for number in 1..=count {
        let account = if number % 2 == 0 { "even" } else { "odd" };
        let body = format!(r#"{{"orderId":"o{number}","accountNumber":"{account}","quantity":1}}"#);
        world.ask(&place(&body)).await;
    }
    world
}

#[derive(Deserialize)]
struct Page {
    orders: Vec<Order>,
    continuation: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
}

/// The ids of a page and its continuation.
fn ids(answer: &str) -> (Vec<String>, Option<String>) {
    let Page { orders, continuation } = body_of(answer);
    (orders.into_iter().map(|order| order.order_id).collect(), continuation)
}

#[tokio::test]
async fn no_orders_are_an_empty_page() {
    check(
        "GET /api/orders",
        expect![[r#"
        200 OK
        content-type: application/json

        {"orders":[]}"#]],
    )
    .await;
}

#[tokio::test]
async fn orders_come_newest_first() {
    let (ids, rest) = ids(&with_orders(3).await.ask("GET /api/orders").await);
    assert_eq!((ids, rest), (vec!["o3".into(), "o2".into(), "o1".into()], None));
}

#[tokio::test]
async fn an_account_sees_its_orders_only() {
    let (ids, _) = ids(&with_orders(4).await.ask("GET /api/orders?accountNumber=odd").await);
    assert_eq!(ids, ["o3", "o1"]);
}

#[tokio::test]
async fn pages_follow_on_one_another_whatever_is_placed_meanwhile() {
    let world = with_orders(5).await;
    let (first, rest) = ids(&world.ask("GET /api/orders?limit=2").await);
    world.ask(&place(r#"{"orderId":"new","accountNumber":"odd","quantity":1}"#)).await;
    let rest = rest.unwrap();
    let (second, rest) =
        ids(&world.ask(&format!("GET /api/orders?continuation={rest}&limit=2")).await);
    let rest = rest.unwrap();
    let (third, rest) =
        ids(&world.ask(&format!("GET /api/orders?limit=2&continuation={rest}")).await);
    assert_eq!([first, second, third].concat(), ["o5", "o4", "o3", "o2", "o1"]);
    assert_eq!(rest, None);
}

#[tokio::test]
async fn twenty_are_a_page_unless_asked_otherwise() {
    let world = with_orders(21).await;
    assert_eq!(ids(&world.ask("GET /api/orders").await).0.len(), 20);
    assert_eq!(ids(&world.ask("GET /api/orders?limit=100").await).0.len(), 21);
}

#[tokio::test]
async fn every_wrong_parameter_is_said_at_once() {
    let query = "accountNumber=a/b&limit=101&continuation=zzz&page=2";
    check(
        &format!("GET /api/orders?{query}"),
        expect![[r#"
            422 Unprocessable Entity
            content-type: application/problem+json

            {"type":"urn:problem-type:orders:invalid-fields",
             "title":"Some values are not valid",
             "status":422,
             "detail":"See errors: one entry for each; nothing was done",
             "errors":[{"field":"accountNumber",
             "detail":"has the character '/'; allowed are A-Z a-z 0-9 . _ -"},
             {"field":"limit",
             "detail":"must be a whole number from 1 to 100"},
             {"field":"continuation",
             "detail":"is not one that this service gave out"},
             {"field":"page",
             "detail":"is not known here"}]}"#]],
    )
    .await;
}

#[tokio::test]
async fn limits_and_continuations_that_are_none_are_422() {
    let world = World::new().await;
    for query in [
        "limit=0",
        "limit=-1",
        "limit=1.5",
        "limit=",
        "limit=1&limit=2",
        "continuation=",
        "continuation=a%00",
        "accountNumber=",
    ] {
        let answer = world.ask(&format!("GET /api/orders?{query}")).await;
        assert!(answer.starts_with("422"), "{query}: {answer}");
    }
    assert_eq!(world.store.calls(), [""; 0]);
}

#[tokio::test]
async fn the_function_key_in_a_query_is_not_ours() {
    let answer = World::new().await.ask("GET /api/orders?code=k&clientId=c&limit=5").await;
    assert!(answer.starts_with("200 OK"), "{answer}");
}
