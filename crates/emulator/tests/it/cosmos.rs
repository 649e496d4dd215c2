//! Cosmos DB over real sockets: what a client that only knows HTTP gets to see.

mod auth;
mod bad_input;
mod batches;
mod connections;
mod faults;
mod feeds;
mod items;
mod queries;
mod ranges;
mod resources;
mod rids;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use emulator::{clock::Clock, cosmos::Cosmos, faults::Faults};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";
pub(crate) const DOCS: &str = "/dbs/shop/colls/orders/docs";

/// An account with the order service's database, served on a port of its own.
struct Server {
    cosmos: Arc<Cosmos>,
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    endpoint: String,
    client: Client<HttpConnector, Full<Bytes>>,
    _served: JoinSet<std::io::Result<()>>,
}

/// A request in the making.
struct Ask<'s> {
    server: &'s Server,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer, read whole.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Server {
    async fn start() -> Self {
        let clock = Arc::new(Clock::new());
        let faults = Arc::new(Faults::default());
        let cosmos = Cosmos::new(Arc::clone(&clock), Arc::clone(&faults));
        cosmos.provision_shop();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
        let mut served = JoinSet::new();
        served.spawn(Arc::clone(&cosmos).serve(listener, CancellationToken::new()));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { cosmos, clock, faults, endpoint, client, _served: served }
    }

    fn ask(&self, method: &'static str, path: &str) -> Ask<'_> {
        let (server, path) = (self, path.to_owned());
        Ask { server, method, path, headers: Vec::new(), body: Vec::new() }
    }

    /// `POST …/docs` on the orders, with a body.
    fn post(&self, body: &Value) -> Ask<'_> {
        self.ask("POST", DOCS).json(body)
    }

    /// A request on one order.
    fn item(&self, method: &'static str, id: &str) -> Ask<'_> {
        self.ask(method, &format!("{DOCS}/{id}"))
    }

    async fn put(&self, pk: &str, id: &str) -> Answer {
        self.post(&json!({"id": id, "partitionKey": pk})).key(pk).send().await
    }

    fn query(&self, text: &str) -> Ask<'_> {
        self.post(&json!({"query": text, "parameters": []}))
            .header("x-ms-documentdb-isquery", "True")
            .header("content-type", "application/query+json")
    }

    fn feed(&self) -> Ask<'_> {
        self.ask("GET", DOCS).header("a-im", "Incremental Feed")
    }

    /// How often each kind of request reached the orders.
    fn count(&self, kind: &str) -> u64 {
        let state = self.cosmos.state();
        let path = format!("/databases/shop/containers/orders/requests/{kind}/count");
        state.pointer(&path).and_then(Value::as_u64).unwrap_or(0)
    }
}

impl Ask<'_> {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn key(self, pk: &str) -> Self {
        let key = json!([pk]).to_string();
        self.header("x-ms-documentdb-partitionkey", &key)
    }

    fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self
    }

    fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it, signed with the account's key.
    async fn send(self) -> Answer {
        let date = httpdate::fmt_http_date(now());
        self.send_signed_at(&date).await
    }

    async fn send_signed_at(self, date: &str) -> Answer {
        let signature = signature(self.method, &self.path, date);
        self.header("x-ms-date", date).header("authorization", &signature).send_as_is().await
    }

    /// Sends it, signed as a resource of this type and link.
    async fn send_signed_as(self, kind: &str, link: &str) -> Answer {
        let date = httpdate::fmt_http_date(now());
        let signature = signature_of(self.method, (kind, link), &date);
        self.header("x-ms-date", &date).header("authorization", &signature).send_as_is().await
    }

    /// Sends it without adding anything.
    async fn send_as_is(self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// Sends it signed; an error if the connection is cut instead of an answer.
    async fn send_or_be_cut(self) -> Result<Answer, hyper_util::client::legacy::Error> {
        let date = httpdate::fmt_http_date(now());
        let signature = signature(self.method, &self.path, &date);
        self.header("x-ms-date", &date).header("authorization", &signature).try_send().await
    }

    async fn try_send(self) -> Result<Answer, hyper_util::client::legacy::Error> {
        let uri = format!("{}{}", self.server.endpoint, self.path);
        let mut request = Request::builder().method(self.method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(self.body)).expect("a valid request");
        let (head, body) = self.server.client.request(request).await?.into_parts();
        let body = body.collect().await.expect("the body ends").to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn substatus(&self) -> &str {
        self.header("x-ms-substatus")
    }

    /// The list of a feed or query.
    fn documents(&self) -> Vec<Value> {
        let body = self.json();
        body.get("Documents").and_then(Value::as_array).expect("a list").clone()
    }

    fn ids(&self) -> Vec<String> {
        let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
        self.documents().iter().map(id).collect()
    }

    fn message(&self) -> String {
        let body = self.json();
        body.get("message").and_then(Value::as_str).expect("a message").to_owned()
    }
}

/// The time by which requests are signed.
#[expect(clippy::disallowed_methods, reason = "a client signs by the machine's clock")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The authorization header, as Microsoft documents it.
pub(crate) fn signature(method: &str, path: &str, date: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().expect("UTF-8");
    let parts: Vec<&str> = decoded.split('/').filter(|part| !part.is_empty()).collect();
    let (kind, link) = match parts.as_slice() {
        [] => ("", String::new()),
        ["offers", id] => ("offers", id.to_lowercase()),
        [parents @ .., kind] if parts.len() % 2 == 1 => (*kind, parents.join("/")),
        [.., kind, _] => (*kind, parts.join("/")),
        [_] => unreachable!("an odd number of parts"),
    };
    signature_of(method, (kind, &link), date)
}

/// The authorization header for a resource of this type and link.
fn signature_of(method: &str, (kind, link): (&str, &str), date: &str) -> String {
    let payload = format!("{}\n{kind}\n{link}\n{}\n\n", method.to_lowercase(), date.to_lowercase());
    let key = STANDARD.decode(KEY).expect("base64");
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    let signature = STANDARD.encode(mac.chain_update(payload).finalize().into_bytes());
    let token = format!("type=master&ver=1.0&sig={signature}");
    utf8_percent_encode(&token, NON_ALPHANUMERIC).to_string()
}
