//! The trace of a request goes into its events, and back to the client.

use crate::world::{World, read_all, wire};
use tokio::io::AsyncWriteExt;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The whole answer, with every header.
async fn raw(world: &World, request: &str) -> String {
    let mut stream = world.connect().await;
    stream.write_all(&wire(request)).await.expect("the server reads");
    read_all(&mut stream).await
}

fn place(headers: &str) -> String {
    let body = r#"{"orderId":"o","accountNumber":"A","quantity":3}"#;
    format!("POST /api/orders\nContent-Type: application/json{headers}\n\n{body}")
}

fn trace_of(answer: &str) -> &str {
    let line = answer.lines().find_map(|line| line.strip_prefix("traceparent: "));
    line.unwrap_or_default()
}

#[tokio::test]
async fn the_clients_trace_goes_into_the_event_under_our_span() {
    let world = World::new().await;
    let given = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = raw(&world, &place(&format!("\ntraceparent: {given}"))).await;
    let own = trace_of(&answer);
    assert!(own.starts_with(&format!("00-{TRACE}-")) && own != given, "{answer}");
    let events = world.ask("GET /api/orders/o/events").await;
    assert!(events.contains(own), "{events}");
}

#[tokio::test]
async fn without_a_readable_trace_a_new_one_begins() {
    for headers in ["", "\ntraceparent: 00-zz", "\ntraceparent: a\ntraceparent: b"] {
        let world = World::new().await;
        let answer = raw(&world, &place(headers)).await;
        assert_eq!(trace_of(&answer).len(), 55, "{answer}");
        let events = world.ask("GET /api/orders/o/events").await;
        assert!(events.contains(trace_of(&answer)), "{events}");
    }
}
