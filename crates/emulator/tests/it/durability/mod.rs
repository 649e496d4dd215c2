//! `--data`: what was acknowledged is there after `kill -9`, and what is no store is left alone.

mod administration;
mod directories;
mod full;
mod items;
mod kills;
mod messages;

use super::support::{PATIENCE, Process, call, command, sign};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, process::Stdio};
use tokio::process::Command;

const LINK: &str = "dbs/shop/colls/orders";

/// The arguments of an emulator on free ports that keeps everything in `data`.
fn args(data: &Path) -> [&str; 8] {
    let any = "127.0.0.1:0";
    let data = data.to_str().expect("a text path");
    ["--cosmos", any, "--servicebus", any, "--control", any, "--data", data]
}

async fn start(data: &Path) -> Process {
    Process::start(&args(data)).await
}

/// Ends it without a word of warning.
async fn kill(mut emulator: Process) {
    emulator.child.kill().await.expect("it runs");
}

/// Where its Service Bus listens.
fn bus_of(emulator: &Process) -> SocketAddr {
    let connection = emulator.at("servicebus");
    let at = connection.trim_start_matches("Endpoint=sb://").split(';').next();
    at.expect("an address").parse().expect("an address")
}

/// A count of the state, by its path.
async fn count(emulator: &Process, pointer: &str) -> u64 {
    let answer = call("GET", &format!("{}/state", emulator.at("control")), "").await;
    let state: Value = serde_json::from_str(answer.body()).expect("JSON");
    let found = state.pointer(pointer).and_then(Value::as_u64);
    found.unwrap_or_else(|| unreachable!("no {pointer} in {state:#}"))
}

/// The shop's orders, asked by a client that bears being cut off.
#[derive(Clone)]
struct Orders {
    endpoint: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, read whole.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Orders {
    fn of(emulator: &Process) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { endpoint: emulator.at("cosmos").to_owned(), client }
    }

    /// Sends a request on the documents, or on one of them; none if no answer came.
    async fn ask(
        &self,
        (method, id): (&str, &str),
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<Answer> {
        let link = if id.is_empty() { LINK.to_owned() } else { format!("{LINK}/docs/{id}") };
        let (authorization, date) = sign(method, &link);
        let path = if id.is_empty() { format!("{LINK}/docs") } else { link };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.endpoint))
            .header("authorization", authorization)
            .header("x-ms-date", date)
            .header("x-ms-version", "2020-07-15");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.body(Full::from(body)).expect("a request");
        let answered = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        let (head, body) = answered.expect("no answer in time").ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Some(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Asks about one partition key.
    async fn of_key(&self, what: (&str, &str), key: &str, body: &Value) -> Option<Answer> {
        let key = json!([key]).to_string();
        self.ask(what, &[("x-ms-documentdb-partitionkey", &key)], body).await
    }

    /// Creates a document; answers its status.
    async fn create(&self, id: &str, text: &str) -> Option<u16> {
        let document = json!({ "id": id, "partitionKey": id, "text": text });
        Some(self.of_key(("POST", ""), id, &document).await?.status)
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
