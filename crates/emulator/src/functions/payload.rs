//! What the handler is sent for an invocation that is not plain HTTP: `{"Data":…,"Metadata":…}`.
//!
//! The host encodes every text value as JSON once more, on the way from .NET. So a page of the
//! change feed, which the binding holds as a text, arrives as a JSON string in which there is a
//! JSON string in which there is the array.

use super::{retry, retry::RetryPolicy};
use http::{HeaderMap, Method};
use jiff::{Timestamp, tz::Offset};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The body of one invocation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Payload {
    data: Map<String, Value>,
    metadata: Map<String, Value>,
}

/// A request that reaches the handler as JSON.
#[derive(Debug)]
pub(crate) struct HttpRequest<'a> {
    pub(crate) url: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) params: &'a super::route::Params,
    pub(crate) body: &'a [u8],
}

/// When a timer last ran, and will next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScheduleStatus {
    pub(crate) last: Option<Timestamp>,
    pub(crate) next: Option<Timestamp>,
    pub(crate) updated: Option<Timestamp>,
}

impl Payload {
    /// A page of the change feed; `documents` is a JSON array.
    pub(crate) fn documents(name: &str, documents: &str) -> Self {
        Self::one(name, encoded(&Value::from(documents)))
    }

    /// A timer that fired.
    pub(crate) fn timer(name: &str, status: Option<ScheduleStatus>, past_due: bool) -> Self {
        let status = status.map(|status| {
            json!({
                "Last": instant(status.last),
                "Next": instant(status.next),
                "LastUpdated": instant(status.updated),
            })
        });
        let timer = json!({
            "Schedule": { "AdjustForDST": true },
            "ScheduleStatus": status,
            "IsPastDue": past_due,
        });
        Self::one(name, timer)
    }

    /// An HTTP request.
    pub(crate) fn http(name: &str, request: &HttpRequest<'_>) -> Self {
        let query = query(request.url);
        let mut value = json!({
            "Url": request.url,
            "Method": request.method.as_str(),
            "Query": query,
            "Headers": headers(request.headers),
            "Params": request.params,
            "Identities": [],
        });
        if let (false, Some(value)) = (request.body.is_empty(), value.as_object_mut()) {
            value.insert("Body".into(), body(request));
        }
        let mut payload = Self::one(name, value);
        payload.metadata.insert("Query".into(), json!(query));
        payload.metadata.insert("Headers".into(), flat_headers(request.headers));
        for (name, value) in request.params {
            payload.metadata.insert(name.clone(), encoded(&Value::from(value.as_str())).into());
        }
        payload
    }

    /// A payload of one binding.
    fn one(name: &str, value: impl Into<Value>) -> Self {
        Self { data: Map::from_iter([(name.into(), value.into())]), metadata: Map::new() }
    }

    /// Adds what a repeated invocation is told.
    pub(crate) fn set_retry(&mut self, policy: &RetryPolicy, count: u32, failure: &str) {
        let context = json!({
            "RetryCount": count,
            "MaxRetryCount": retry::max_count(policy),
            "Exception": { "Message": failure },
        });
        self.metadata.insert("RetryContext".into(), context);
    }

    /// The body's text, for an invocation of `function` at `now`.
    ///
    /// # Errors
    /// None that could happen: every key is a text.
    pub(crate) fn to_text(&self, function: &str, now: Timestamp) -> serde_json::Result<String> {
        let sys = json!({
            "MethodName": function,
            "UtcNow": now.to_string(),
            "RandGuid": Uuid::new_v4().to_string(),
        });
        let metadata = Metadata { binding: &self.metadata, sys };
        serde_json::to_string(&Body { data: &self.data, metadata })
    }
}

/// Borrows, since a page may be large.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    data: &'a Map<String, Value>,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(flatten)]
    binding: &'a Map<String, Value>,
    sys: Value,
}

/// The JSON of a value, as a text.
fn encoded(value: &Value) -> String {
    value.to_string()
}

/// An instant as .NET writes it; the year 1 stands for none.
fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "0001-01-01T00:00:00+00:00".into(),
        |at| at.display_with_offset(Offset::UTC).to_string(),
    )
}

