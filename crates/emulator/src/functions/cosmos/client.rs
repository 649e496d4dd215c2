//! Requests to a Cosmos DB account: signed, sent, and their answers taken apart.
//!
//! This is the Functions extension's client, not the project's: the emulator shares no code with
//! the clients that are tested against it. It needs a dozen lines of the protocol, and retries
//! nothing by itself: whoever calls waits and asks again.

use crate::{clock::Clock, functions::load::Account};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{error::Error, sync::Arc, time::Duration};

/// One account, over one pool of connections.
#[derive(Debug, Clone)]
pub(super) struct CosmosClient {
    account: Account,
    clock: Arc<Clock>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// One request, not signed yet.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// `dbs`, `colls`, `docs` or `pkranges`.
    pub(super) kind: &'static str,
    /// The resource's names, from `dbs` on; what is signed unless it is a feed.
    pub(super) path: &'a [&'a str],
    /// How many of the names are signed: a feed is signed by its parent.
    pub(super) signed: usize,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) body: String,
}

/// What the account answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no usable answer. All of it may pass: try again later.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("{endpoint} does not answer")]
    Unanswered { endpoint: String, source: Box<dyn Error + Send + Sync> },
    #[error("{endpoint} did not answer within {ANSWER_WAIT:?}")]
    Late { endpoint: String },
    #[error("{what} was answered {status}: {message}")]
    Refused { what: String, status: StatusCode, message: String },
    #[error("{what} was answered with what is not expected")]
    Unreadable { what: String, source: serde_json::Error },
    #[error("a request to {endpoint} cannot be made")]
    Request { endpoint: String, source: http::Error },
}

/// Longer than any request to a local account takes.
const ANSWER_WAIT: Duration = Duration::from_mins(1);
/// A page holds 4 MB, or one transaction of 2 MB more.
const ANSWER_MAX: usize = 64 * 1024 * 1024;
/// Everything but the unreserved characters: ids may hold spaces, `+`, `%` and letters of any
/// script.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl CosmosClient {
    /// Requests to this account, dated by `clock`.
    pub(super) fn new(account: Account, clock: Arc<Clock>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { account, clock, client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    /// The account's host name, which lease ids begin with.
    pub(super) fn host(&self) -> &str {
        self.account.endpoint.host_str().unwrap_or_default()
    }

    /// Sends one request; any status is an answer.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Answer, Trouble> {
        let endpoint = || self.account.endpoint.to_string();
        let request = self
            .request(call)
            .map_err(|source| Trouble::Request { endpoint: endpoint(), source })?;
        let unanswered = |source| Trouble::Unanswered { endpoint: endpoint(), source };
        let answer = async {
            let response = self.client.request(request).await.map_err(|e| unanswered(e.into()))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_MAX).collect().await.map_err(unanswered)?;
            Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
        };
        match tokio::time::timeout(ANSWER_WAIT, answer).await {
            Ok(answered) => answered,
            Err(_) => Err(Trouble::Late { endpoint: endpoint() }),
        }
    }

    /// Signs and builds; every attempt has a date of its own.
    fn request(&self, call: Call<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
        let date = http_date(self.clock.now());
        let link = call.path.get(..call.signed).unwrap_or(call.path).join("/");
        let authorization =
            self.account.key.authorization(call.method.as_str(), call.kind, &link, &date);
        let path = call.path.iter().map(|name| utf8_percent_encode(name, ESCAPED).to_string());
        let path = path.collect::<Vec<_>>().join("/");
        let base = self.account.endpoint.as_str().trim_end_matches('/');
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{base}/{path}"))
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .header("x-ms-date", date)
            .header("x-ms-version", "2020-07-15");
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        request.body(Full::from(call.body))
    }
}

/// An instant as HTTP writes it.
fn http_date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

impl Answer {
    /// A header's text, if it is there.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer as a refusal of `what`.
    pub(super) fn refused(&self, what: impl Into<String>) -> Trouble {
        let body = serde_json::from_slice::<serde_json::Value>(&self.body).ok();
        let message = body.as_ref().and_then(|body| body.get("message")?.as_str());
        let first = message.unwrap_or("no reason given").lines().next().unwrap_or_default();
        Trouble::Refused { what: what.into(), status: self.status, message: first.into() }
    }

    /// The body as JSON.
    pub(super) fn json<'a, T: serde::Deserialize<'a>>(&'a self, what: &str) -> Result<T, Trouble> {
        serde_json::from_slice(&self.body)
            .map_err(|source| Trouble::Unreadable { what: what.into(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::cosmos::sign::Key;

    fn request(path: &[&str], signed: usize) -> Request<Full<Bytes>> {
        let account =
            Account { endpoint: "http://127.0.0.1:8081/".parse().unwrap(), key: Key::emulator() };
        let client = CosmosClient::new(account, Arc::new(Clock::new()));
        let headers = &[("if-match", "\"1\"")];
        let body = String::new();
        let call = Call { method: Method::GET, kind: "docs", path, signed, headers, body };
        client.request(call).unwrap()
    }

    #[test]
    fn names_are_escaped_in_the_path() {
        let path = ["dbs", "my shop", "colls", "o", "docs", "a+b/ü"];
        let request = request(&path, 6);
        assert_eq!(request.uri().path(), "/dbs/my%20shop/colls/o/docs/a%2Bb%2F%C3%BC");
        assert_eq!(request.headers()["if-match"], "\"1\"");
    }

    #[test]
    fn a_feed_is_signed_by_its_parent() {
        let path = ["dbs", "d", "colls", "c", "docs"];
        let sent = request(&path, 4);
        let date = sent.headers()["x-ms-date"].to_str().unwrap();
        let expect = Key::emulator().authorization("GET", "docs", "dbs/d/colls/c", date);
        assert_eq!(sent.headers()[header::AUTHORIZATION], expect);
    }

    #[test]
    fn a_date_has_the_form_of_http() {
        let at = "2026-11-03T20:05:09.7Z".parse().unwrap();
        assert_eq!(http_date(at), "Tue, 03 Nov 2026 20:05:09 GMT");
    }
}
