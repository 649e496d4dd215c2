//! `GET /api/orders/{id}/events`: where is my event?

use crate::world::{World, check};
use domain::{EventState, Timestamp};
use expect_test::expect;

#[tokio::test]
async fn an_unknown_order_has_no_events() {
    check(
        "GET /api/orders/nobody/events",
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
async fn events_are_listed_with_how_far_they_have_come() {
    let world = World::new().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for quantity in 1..=4 {
        let body = format!(r#"{{"orderId":"o","accountNumber":"A","quantity":{quantity}}}"#);
        let (method, path) = if quantity == 1 { ("POST", "") } else { ("PATCH", "/o") };
        let body = if quantity == 1 { body } else { format!(r#"{{"quantity":{quantity}}}"#) };
        let head = format!("{method} /api/orders{path}\nContent-Type: application/json");
        world.ask(&format!("{head}\ntraceparent: {trace}\n\n{body}")).await;
    }
    let at = Timestamp::from_millisecond(1_790_000_100_250).unwrap();
    let parked = EventState::Parked { at, reason: "amqp:link:message-size-exceeded".into() };
    world.store.set_states("o", [EventState::Processed { at }, EventState::Skipped, parked]);
    let answer = world.ask("GET /api/orders/o/events").await;
    let spans = without_spans(&answer);
    expect![[r#"
        200 OK
        content-type: application/json

        {"orderId":"o",
         "events":[{"eventId":"o.1",
         "sequence":1,
         "eventType":"OrderPlaced",
         "state":"processed",
         "occurredAt":"2026-09-21T14:13:20.000Z",
         "processedAt":"2026-09-21T14:15:00.250Z",
         "data":{"orderId":"…"},
         "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-…-01"},
         {"eventId":"o.2",
         "sequence":2,
         "eventType":"OrderQuantityChanged",
         "state":"skipped",
         "occurredAt":"2026-09-21T14:13:21.000Z",
         "data":{"orderId":"…"},
         "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-…-01"},
         {"eventId":"o.3",
         "sequence":3,
         "eventType":"OrderQuantityChanged",
         "state":"parked",
         "occurredAt":"2026-09-21T14:13:22.000Z",
         "parkedAt":"2026-09-21T14:15:00.250Z",
         "reason":"amqp:link:message-size-exceeded",
         "data":{"orderId":"…"},
         "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-…-01"},
         {"eventId":"o.4",
         "sequence":4,
         "eventType":"OrderQuantityChanged",
         "state":"pending",
         "occurredAt":"2026-09-21T14:13:23.000Z",
         "data":{"orderId":"…"},
         "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-…-01"}]}"#]]
    .assert_eq(&spans);
}

#[tokio::test]
async fn an_order_whose_events_expired_is_still_an_order() {
    let world = World::with_order().await;
    world.store.expire_events("o");
    world
        .check(
            "GET /api/orders/o/events",
            expect![[r#"
        200 OK
        content-type: application/json

        {"orderId":"o",
         "events":[]}"#]],
        )
        .await;
}

/// Leaves the random span ids out.
fn without_spans(answer: &str) -> String {
    let mut parts = answer.split("e0e4736-");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}e0e4736-…{}", part.get(16..).unwrap_or_default()))
}