/// The last value of each name, decoded.
fn query(url: &str) -> Map<String, Value> {
    let Ok(url) = url::Url::parse(url) else { return Map::new() };
    url.query_pairs().map(|(name, value)| (name.into_owned(), Value::from(&*value))).collect()
}

fn text(value: &http::HeaderValue) -> Value {
    String::from_utf8_lossy(value.as_bytes()).into_owned().into()
}

/// Every value of each header.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let all = |name: &http::HeaderName| headers.get_all(name).iter().map(text).collect::<Value>();
    headers.keys().map(|name| (name.to_string(), all(name))).collect()
}

/// The last value of each header.
fn flat_headers(headers: &HeaderMap) -> Value {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// A text, or the bytes of a binary body.
fn body(request: &HttpRequest<'_>) -> Value {
    let kind = request.headers.get(http::header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/octet-stream") || kind.starts_with("multipart/") {
        return request.body.into();
    }
    String::from_utf8_lossy(request.body).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(payload: &Payload, expect: Expect) {
        let text = payload.to_text("F", Timestamp::UNIX_EPOCH).unwrap();
        let mut body: Value = serde_json::from_str(&text).unwrap();
        assert!(body["Metadata"]["sys"]["RandGuid"].take().is_string());
        expect.assert_eq(&body.to_string());
    }

    #[test]
    fn documents_are_a_string_in_a_string() {
        let payload = Payload::documents("documents", r#"[{"id":"1"}]"#);
        check(
            &payload,
            expect![[
                r#"{"Data":{"documents":"\"[{\\\"id\\\":\\\"1\\\"}]\""},"Metadata":{"sys":{"MethodName":"F","RandGuid":null,"UtcNow":"1970-01-01T00:00:00Z"}}}"#
            ]],
        );
    }

    #[test]
    fn a_timer_is_an_object() {
        let status = ScheduleStatus {
            last: None,
            next: Some(Timestamp::UNIX_EPOCH),
            updated: Some(Timestamp::UNIX_EPOCH),
        };
        check(
            &Payload::timer("timer", Some(status), true),
            expect![[
                r#"{"Data":{"timer":{"IsPastDue":true,"Schedule":{"AdjustForDST":true},"ScheduleStatus":{"Last":"0001-01-01T00:00:00+00:00","LastUpdated":"1970-01-01T00:00:00+00:00","Next":"1970-01-01T00:00:00+00:00"}}},"Metadata":{"sys":{"MethodName":"F","RandGuid":null,"UtcNow":"1970-01-01T00:00:00Z"}}}"#
            ]],
        );
        check(
            &Payload::timer("timer", None, false),
            expect![[
                r#"{"Data":{"timer":{"IsPastDue":false,"Schedule":{"AdjustForDST":true},"ScheduleStatus":null}},"Metadata":{"sys":{"MethodName":"F","RandGuid":null,"UtcNow":"1970-01-01T00:00:00Z"}}}"#
            ]],
        );
    }

    #[test]
    fn a_request_has_its_parts_by_name() {
        let mut headers = HeaderMap::new();
        headers.append("accept", "a".parse().unwrap());
        headers.append("accept", "b".parse().unwrap());
        let request = HttpRequest {
            url: "http://localhost/api/orders/7?x=1",
            method: &Method::POST,
            headers: &headers,
            params: &[("id".to_owned(), "7".to_owned())].into(),
            body: b"{}",
        };
        check(
            &Payload::http("req", &request),
            expect![[
                r#"{"Data":{"req":{"Body":"{}","Headers":{"accept":["a","b"]},"Identities":[],"Method":"POST","Params":{"id":"7"},"Query":{"x":"1"},"Url":"http://localhost/api/orders/7?x=1"}},"Metadata":{"Headers":{"accept":"b"},"Query":{"x":"1"},"id":"\"7\"","sys":{"MethodName":"F","RandGuid":null,"UtcNow":"1970-01-01T00:00:00Z"}}}"#
            ]],
        );
    }
}
