//! The change feed of one range: what was written, in the order of the writes per key.

use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::outcome::Reply;
use crate::query::documents_of;
use crate::session;

/// Where to start reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With the oldest document.
    Beginning,
    /// With what is written from now on.
    Now,
    /// Behind the page that gave this continuation.
    After(String),
}

/// What was written, and where to go on.
#[derive(Debug)]
pub struct Written {
    /// Latest versions of documents. None: there is nothing new.
    pub documents: Vec<Box<RawValue>>,
    /// Where the next page starts. It stays good, also across a split.
    pub continuation: String,
    /// The last transaction of the range, if the service said so.
    pub reached: Option<u64>,
}

impl Start {
    pub(crate) fn if_none_match(&self) -> Option<&str> {
        match self {
            Self::Beginning => None,
            Self::Now => Some("*"),
            Self::After(continuation) => Some(continuation),
        }
    }
}

impl Written {
    /// An answer without an `etag` would start over for ever: it is taken as the place
    /// where the page before ended.
    pub(crate) fn of(reply: &Reply, start: &Start) -> Result<Self, Failure> {
        let continuation = reply.etag().or_else(|| start.if_none_match()).unwrap_or("*");
        let documents = documents_of(&reply.body)?;
        let reached = reply.session_token().and_then(session::lsn_of);
        Ok(Self { documents, continuation: continuation.to_owned(), reached })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode, header};

    fn reply(status: StatusCode, etag: Option<&'static str>, body: &'static str) -> Reply {
        let mut headers = HeaderMap::new();
        if let Some(etag) = etag {
            headers.insert(header::ETAG, HeaderValue::from_static(etag));
        }
        Reply { status, headers, body: Bytes::from_static(body.as_bytes()), open: false }
    }

    #[test]
    fn nothing_new_moves_on_all_the_same() {
        let idle = reply(StatusCode::NOT_MODIFIED, Some("\"7\""), "");
        let written = Written::of(&idle, &Start::Now).unwrap();
        assert!(written.documents.is_empty());
        assert_eq!(written.continuation, "\"7\"");
    }

    #[test]
    fn an_answer_without_a_place_keeps_the_old_one() {
        let idle = reply(StatusCode::NOT_MODIFIED, None, "");
        let start = Start::After("\"3\"".to_owned());
        assert_eq!(Written::of(&idle, &start).unwrap().continuation, "\"3\"");
    }

    #[test]
    fn documents_come_as_they_were_written() {
        let full = reply(StatusCode::OK, Some("\"9\""), r#"{"Documents":[{"id":"a","_lsn":9}]}"#);
        let written = Written::of(&full, &Start::Beginning).unwrap();
        assert_eq!(written.documents[0].get(), r#"{"id":"a","_lsn":9}"#);
        assert_eq!(Start::Beginning.if_none_match(), None);
    }
}
