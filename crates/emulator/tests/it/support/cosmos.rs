//! A Cosmos DB account of a running emulator, spoken to with signed requests.

use super::{Process, send};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use emulator::clock::Clock;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::Sha256;

/// The `authorization` and `x-ms-date` of a request on the documents of `link`, or one of them.
pub(crate) fn sign(method: &str, link: &str) -> (String, String) {
    let date = Clock::new().now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let text = format!("{}\ndocs\n{link}\n{}\n\n", method.to_lowercase(), date.to_lowercase());
    let secret = BASE64_STANDARD.decode(KEY).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a key of any length");
    mac.update(text.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let token = format!("type=master&ver=1.0&sig={signature}");
    (utf8_percent_encode(&token, NON_ALPHANUMERIC).to_string(), date)
}

/// The account, and the emulator that serves it.
pub(crate) struct Account {
    pub(crate) emulator: Process,
}

const KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

impl Account {
    /// Starts an emulator.
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    /// Starts an emulator whose account answers at `cosmos`.
    pub(crate) async fn start_at(cosmos: &str) -> Self {
        let any = "127.0.0.1:0";
        let args = ["--cosmos", cosmos, "--servicebus", any, "--control", any];
        Self { emulator: Process::start(&args).await }
    }

    /// Where it answers.
    pub(crate) fn endpoint(&self) -> &str {
        self.emulator.at("cosmos")
    }

    /// Creates a document in `orders`.
    pub(crate) async fn create(&self, id: &str) {
        let document = json!({ "id": id, "partitionKey": id }).to_string();
        let answer = self.send("POST", "orders", id, &document).await;
        assert_eq!(answer.status(), 201, "{}", answer.body());
    }

    /// The lease documents, without the marker.
    pub(crate) async fn leases(&self) -> Vec<Value> {
        let answer = self.send("GET", "leases", "", "").await;
        let body: Value = serde_json::from_str(answer.body()).expect("a JSON body");
        let documents = body.get("Documents").and_then(Value::as_array).expect("documents");
        let is_lease = |document: &&Value| document.get("LeaseToken").is_some();
        documents.iter().filter(is_lease).cloned().collect()
    }

    async fn send(&self, method: &str, container: &str, key: &str, body: &str) -> Response<String> {
        let link = format!("dbs/shop/colls/{container}");
        let (authorization, date) = sign(method, &link);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{link}/docs", self.endpoint()))
            .header("authorization", authorization)
            .header("x-ms-date", date)
            .header("x-ms-version", "2020-07-15");
        if !key.is_empty() {
            request = request.header("x-ms-documentdb-partitionkey", json!([key]).to_string());
        }
        send(request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request")).await
    }
}
