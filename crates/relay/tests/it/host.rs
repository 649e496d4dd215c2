//! The Functions host's calls, through a socket: chunked bodies without a length, documents under
//! layers of strings, and what no host sends.

use crate::world::{Mishap, World, ids, now};
use domain::EventState;
use relay::http::routes;
use relay::{App, Limits};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

struct Host {
    address: SocketAddr,
    _serving: JoinSet<()>,
    door: watch::Sender<Option<Arc<App<World, World>>>>,
}

/// A status and a body.
type Answer = (u16, serde_json::Value);

impl Host {
    /// A handler whose clients are not built yet.
    async fn starting() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (door, seen) = watch::channel(None);
        let mut serving = JoinSet::new();
        serving.spawn(warp::serve(routes(seen, now)).incoming(listener).run());
        Self { address, _serving: serving, door }
    }

    async fn over(world: &World) -> Self {
        let host = Self::starting().await;
        host.build(world);
        host
    }

    fn build(&self, world: &World) {
        let limits = Limits { retention: Duration::from_hours(1), in_flight: 4 };
        let app = App::new(world.clone(), world.clone(), limits, Duration::from_mins(1));
        self.door.send_replace(Some(Arc::new(app)));
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await
    }

    /// Posts as the host does: chunked, in several chunks.
    async fn post(&self, path: &str, body: &str) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\
             X-Azure-Functions-InvocationId: 17\r\n\r\n"
        );
        let chunks = body
            .as_bytes()
            .chunks(50)
            .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)));
        self.send(&(head + &chunks.collect::<String>() + "0\r\n\r\n")).await
    }

    async fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-type: application/json"), "{head}");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }
}

/// An invocation with these documents, encoded as the host encodes them.
fn invocation(documents: &str) -> String {
    let once = serde_json::to_string(documents).unwrap();
    let twice = serde_json::to_string(&once).unwrap();
    format!(r#"{{"Data":{{"documents":{twice}}},"Metadata":{{"sys":{{"MethodName":"Relay"}}}}}}"#)
}

fn done(log: &str) -> Answer {
    (200, serde_json::json!({ "Outputs": null, "Logs": [log], "ReturnValue": null }))
}

#[tokio::test]
async fn a_page_of_documents_is_published_and_marked() {
    let world = World::with_pending(&["a.1", "a.2", "b.1"]);
    let host = Host::over(&world).await;
    let answer = host.post("/Relay", &invocation(r#"["a.1", {"id":"a"}, "b.1", "a.2"]"#)).await;
    assert_eq!(answer, done("published 3, marked 3, parked 0, held 0, unreadable 0"));
    assert_eq!(world.overdue(), []);
}

#[tokio::test]
async fn a_target_that_is_no_path_is_answered_too() {
    let host = Host::over(&World::default()).await;
    let request = "CONNECT shop:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(host.send(request).await.0, 404);
}

#[tokio::test]
async fn a_page_without_work_is_done_quietly() {
    let host = Host::over(&World::default()).await;
    let (status, body) = host.post("/Relay", &invocation("[]")).await;
    assert_eq!((status, &body["Logs"]), (200, &serde_json::json!([])));
}

#[tokio::test]
async fn poison_and_unreadable_documents_do_not_fail_the_page() {
    let world = World::with_pending(&["a.1", "b.1"]);
    world.poison("a.1");
    let host = Host::over(&world).await;
    let answer = host.post("/Relay", &invocation(r#"["a.1", "?", {"v":9}, "b.1"]"#)).await;
    assert_eq!(answer, done("published 1, marked 1, parked 1, held 0, unreadable 1"));
}

#[tokio::test]
async fn a_transient_fault_has_the_host_repeat_the_page() {
    let world = World::with_pending(&["a.1"]);
    world.plan(0, Mishap::Away);
    let host = Host::over(&world).await;
    let page = invocation(r#"["a.1"]"#);
    let (status, body) = host.post("/Relay", &page).await;
    assert_eq!(status, 500);
    assert!(body["error"].as_str().unwrap().contains("unavailable: planned"), "{body}");
    assert_eq!(host.post("/Relay", &page).await.0, 200);
    assert_eq!(world.taken(), ids(&["a.1"]));
}

#[tokio::test]
async fn what_no_host_sends_is_refused_in_words() {
    let host = Host::over(&World::default()).await;
    for body in ["", "{", "[]", "null", "{}", r#"{"Data":{}}"#, r#"{"Data":{"documents":7}}"#] {
        let (status, answer) = host.post("/Relay", body).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["error"].is_string(), "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_larger_than_any_page_is_refused_while_it_comes() {
    let host = Host::over(&World::default()).await;
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    let head = "POST /Relay HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    let (mut read, mut write) = stream.split();
    let (mut answer, mut sent) = (vec![0; 12], 0);
    let flood = async {
        // Ends with an error once the other side has had enough.
        while write.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 1;
            assert!(sent < 100, "100 MiB were taken");
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        read = read.read_exact(&mut answer) => drop(read.unwrap()),
        () = flood => {}
    }
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn the_timer_sweeps() {
    let world = World::with_pending(&["a.1", "a.2", "b.1"]);
    let host = Host::over(&world).await;
    let timer = r#"{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"IsPastDue":false}}}"#;
    let answer = host.post("/Sweep", timer).await;
    assert_eq!(answer, done("published 3, marked 3, parked 0, held 0, unreadable 0"));
    assert!(matches!(world.state_of("b.1"), EventState::Processed { .. }));
}

#[tokio::test]
async fn a_sweep_that_fails_says_so() {
    let world = World::with_pending(&["a.1"]);
    world.plan(0, Mishap::Away);
    let (status, body) = Host::over(&world).await.post("/Sweep", "{}").await;
    assert_eq!(status, 500);
    assert!(body["error"].as_str().unwrap().starts_with("cannot find"), "{body}");
}

#[tokio::test]
async fn it_answers_before_its_clients_are_built_and_an_early_page_waits_for_them() {
    let host = Host::starting().await;
    assert_eq!(host.get("/").await.0, 200);
    assert_eq!(host.get("/health/live").await.0, 200);
    assert_eq!(host.get("/health/ready").await.0, 503);
    let world = World::with_pending(&["a.1"]);
    let page = invocation(r#"["a.1"]"#);
    let (answer, ()) = tokio::join!(host.post("/Relay", &page), async { host.build(&world) });
    assert_eq!(answer.0, 200);
    assert_eq!(host.get("/api/health/ready").await.0, 200);
}

#[tokio::test]
async fn readiness_names_what_is_not_ready_and_why() {
    let world = World::default();
    world.break_store("no container orders; create it");
    let (status, body) = Host::over(&world).await.get("/health/ready").await;
    let expected = serde_json::json!({
        "status": "not ready",
        "dependencies": [
            { "name": "store", "ready": false, "reason": "no container orders; create it" },
            { "name": "broker", "ready": true },
        ],
    });
    assert_eq!((status, body), (503, expected));
}

#[tokio::test]
async fn routes_are_exact() {
    let host = Host::over(&World::default()).await;
    for path in ["/relay", "/RELAY", "/Relay/", "/sweep", "/nothing"] {
        assert_eq!(host.post(path, "{}").await.0, 404, "{path}");
    }
    assert_eq!(host.get("/Relay").await.0, 404);
}
