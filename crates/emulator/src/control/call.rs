//! What a control request asks for, parsed before anything is done.

use crate::faults::Rule;
use http::{Method, StatusCode, header, request::Parts};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{fmt, net::IpAddr, time::Duration};

/// One thing that the control port does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Splits a partition key range of the container: the fullest, unless one is named.
    Split { database: String, container: String, how: Split },
    /// Merges two neighbouring ranges.
    Merge { database: String, container: String },
    /// Sets one more fault.
    AddFault(Rule),
    /// Forgets every fault.
    ClearFaults,
    /// Tells what is left of the faults.
    ListFaults,
    /// Moves the emulator's clock forward.
    Advance(Duration),
    /// Tells what is stored and queued.
    State,
}

/// Why a control request was not done, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) allow: Option<&'static str>,
    error: String,
    example: Option<&'static str>,
}

/// The body of `POST /cosmos/{database}/{container}/split`, which may be empty.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Split {
    /// The id of the range.
    range: Option<String>,
    /// How long the range serves nobody (410/1007) before its children do.
    duration_ms: Option<u64>,
}

/// The body of `POST /clock/advance`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

impl Call {
    /// Reads the request's head and body.
    pub(crate) fn parse(head: &Parts, body: &[u8]) -> Result<Self, Refusal> {
        refuse_other_origins(head)?;
        let path = head.uri.path().trim_matches('/');
        let segments: Vec<_> = path.split('/').map(decode).collect();
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        match (segments.as_slice(), &head.method) {
            (["cosmos", database, container, "split"], &Method::POST) => {
                let how = match body {
                    [] => Split::default(),
                    body => json_body(body, SPLIT_EXAMPLE)?,
                };
                let [database, container] = [database, container].map(|&name| name.to_owned());
                Ok(Self::Split { database, container, how })
            }
            (["cosmos", database, container, "merge"], &Method::POST) => {
                Ok(Self::Merge { database: (*database).into(), container: (*container).into() })
            }
            (["faults"], &Method::POST) => fault(body).map(Self::AddFault),
            (["faults"], &Method::DELETE) => Ok(Self::ClearFaults),
            (["faults"], &Method::GET) => Ok(Self::ListFaults),
            (["clock", "advance"], &Method::POST) => {
                let Advance { seconds } = json_body(body, ADVANCE_EXAMPLE)?;
                advance(seconds)
            }
            (["state"], &Method::GET) => Ok(Self::State),
            (["cosmos", _, _, "split" | "merge"] | ["clock", "advance"], _) => {
                Err(Refusal::method(head, "POST"))
            }
            (["faults"], _) => Err(Refusal::method(head, "GET, POST, DELETE")),
            (["state"], _) => Err(Refusal::method(head, "GET")),
            _ => Err(Refusal::no_route(head)),
        }
    }
}

impl Split {
    /// The range's number, if one is named.
    pub(crate) fn range(&self) -> Result<Option<u32>, Refusal> {
        let Some(id) = &self.range else { return Ok(None) };
        id.parse().map(Some).map_err(|_| Refusal {
            example: Some(SPLIT_EXAMPLE),
            ..Refusal::new(StatusCode::BAD_REQUEST, format!("'{id}' is no partition key range"))
        })
    }

    /// How long it takes; no time unless it is said.
    pub(crate) fn duration(&self) -> Option<Duration> {
        self.duration_ms.map(Duration::from_millis)
    }
}

/// A browser names the page's origin; only a page of this very port may act on the emulator.
/// The host is checked too, so that a name that resolves to loopback opens no way round.
fn refuse_other_origins(head: &Parts) -> Result<(), Refusal> {
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let host =
        text(header::HOST).or_else(|| head.uri.authority().map(http::uri::Authority::as_str));
    let host_is_local = host.is_none_or(is_local);
    let origin_is_own = text(header::ORIGIN)
        .is_none_or(|origin| host.is_some_and(|host| origin == format!("http://{host}")));
    if host_is_local && origin_is_own {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "the control port answers this machine only: call it by 127.0.0.1 or localhost, \
         and not from a web page of another origin",
    ))
}

/// Whether a `Host` names this machine.
fn is_local(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

/// A fault, or what it should have looked like.
fn fault(body: &[u8]) -> Result<Rule, Refusal> {
    let is_servicebus = body.windows(10).any(|part| part.eq_ignore_ascii_case(b"servicebus"));
    let example = if is_servicebus { SERVICEBUS_EXAMPLE } else { FAULT_EXAMPLE };
    let rule: Rule = json_body(body, example)?;
    match rule.mistake() {
        None => Ok(rule),
        Some(mistake) => Err(Refusal {
            example: Some(example),
            ..Refusal::new(StatusCode::BAD_REQUEST, mistake)
        }),
    }
}

/// The clock ends with the year 9999: who moves it there by mistake has a store that is of no use.
fn advance(seconds: u64) -> Result<Call, Refusal> {
    if seconds <= ADVANCE_SECONDS_MAX {
        return Ok(Call::Advance(Duration::from_secs(seconds)));
    }
    let error =
        format!("{seconds} seconds are too many; {ADVANCE_SECONDS_MAX}, a century, at most");
    Err(Refusal { example: Some(ADVANCE_EXAMPLE), ..Refusal::new(StatusCode::BAD_REQUEST, error) })
}

/// A path segment as the caller meant it.
fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The body, or what it should have looked like.
fn json_body<T: DeserializeOwned>(body: &[u8], example: &'static str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal {
        example: Some(example),
        ..Refusal::new(StatusCode::BAD_REQUEST, format!("the body is not usable: {error}"))
    })
}

