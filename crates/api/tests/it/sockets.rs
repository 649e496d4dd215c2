//! Connections: reused, drained, and never a way to stop the service.

use crate::world::{World, read_answer, wire};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let world = World::with_order().await;
    let mut stream = world.connect().await;
    let head = b"GET /api/orders/o HTTP/1.1\r\nHost: api\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream.write_all(&wire("GET /api/health/live")).await.unwrap();
    let rest = read_answer(&mut stream).await;
    assert!(rest.contains(r#"{"status":"live"}"#), "{rest}");
}

#[tokio::test]
async fn a_request_in_flight_is_finished_before_the_server_ends() {
    let world = World::with_order().await;
    let mut stream = world.connect().await;
    let request = wire("POST /api/orders/o/cancel\nContent-Type: application/json\n\n{}");
    stream.write_all(&request[..request.len() - 1]).await.unwrap();
    // The server has the request once it answers another on a later connection.
    world.ask("GET /api/health/live").await;
    let store = Arc::clone(&world.store);
    let ((), answer) = tokio::join!(world.stop(), async {
        tokio::task::yield_now().await;
        stream.write_all(&request[request.len() - 1..]).await.unwrap();
        read_answer(&mut stream).await
    });
    assert!(answer.starts_with("200 OK"), "{answer}");
    assert_eq!(store.events("o").len(), 2);
}

/// Lets the server's clock pass `time`.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn headers_that_do_not_end_are_cut_after_a_while() {
    let world = World::new().await;
    let mut slow = world.connect().await;
    slow.write_all(b"GET /api/orders HTTP/1.1\r\nHost: api\r\nX-Slow: ").await.unwrap();
    // The server has seen it once it answers a later connection.
    world.ask("GET /api/health/live").await;
    pass(Duration::from_secs(66)).await;
    let answer = read_answer(&mut slow).await;
    assert!(!answer.starts_with("200"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_end_is_408_after_a_while() {
    let world = World::new().await;
    let mut slow = world.connect().await;
    let head = "POST /api/orders HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n\
                Content-Length: 60\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut reading = [0; 25];
    slow.read_exact(&mut reading).await.unwrap();
    assert_eq!(&reading, b"HTTP/1.1 100 Continue\r\n\r\n");
    pass(Duration::from_secs(21)).await;
    let answer = read_answer(&mut slow).await;
    assert!(answer.starts_with("408 Request Timeout"), "{answer}");
    assert_eq!(world.store.calls(), [""; 0]);
}

#[tokio::test]
async fn idle_connections_do_not_keep_the_server() {
    let world = World::with_order().await;
    let _idle = world.connect().await;
    world.ask("GET /api/health/live").await;
    world.stop().await;
}

#[tokio::test]
async fn what_is_no_http_is_400_and_stops_nobody() {
    let world = World::new().await;
    let answer = world.send(b"\x16\x03\x01\x02\x00\x01\xfc\x03\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("400"), "{answer}");
    assert!(world.ask("GET /api/health/live").await.starts_with("200"));
}

#[tokio::test]
async fn endless_headers_are_cut() {
    let world = World::new().await;
    let head = format!("GET / HTTP/1.1\r\nHost: api\r\nX-Long: {}\r\n\r\n", "x".repeat(40_000));
    let answer = world.send(head.as_bytes()).await;
    assert!(answer.starts_with("431"), "{answer}");
}
