//! One request, read whole.

use super::binary;
use super::target::Target;
use crate::cosmos::core::Refusal;
use crate::cosmos::core::operation::Conditions;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

/// A request with its instant.
#[derive(Debug)]
pub(super) struct Call {
    /// The method.
    pub(super) method: Method,
    /// What the path addresses.
    pub(super) target: Target,
    /// Where the client believes to be: host and port.
    pub(super) host: String,
    /// The headers.
    headers: HeaderMap,
    /// The body.
    pub(super) body: Bytes,
    /// The emulator's time, in seconds of Unix time.
    pub(super) at: i64,
}

/// Where the client believes to be, if it does not say.
const HOST: &str = "127.0.0.1:8081";

impl Call {
    /// Puts a request together.
    pub(super) fn new(parts: http::request::Parts, target: Target, body: Bytes, at: i64) -> Self {
        let http::request::Parts { method, uri, headers, .. } = parts;
        let host = host(&uri, &headers);
        Self { method, target, host, headers, body, at }
    }

    /// A header's text, if it is there and not empty.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().filter(|text| !text.is_empty())
    }

    /// Whether a header says `true`, however written.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.header(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// Whether the body is a query.
    pub(super) fn is_query(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        self.is_set("x-ms-documentdb-isquery")
            || self.is_set("x-ms-documentdb-query")
            || kind.starts_with("application/query+json")
    }

    /// Whether the client wants no documents back from writes.
    pub(super) fn wants_minimal(&self) -> bool {
        let prefer = self.header("prefer").unwrap_or_default();
        prefer.split([',', ';']).any(|part| part.trim().eq_ignore_ascii_case("return=minimal"))
    }

    /// `If-Match` and `If-None-Match`.
    pub(super) fn conditions(&self) -> Conditions {
        Conditions {
            if_match: self.header("if-match").map(str::to_owned),
            if_none_match: self.header("if-none-match").map(str::to_owned),
        }
    }

    /// How many results a page should have; `default` if the client leaves it to the service.
    pub(super) fn items_max(&self, default: usize) -> Result<usize, Refusal> {
        let Some(text) = self.header("x-ms-max-item-count") else { return Ok(default) };
        match text.parse::<i64>() {
            Ok(-1) => Ok(default),
            Ok(count @ 1..) => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
            Ok(_) | Err(_) => Err(Refusal::Bad(format!(
                "x-ms-max-item-count is {text}; it is a positive number, or -1"
            ))),
        }
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<serde_json::Value, Refusal> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::Bad(format!("the body is no JSON: {error}")))
    }

    /// Turns a body in the binary encoding into text.
    pub(super) fn decode(&mut self) -> Result<(), Refusal> {
        if binary::is_binary(&self.body) {
            self.body = binary::to_text(&self.body)?.into();
        }
        Ok(())
    }
}

fn host(uri: &Uri, headers: &HeaderMap) -> String {
    let header = headers.get("host").and_then(|host| host.to_str().ok());
    let authority = uri.authority().map(http::uri::Authority::as_str);
    header.or(authority).unwrap_or(HOST).to_owned()
}
