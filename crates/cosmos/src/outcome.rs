//! What an answer means: bytes in, meaning out, no socket.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

/// One whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether an earlier attempt of the same write may have taken effect.
    pub(crate) open: bool,
}

/// An answer that was no success, as far as anybody decides by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) substatus: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) message: String,
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The connection never stood: nothing can have happened.
    #[error("cannot connect")]
    NotSent(#[source] reqwest::Error),
    /// The request may have arrived, and what became of it is not known.
    #[error("no answer")]
    Lost(#[source] reqwest::Error),
    /// More came than any answer has.
    #[error("the answer is longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
}

/// The largest answer that is read. The service sends 4 MB at most.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

impl Reply {
    /// Whether the service did what was asked, or (304) says there is nothing new.
    /// A batch answers 207 where it did not.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success() || self.status == StatusCode::NOT_MODIFIED
    }

    /// What was charged, in thousandths of a request unit.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a charge is far below 2^53 and never negative; a cast saturates"
    )]
    pub(crate) fn charge_milli(&self) -> u64 {
        let charge: f64 =
            self.text("x-ms-request-charge").and_then(|text| text.parse().ok()).unwrap_or(0.0);
        (charge * 1000.0).round() as u64
    }

    /// The version of the document, or of the feed, as the service quotes it.
    pub(crate) fn etag(&self) -> Option<&str> {
        self.text("etag")
    }

    /// Where the next page starts, if there is one.
    pub(crate) fn continuation(&self) -> Option<&str> {
        self.text("x-ms-continuation").filter(|text| !text.is_empty())
    }

    pub(crate) fn session_token(&self) -> Option<&str> {
        self.text("x-ms-session-token")
    }

    /// Why it was no success.
    pub(crate) fn refusal(&self) -> Refusal {
        let substatus = self.text("x-ms-substatus").and_then(|text| text.parse().ok());
        let retry_after = self.text("x-ms-retry-after-ms").and_then(|text| text.parse().ok());
        Refusal {
            status: self.status.as_u16(),
            substatus: substatus.unwrap_or(0),
            retry_after: retry_after.map(Duration::from_millis),
            message: message_of(&self.body),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The message of an error body, cut short: it ends up in a log line.
fn message_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct ErrorBody {
        message: String,
    }
    let message = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(error) => error.message,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let first_line = message.lines().next().unwrap_or_default();
    first_line.chars().take(MESSAGE_CHARS_MAX).collect()
}

const MESSAGE_CHARS_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, headers: &[(&'static str, &str)], body: &str) -> Reply {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: map,
            body: Bytes::copy_from_slice(body.as_bytes()),
            open: false,
        }
    }

    #[test]
    fn a_refusal_is_read_from_headers_and_body() {
        let body = r#"{"code":"429","message":"Request rate is large.\r\nActivityId: x"}"#;
        let headers = [("x-ms-substatus", "3200"), ("x-ms-retry-after-ms", "12")];
        let expected = Refusal {
            status: 429,
            substatus: 3200,
            retry_after: Some(Duration::from_millis(12)),
            message: "Request rate is large.".into(),
        };
        assert_eq!(reply(429, &headers, body).refusal(), expected);
    }

    #[test]
    fn a_body_that_is_not_json_is_quoted_and_cut() {
        let refusal = reply(502, &[], &"x".repeat(5000)).refusal();
        assert_eq!(refusal.message.len(), 300);
        assert_eq!((refusal.substatus, refusal.retry_after), (0, None));
    }

    #[test]
    fn charges_are_read_to_the_thousandth() {
        assert_eq!(
            reply(201, &[("x-ms-request-charge", "6.2857142857142856")], "").charge_milli(),
            6286
        );
        assert_eq!(reply(201, &[("x-ms-request-charge", "nonsense")], "").charge_milli(), 0);
        assert_eq!(reply(201, &[], "").charge_milli(), 0);
    }

    #[test]
    fn an_empty_continuation_is_the_end() {
        assert_eq!(reply(200, &[("x-ms-continuation", "")], "").continuation(), None);
        assert_eq!(reply(200, &[("x-ms-continuation", "c1")], "").continuation(), Some("c1"));
    }

    #[test]
    fn nothing_new_is_a_success() {
        assert!(reply(304, &[], "").is_success());
        assert!(!reply(404, &[], "").is_success());
    }
}
