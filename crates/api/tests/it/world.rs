//! A served API, and requests as they are written on the wire.

use crate::memory::Memory;
use domain::Timestamp;
use expect_test::Expect;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A server on a port of its own.
pub(crate) struct World {
    /// What the server writes to.
    pub(crate) store: Arc<Memory>,
    address: SocketAddr,
    server: JoinSet<()>,
    stop: oneshot::Sender<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let store = Arc::new(Memory::default());
        let routes = api::routes(Arc::clone(&store));
        let (stop, stopped) = oneshot::channel();
        let mut server = JoinSet::new();
        server.spawn(async move {
            api::serve(listener, routes, clock, async { drop(stopped.await) }).await;
        });
        Self { store, address, server, stop }
    }

    /// A world in which order `o` of account `A` was placed with quantity 3.
    pub(crate) async fn with_order() -> Self {
        let world = Self::new().await;
        let answer = world.ask(&place(r#"{"orderId":"o","accountNumber":"A","quantity":3}"#)).await;
        assert!(answer.starts_with("201"), "{answer}");
        world.store.calls();
        world
    }

    /// Sends a request that is written as in an HTTP file, and returns the answer likewise.
    pub(crate) async fn ask(&self, request: &str) -> String {
        self.send(&wire(request)).await
    }

    /// Sends these bytes and reads until the server closes.
    pub(crate) async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.expect("the server reads");
        read_answer(&mut stream).await
    }

    /// A connection to the server.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the server listens")
    }

    /// Asks, and holds the answer to what is expected.
    pub(crate) async fn check(&self, request: &str, expect: Expect) {
        expect.assert_eq(&self.ask(request).await);
    }

    /// Tells the server to stop, and waits until it has.
    pub(crate) async fn stop(mut self) {
        drop(self.stop);
        while let Some(ended) = self.server.join_next().await {
            ended.expect("the server does not panic");
        }
    }
}

/// Sends one request to a new world.
pub(crate) async fn check(request: &str, expect: Expect) {
    World::new().await.check(request, expect).await;
}

/// A placement with this body.
pub(crate) fn place(body: &str) -> String {
    format!("POST /api/orders\nContent-Type: application/json\n\n{body}")
}

/// Reads up to the end of the stream.
pub(crate) async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let reading = stream.read_to_string(&mut text);
    let read = tokio::time::timeout(Duration::from_secs(30), reading).await;
    read.expect("the server answers and closes").expect("it does not reset, and speaks UTF-8");
    text
}

/// Reads an answer up to the end of the stream: status, telling headers, body.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> String {
    let text = read_all(stream).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().trim_start_matches("HTTP/1.1 ");
    let mut headers: Vec<&str> = lines.filter(|line| !is_noise(line)).collect();
    headers.sort_unstable();
    // One field a line, and otherwise as it came.
    let body = body.replace(",\"", ",\n \"").replace("},{", "},\n {");
    format!("{status}\n{}\n\n{body}", headers.join("\n")).trim_end().into()
}

/// The body of an answer, read as JSON.
pub(crate) fn body_of<T: DeserializeOwned>(answer: &str) -> T {
    let (_, body) = answer.split_once("\n\n").expect("the answer has a body");
    serde_json::from_str(body).expect("the body is what was asked for")
}

/// The bytes of a request that is written as in an HTTP file.
pub(crate) fn wire(request: &str) -> Vec<u8> {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let (first, headers) = head.split_once('\n').unwrap_or((head, ""));
    let mut text = format!("{first} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n");
    for header in headers.lines() {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        text = format!("{text}Content-Length: {}\r\n", body.len());
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// A second later at each reading, so that orders have an order. A test has one thread, and so has
/// its server.
fn clock() -> Timestamp {
    thread_local!(static SECONDS: Cell<i64> = const { Cell::new(0) });
    let seconds = SECONDS.replace(SECONDS.get() + 1);
    Timestamp::from_second(1_790_000_000 + seconds).expect("not the end of time")
}

fn is_noise(header: &str) -> bool {
    ["connection", "content-length", "date", "traceparent"]
        .iter()
        .any(|noise| header.strip_prefix(noise).is_some_and(|rest| rest.starts_with(':')))
}
