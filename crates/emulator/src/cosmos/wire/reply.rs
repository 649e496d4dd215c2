//! Answers: status, headers and body.

use crate::cosmos::core::container::Stamp;
use crate::cosmos::core::operation::Refused;
use crate::cosmos::core::refusal::code_of;
use crate::cosmos::core::{Refusal, charge};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

/// Room for the headers of most answers, `date` and `content-length` included.
const HEADERS: usize = 16;

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    /// What it cost, in request units.
    pub(super) charge: f64,
}

impl Reply {
    /// An answer without a body.
    pub(super) fn empty(status: u16, charge: f64) -> Self {
        Self::text(status, Bytes::new(), charge)
    }

    /// An answer whose body is JSON text.
    pub(super) fn text(status: u16, body: impl Into<Bytes>, charge: f64) -> Self {
        let headers = HeaderMap::with_capacity(HEADERS);
        Self { status, headers, body: body.into(), charge }
    }

    /// An answer whose body is this value.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, body.to_string(), charge::FLAT)
    }

    /// A resource with its `_etag` as the header.
    pub(super) fn resource(status: u16, body: &Value) -> Self {
        let etag = body.get("_etag").and_then(Value::as_str).unwrap_or_default();
        Self::json(status, body).with("etag", etag)
    }

    /// A refusal with the service's error body.
    pub(super) fn refused(refused: &Refused) -> Self {
        let Refused { refusal, charge } = refused;
        Self::error(refusal.status(), refusal.substatus(), &refusal.to_string()).charged(*charge)
    }

    /// An error of this status.
    pub(super) fn error(status: u16, substatus: u32, message: &str) -> Self {
        let body = json!({"code": code_of(status), "message": message});
        let reply = Self::json(status, &body);
        if substatus == 0 { reply } else { reply.with("x-ms-substatus", substatus) }
    }

    /// Sets the charge.
    pub(super) fn charged(self, charge: f64) -> Self {
        Self { charge, ..self }
    }

    /// Adds a header.
    pub(super) fn with(self, name: &'static str, value: impl ToString) -> Self {
        match HeaderValue::try_from(value.to_string()) {
            Ok(value) => self.set(name, value),
            Err(_) => self,
        }
    }

    fn set(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// Adds where the range stands.
    pub(super) fn stamped(self, stamp: &Stamp) -> Self {
        let lsn = HeaderValue::from(stamp.lsn);
        self.with("x-ms-session-token", &stamp.session)
            .set("lsn", lsn.clone())
            .set("x-ms-cosmos-llsn", lsn.clone())
            .set("x-ms-global-committed-lsn", lsn)
            .set("x-ms-documentdb-partitionkeyrangeid", stamp.range.into())
    }

    /// Writes it out; `activity` is the request's id, which is given back.
    pub(super) fn into_response(self, activity: &str) -> Response<Full<Bytes>> {
        let charge = self.charge;
        let reply = self
            .with("x-ms-request-charge", format_args!("{charge:.2}"))
            .with("x-ms-activity-id", activity)
            .set("x-ms-gatewayversion", HeaderValue::from_static("version=2.14.0"))
            .set("x-ms-serviceversion", HeaderValue::from_static("version=2.14.0.0"));
        let mut response = Response::new(Full::new(reply.body));
        *response.status_mut() =
            StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = reply.headers;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::refused(&Refused::from(refusal))
    }
}

/// `{"_rid": …, "<name>": […], "_count": n}` around items that are JSON texts already.
pub(super) fn list<'t>(rid: &str, name: &str, items: impl Iterator<Item = &'t [u8]>) -> Vec<u8> {
    let mut body = format!("{{\"_rid\":\"{rid}\",\"{name}\":[").into_bytes();
    let mut count = 0_usize;
    for item in items {
        if 0 < count {
            body.push(b',');
        }
        body.extend_from_slice(item);
        count += 1;
    }
    body.extend_from_slice(format!("],\"_count\":{count}}}").as_bytes());
    body
}
