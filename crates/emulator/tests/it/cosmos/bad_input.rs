//! Requests that go beyond a limit or make no sense: each is told so, and the next is served.

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes, and reads until the connection ends or a whole head has come.
async fn raw(server: &Server, bytes: &[u8]) -> String {
    let at = server.endpoint.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(at).await.expect("it listens");
    // It may answer before it has read everything.
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    let reading = async {
        while !answer.windows(4).any(|part| part == b"\r\n\r\n") {
            if stream.read_buf(&mut answer).await.unwrap_or(0) == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, reading).await.expect("no answer in time");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn heads_beyond_all_bounds_are_answered_431() {
    let server = Server::start().await;
    let many = "a: b\r\n".repeat(1_000);
    let large = format!("a: {}\r\n", "b".repeat(2 * 1024 * 1024));
    for (told, headers) in [("many", many), ("large", large)] {
        let answer = raw(&server, format!("GET / HTTP/1.1\r\n{headers}\r\n").as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{told}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000));
    let answer = raw(&server, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414"), "{answer}");
    assert_eq!(server.put("p", "1").await.status, 201);
}

#[tokio::test]
async fn bodies_that_are_none_end_their_connection_only() {
    let server = Server::start().await;
    let chunked = "POST /dbs HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    for body in
        ["zz\r\nab\r\n0\r\n\r\n", "ffffffffffffffffff\r\na", "-1\r\n\r\n", "5\r\nabc\r\n0\r\n\r\n"]
    {
        let answer = raw(&server, format!("{chunked}{body}").as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{body:?}: {answer}");
    }
    for head in
        ["content-length: -1", "content-length: x", "content-length: 1\r\ncontent-length: 2"]
    {
        let answer =
            raw(&server, format!("POST /dbs HTTP/1.1\r\n{head}\r\n\r\nab").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{head}: {answer}");
    }
    assert_eq!(server.put("p", "1").await.status, 201);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_answered_413_with_the_limit() {
    let server = Server::start().await;
    let item = json!({"id": "1", "partitionKey": "p", "fill": "x".repeat(2 * 1024 * 1024)});
    let answer = server.post(&item).key("p").send().await;
    assert_eq!(answer.status, 413);
    assert!(answer.message().contains("2097152"), "{}", answer.message());
    let answer = server.post(&json!({})).key("p").bytes(vec![b' '; 5 * 1024 * 1024]).send().await;
    assert_eq!(answer.status, 413);
    assert!(answer.message().contains("4194304"), "{}", answer.message());
    assert_eq!(server.put("p", "1").await.status, 201);
}

/// JSON that is nested so deep that a recursive reader would run out of stack.
fn bombs() -> [String; 3] {
    const DEEP: usize = 200_000;
    [
        format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)),
        "[".repeat(DEEP),
        format!("{}1{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP)),
    ]
}

#[tokio::test]
async fn json_nested_without_end_is_answered_400_wherever_it_stands() {
    let server = Server::start().await;
    server.put("p", "1").await;
    for bomb in bombs() {
        let item = format!(r#"{{"id":"2","partitionKey":"p","deep":{bomb}}}"#);
        let batch = format!(r#"[{{"operationType":"Create","resourceBody":{item}}}]"#);
        let patch = format!(r#"[{{"op":"set","path":"/deep","value":{bomb}}}]"#);
        let query = format!(
            r#"{{"query":"SELECT * FROM c","parameters":[{{"name":"@p","value":{bomb}}}]}}"#
        );
        let asked = [
            ("create", server.ask("POST", DOCS).key("p").bytes(item)),
            (
                "batch",
                server
                    .ask("POST", DOCS)
                    .key("p")
                    .header("x-ms-cosmos-is-batch-request", "True")
                    .bytes(batch),
            ),
            ("patch", server.item("PATCH", "1").key("p").bytes(patch)),
            ("query", server.query("").key("p").bytes(query)),
            (
                "container",
                server.ask("POST", "/dbs/shop/colls").bytes(format!(r#"{{"id":{bomb}}}"#)),
            ),
            ("database", server.ask("POST", "/dbs").bytes(bomb.clone())),
            ("key", server.item("GET", "1").header("x-ms-documentdb-partitionkey", &bomb[..1_000])),
        ];
        for (told, ask) in asked {
            let answer = ask.send().await;
            assert_eq!(answer.status, 400, "{told}: {:?}", answer.body);
        }
    }
    assert_eq!(server.item("GET", "1").key("p").send().await.status, 200);
}

#[tokio::test]
async fn an_expression_nested_without_end_is_answered_400() {
    let server = Server::start().await;
    let deep = 20_000;
    for text in [
        format!("SELECT VALUE {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("SELECT VALUE {}1", "NOT ".repeat(deep)),
        format!("SELECT VALUE {}", "[".repeat(deep)),
        format!("SELECT * FROM c WHERE {}", "EXISTS(SELECT VALUE ".repeat(deep)),
        format!("SELECT VALUE c{} FROM c", ".a".repeat(100 * deep)),
    ] {
        let answer = server.query(&text).key("p").send().await;
        assert_eq!(answer.status, 400, "{}…: {:?}", &text[..40], answer.body);
    }
    assert_eq!(server.put("p", "1").await.status, 201);
}

#[tokio::test]
async fn numbers_that_no_double_holds_are_refused_or_kept_and_never_a_crash() {
    let server = Server::start().await;
    let digits = "9".repeat(100_000);
    for (number, status) in
        [("1e999", 400), ("-1e999", 400), (digits.as_str(), 400), ("1e308", 201), ("1e-999", 201)]
    {
        let item =
            format!(r#"{{"id":"{status}{}","partitionKey":"p","n":{number}}}"#, number.len());
        let answer = server.ask("POST", DOCS).key("p").bytes(item).send().await;
        let told = &number[..number.len().min(9)];
        assert_eq!(answer.status, status, "{told}: {:?}", answer.body);
    }
    for text in [
        "SELECT VALUE 1e999",
        "SELECT TOP 99999999999999999999 * FROM c",
        "SELECT * FROM c OFFSET 1e400 LIMIT 1",
    ] {
        let status = server.query(text).key("p").send().await.status;
        assert!([200, 400].contains(&status), "{text}: {status}");
    }
    let answer = server.query("SELECT VALUE c.n FROM c").key("p").send().await;
    assert_eq!((answer.status, answer.documents().len()), (200, 2));
}
