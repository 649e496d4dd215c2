//! Clients that take their time, by a clock that needs none.

use super::*;
use crate::port::BODY_WITHIN;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// The client's end of a connection that is served.
fn connected(serving: &mut JoinSet<()>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    serving.spawn(connection(Cosmos::new(Arc::default(), Arc::default()), far));
    near
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let mut serving = JoinSet::new();
    let mut client = connected(&mut serving);
    let begun = Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    while client.write_all(b"a").await.is_ok() {
        assert!(begun.elapsed() < 2 * HEAD_WITHIN, "it is read for ever");
        sleep(SECOND).await;
    }
    assert!(serving.join_next().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_byte_by_byte_is_answered_408() {
    let mut serving = JoinSet::new();
    let mut client = connected(&mut serving);
    let head =
        b"POST /dbs/shop/colls/orders/docs HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n";
    client.write_all(head).await.unwrap();
    let mut answer = [0; 12];
    let begun = Instant::now();
    while timeout(SECOND, client.read_exact(&mut answer)).await.is_err() {
        assert!(begun.elapsed() < 2 * BODY_WITHIN, "it is read for ever");
        client.write_all(b"[").await.unwrap();
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_idle_as_long_as_pools_keep_one_is_served() {
    let mut serving = JoinSet::new();
    let mut client = connected(&mut serving);
    for _ in 0..2 {
        sleep(Duration::from_secs(90)).await;
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4096];
        let read = client.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 401"), "{answer:?}");
    }
}
