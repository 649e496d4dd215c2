//! What the behaviour tests share: running the emulator, and plain HTTP calls.

mod app;
mod cosmos;
mod local;

pub(crate) use self::{
    app::{App, Backend},
    cosmos::{Account, sign},
    local::Local,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// Far more than anything here takes: it only turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// An emulator process that ends with the test.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) ready: Value,
}

impl Process {
    /// Starts `emulator` with `args` and waits for its ready line.
    pub(crate) async fn start(args: &[&str]) -> Self {
        Self::of(command(args).stderr(Stdio::inherit())).await
    }

    /// Starts the command and waits for its ready line.
    pub(crate) async fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the emulator starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped")).lines();
        let line = tokio::time::timeout(PATIENCE, stdout.next_line()).await;
        let line = line
            .expect("no ready line in time")
            .expect("stdout is text")
            .expect("it ended at once");
        Self { child, ready: serde_json::from_str(&line).expect("the ready line is JSON") }
    }

    /// An address that the ready line names.
    pub(crate) fn at(&self, part: &str) -> &str {
        self.ready.get(part).and_then(Value::as_str).expect("the ready line names it")
    }
}

/// The emulator's binary, not started yet.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emulator"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// One HTTP call with a JSON (or no) body; answers with the body read as text.
pub(crate) async fn call(method: &str, url: &str, body: &str) -> Response<String> {
    let request = Request::builder().method(method).uri(url).header("accept", "*/*");
    send(request.body(Full::from(body.to_owned())).expect("a valid request")).await
}

/// One HTTP call.
pub(crate) async fn send(request: Request<Full<Bytes>>) -> Response<String> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answered = tokio::time::timeout(PATIENCE, client.request(request)).await;
    let response = answered.expect("no answer in time").expect("no answer");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("the body ends").to_bytes();
    Response::from_parts(head, String::from_utf8(body.to_vec()).expect("a text body"))
}
