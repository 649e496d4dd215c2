//! Sockets: both versions of HTTP on one port, bad bytes, and the end.

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn http_2_is_spoken_without_negotiation_on_the_same_port() {
    let mut server = Server::start().await;
    let make = server.put("p", "1").await;
    server.client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let read = server.item("GET", "1").key("p").send().await;
    assert_eq!(read.json(), make.json());
    let account = server.ask("GET", "/").send().await.json();
    let endpoint = account["writableLocations"][0]["databaseAccountEndpoint"].clone();
    assert_eq!(endpoint, format!("{}/", server.endpoint));
}

#[tokio::test]
async fn a_drop_over_http_2_resets_that_stream_only() {
    let mut server = Server::start().await;
    server.client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let rule = json!({"target": "cosmos", "operation": "create", "action": "drop-after"});
    server.faults.add(serde_json::from_value(rule).expect("a valid rule"));
    let order = json!({"id": "1", "partitionKey": "p"});
    server.post(&order).key("p").send_or_be_cut().await.unwrap_err();
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 200);
}

#[tokio::test]
async fn bytes_that_are_no_http_close_that_connection_only() {
    let server = Server::start().await;
    let at = server.endpoint.strip_prefix("http://").unwrap();
    for bytes in
        [&b"\x00\x01\x02\x03\r\n\r\n"[..], b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let closed =
            tokio::time::timeout(crate::support::PATIENCE, stream.read_to_end(&mut answer));
        drop(closed.await.expect("it stays open"));
    }
    assert_eq!(server.put("p", "1").await.status, 201);
}

#[tokio::test]
async fn stopping_closes_all_connections() {
    let cosmos = Cosmos::new(Arc::default(), Arc::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let mut served = JoinSet::new();
    served.spawn(cosmos.serve(listener, stop.clone()));
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut one = [0; 1];
    stream.read_exact(&mut one).await.unwrap();
    stop.cancel();
    let ended = tokio::time::timeout(crate::support::PATIENCE, served.join_next()).await;
    ended.expect("it goes on").unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest).await);
    TcpStream::connect(at).await.unwrap_err();
}
