//! An order becomes a message, and so does whatever happens to it afterwards.

use crate::support::{document, states};
use anyhow::Result;
use e2e::topic::Tail;
use e2e::world::World;
use serde_json::{Value, json};

#[tokio::test]
async fn an_order_becomes_a_message() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let order = world.client.place("A-17", 3).await?;

    let arrival = tail.take(1).await?.remove(0).message;
    let id = format!("{order}.1");
    assert_eq!(arrival.message_id.as_deref(), Some(id.as_str()));
    assert_eq!(arrival.session_id.as_deref(), Some(order.as_str()));
    assert_eq!(arrival.correlation_id.as_deref(), Some(order.as_str()));
    assert_eq!(arrival.subject.as_deref(), Some("OrderPlaced"));
    assert_eq!(arrival.content_type.as_deref(), Some("application/json"));
    let body: Value = serde_json::from_slice(&arrival.body)?;
    assert_eq!(body, json!({"orderId": order, "accountNumber": "A-17", "quantity": 3}));
    assert_eq!(arrival.text("cloudEvents:id"), Some(id.as_str()));
    assert_eq!(arrival.text("cloudEvents:type"), Some("OrderPlaced"));
    assert_eq!(arrival.text("cloudEvents:specversion"), Some("1.0"));
    assert_eq!(arrival.integer("sequence"), Some(1));

    states(&world.client, &order, &["processed"]).await?;
    let event = document(&world, &order, &id).await?.expect("the event stands");
    assert_eq!(event["ttl"], json!(7 * 24 * 60 * 60));
    Ok(())
}

#[tokio::test]
async fn the_consumers_trace_links_to_the_request() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = world.client.request(reqwest::Method::POST, "/api/orders");
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let placed = json!({"accountNumber": "A-17", "quantity": 3});
    assert_eq!(world.client.send(request, Some(&placed)).await?.status, 201);

    let arrival = tail.take(1).await?.remove(0).message;
    for name in ["traceparent", "Diagnostic-Id", "cloudEvents:traceparent"] {
        let parent = arrival.text(name).unwrap_or_default();
        assert!(parent.starts_with(&format!("00-{trace}-")), "{name}: {parent:?}");
    }
    Ok(())
}

#[tokio::test]
async fn change_ship_and_cancel_become_messages_in_order() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let shipped = world.client.place("A-17", 3).await?;
    assert_eq!(world.client.change(&shipped, 4).await?.status, 200);
    assert_eq!(world.client.deed(&shipped, "ship").await?.status, 200);
    let cancelled = world.client.place("A-18", 1).await?;
    assert_eq!(world.client.deed(&cancelled, "cancel").await?.status, 200);

    let arrivals = tail.take(5).await?;
    let of = |order: &str| -> Vec<String> {
        let mine = arrivals.iter().filter(|a| a.message.session_id.as_deref() == Some(order));
        mine.filter_map(|a| a.message.subject.clone()).collect()
    };
    assert_eq!(of(&shipped), ["OrderPlaced", "OrderQuantityChanged", "OrderShipped"]);
    assert_eq!(of(&cancelled), ["OrderPlaced", "OrderCancelled"]);
    Ok(())
}

#[tokio::test]
async fn repeats_are_harmless_and_silent() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let order = json!({"orderId": "o-1", "accountNumber": "A-17", "quantity": 3});
    assert_eq!(world.client.post(&order).await?.status, 201);
    assert_eq!(world.client.post(&order).await?.status, 200);
    assert_eq!(world.client.deed("o-1", "ship").await?.status, 200);
    assert_eq!(world.client.deed("o-1", "ship").await?.status, 200);
    assert_eq!(world.client.post(&order).await?.status, 200, "also after a change");
    let other = json!({"orderId": "o-1", "accountNumber": "A-17", "quantity": 4});
    assert_eq!(world.client.post(&other).await?.status, 409);
    let last = world.client.place("A-17", 1).await?;

    let ids: Vec<_> =
        tail.take(3).await?.into_iter().filter_map(|a| a.message.message_id).collect();
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.sort_unstable();
    let mut expected = ["o-1.1", "o-1.2", &format!("{last}.1")];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    Ok(())
}