impl Refusal {
    /// A refusal with nothing to add.
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, allow: None, error: error.into(), example: None }
    }

    /// The route is there, the method is not.
    fn method(head: &Parts, allow: &'static str) -> Self {
        let error = format!("{} takes {allow}, not {}", head.uri.path(), head.method);
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, error) }
    }

    /// Nothing is there; names what is.
    fn no_route(head: &Parts) -> Self {
        let error = format!("there is no {}; there are {ROUTES}", head.uri.path());
        Self::new(StatusCode::NOT_FOUND, error)
    }

    /// The body of the answer.
    pub(crate) fn to_json(&self) -> Value {
        match self.example {
            Some(example) => json!({ "error": self.error, "example": example }),
            None => json!({ "error": self.error }),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

const ROUTES: &str = "POST /cosmos/{database}/{container}/split, \
    POST /cosmos/{database}/{container}/merge, GET/POST/DELETE /faults, POST /clock/advance, \
    GET /state";
/// Shown when a fault cannot be read.
const FAULT_EXAMPLE: &str =
    r#"{"target":"cosmos","operation":"batch","action":"status","status":503,"count":2}"#;
const SPLIT_EXAMPLE: &str = r#"{"range":"0","durationMs":500}"#;
const SERVICEBUS_EXAMPLE: &str = r#"{"target":"servicebus","entity":"orders","operation":"transfer","action":"reject","condition":"amqp:internal-error","count":2}"#;
const ADVANCE_EXAMPLE: &str = r#"{"seconds":60}"#;
/// Longer than anything lives that a test waits for.
const ADVANCE_SECONDS_MAX: u64 = 100 * 366 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Call, Refusal> {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Call::parse(&request.body(()).unwrap().into_parts().0, body.as_bytes())
    }

    #[test]
    fn container_names_are_decoded() {
        let how = Split::default();
        let split = Call::Split { database: "my shop".into(), container: "orders".into(), how };
        assert_eq!(parse("POST", "/cosmos/my%20shop/orders/split", &[], ""), Ok(split));
    }

    #[test]
    fn a_split_can_name_its_range_and_take_its_time() {
        let split = |body| parse("POST", "/cosmos/d/c/split", &[], body);
        let Ok(Call::Split { how, .. }) = split(r#"{"range":"7","durationMs":250}"#) else {
            panic!("no split");
        };
        assert_eq!((how.range(), how.duration()), (Ok(Some(7)), Some(Duration::from_millis(250))));
        let how = Split { range: Some("first".into()), duration_ms: None };
        assert_eq!(how.range().unwrap_err().to_json()["example"], SPLIT_EXAMPLE);
        let wrong = split(r#"{"duration":250}"#).unwrap_err();
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_century_is_the_most_that_the_clock_moves_at_once() {
        let moved = |seconds: u64| {
            parse("POST", "/clock/advance", &[], &format!(r#"{{"seconds":{seconds}}}"#))
        };
        assert!(moved(ADVANCE_SECONDS_MAX).is_ok());
        let refusal = moved(u64::MAX).unwrap_err();
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        assert!(refusal.to_string().contains("3162240000, a century, at most"), "{refusal}");
    }

    #[test]
    fn a_wrong_body_is_told_what_would_be_right() {
        let refusal = parse("POST", "/clock/advance", &[], r#"{"minutes":1}"#).unwrap_err();
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        let body = refusal.to_json();
        assert!(body["error"].as_str().unwrap().contains("minutes"), "{body}");
        assert_eq!(body["example"], ADVANCE_EXAMPLE);
    }

    #[test]
    fn a_wrong_method_names_the_right_one() {
        let refusal = parse("PUT", "/faults", &[], "").unwrap_err();
        assert_eq!(refusal.allow, Some("GET, POST, DELETE"));
    }

    #[test]
    fn an_unknown_route_names_those_there_are() {
        let refusal = parse("GET", "/stats", &[], "").unwrap_err();
        assert_eq!(refusal.status, StatusCode::NOT_FOUND);
        assert!(refusal.to_string().contains("GET /state"), "{refusal}");
    }

    #[test]
    fn pages_of_other_origins_are_turned_away() {
        let here = ("host", "127.0.0.1:8090");
        let status = |headers: &[(&str, &str)]| {
            parse("DELETE", "/faults", headers, "").err().map(|refusal| refusal.status)
        };
        assert_eq!(status(&[here]), None);
        assert_eq!(status(&[("host", "[::1]:8090")]), None);
        assert_eq!(status(&[here, ("origin", "http://127.0.0.1:8090")]), None);
        assert_eq!(status(&[here, ("origin", "http://evil.test")]), Some(StatusCode::FORBIDDEN));
        assert_eq!(status(&[("host", "evil.test:8090")]), Some(StatusCode::FORBIDDEN));
    }
}
