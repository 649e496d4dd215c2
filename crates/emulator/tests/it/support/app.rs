//! A Functions app in a temporary folder, run by `emulator functions`, whose handler is the test.

use super::{PATIENCE, Process, command};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{convert::Infallible, net::SocketAddr, path::PathBuf, process::Stdio, sync::Arc};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    process::Command,
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
};

/// The files of an app.
pub(crate) struct App {
    folder: TempDir,
}

impl App {
    /// An app whose `host.json` has these `customHandler` properties besides the executable.
    pub(crate) fn new(custom_handler: Value) -> Self {
        let app = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let mut host = json!({
            "version": "2.0",
            "extensionBundle": {
                "id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)",
            },
            "customHandler": { "description": { "defaultExecutablePath": handler() } },
        });
        merge(&mut host, json!({ "customHandler": custom_handler }));
        app.write("host.json", &host.to_string());
        app
    }

    /// Changes `host.json`.
    pub(crate) fn host(self, change: Value) -> Self {
        let text = std::fs::read_to_string(self.folder.path().join("host.json"));
        let mut host = serde_json::from_str(&text.expect("host.json")).expect("JSON");
        merge(&mut host, change);
        self.write("host.json", &host.to_string());
        self
    }

    /// Adds a function.
    pub(crate) fn function(self, name: &str, function: Value) -> Self {
        self.write(&format!("{name}/function.json"), &function.to_string());
        self
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// The command that hosts it, with its handler connected to `backend`.
    pub(crate) fn command(&self, backend: &Backend, args: &[&str]) -> Command {
        let folder = self.folder.path().to_str().expect("a text path");
        let always = ["functions", "--app", folder, "--listen", "127.0.0.1:0"];
        let mut command = command(&[&always, args].concat());
        command.env("HANDLER_BACKEND", backend.at.to_string());
        command
    }

    /// Hosts it until the test ends.
    pub(crate) async fn start(&self, backend: &Backend, args: &[&str]) -> Process {
        Process::of(self.command(backend, args).stderr(Stdio::inherit())).await
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// The example that carries connections to the test; cargo builds it with the tests.
fn handler() -> PathBuf {
    let emulator = PathBuf::from(env!("CARGO_BIN_EXE_emulator"));
    emulator.parent().expect("a folder").join("examples").join("handler")
}

/// The test's end of the handler: it answers what reaches the handler.
pub(crate) struct Backend {
    pub(crate) at: SocketAddr,
    calls: mpsc::UnboundedReceiver<Call>,
    _serving: JoinSet<()>,
}

/// One request that reached the handler, waiting for an answer.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    answer: oneshot::Sender<Response<Full<Bytes>>>,
}

impl Backend {
    pub(crate) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = listener.local_addr().expect("bound");
        let (sender, calls) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, sender));
        Self { at, calls, _serving: serving }
    }

    /// The next request that is not the host's `GET /`.
    pub(crate) async fn next(&mut self) -> Call {
        let call = tokio::time::timeout(PATIENCE, self.calls.recv()).await;
        call.expect("nothing reached the handler in time").expect("the backend serves")
    }
}

impl Call {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// Answers with this status and JSON body.
    pub(crate) fn answer(self, status: u16, body: &str) {
        self.answer_as(status, "application/json", body);
    }

    /// Answers with this content type.
    pub(crate) fn answer_as(self, status: u16, kind: &str, body: &str) {
        let response = Response::builder().status(status).header("content-type", kind);
        let response = response.body(Full::from(body.to_owned())).expect("a valid answer");
        // The host may have given up waiting, which is for the test to notice.
        drop(self.answer.send(response));
    }
}

async fn accept(listener: TcpListener, calls: mpsc::UnboundedSender<Call>) {
    let mut connections = JoinSet::new();
    let calls = Arc::new(Mutex::new(calls));
    while let Ok((stream, _)) = listener.accept().await {
        let calls = Arc::clone(&calls);
        connections.spawn(async move {
            let service = service_fn(|request| take(request, &calls));
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            drop(served.await);
        });
    }
}

async fn take(
    request: Request<Incoming>,
    calls: &Mutex<mpsc::UnboundedSender<Call>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let not_found = || {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok(response)
    };
    if head.uri == "/" {
        return not_found();
    }
    let Ok(body) = body.collect().await else { return not_found() };
    let (answer, answered) = oneshot::channel();
    let call = Call {
        method: head.method,
        path: head.uri.to_string(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        answer,
    };
    drop(calls.lock().await.send(call));
    match answered.await {
        Ok(response) => Ok(response),
        Err(_) => not_found(),
    }
}
