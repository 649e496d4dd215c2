//! The body of a request: counted while it is read, since the Functions host sends no length.

use crate::fields::Fields;
use crate::problem::Problem;
use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header};
use std::time::Duration;
use tokio::time::timeout;
use warp::{Filter, Rejection};

/// The most bytes a body may have: hundreds of times a real order, and a quarter of what a message
/// on Service Bus may have.
pub(crate) const BYTES_MAX: usize = 64 * 1024;

/// Reads the body, if it is of decent size and comes in decent time.
pub(crate) fn body() -> impl Filter<Extract = (Result<BytesMut, Problem>,), Error = Rejection> + Copy
{
    warp::body::stream().then(async |stream| match timeout(TIME_MAX, read(stream)).await {
        Ok(read) => read,
        Err(_) => Err(Problem::SlowBody),
    })
}

/// Refuses what does not say that it is JSON in UTF-8.
pub(crate) fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_encoded = text(header::CONTENT_ENCODING).is_some_and(|how| how != "identity");
    match text(header::CONTENT_TYPE) {
        Some(given) if is_json(given) && !is_encoded => Ok(()),
        Some(_) | None => Err(Problem::UnsupportedType),
    }
}

/// Refuses whatever is not nothing: no body, or an object without fields.
pub(crate) fn must_be_empty(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    if body.is_empty() {
        return Ok(());
    }
    must_be_json(headers)?;
    Fields::parse(body)?.finish(Some(()))
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json =
        parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf_8 = |part: &str| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    };
    is_json && parts.all(is_utf_8)
}

async fn read<B: Buf>(
    stream: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<BytesMut, Problem> {
    let mut stream = std::pin::pin!(stream);
    let (mut bytes, mut count) = (BytesMut::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let mut chunk =
            chunk.map_err(|_| Problem::Malformed { detail: "the body broke off".into() })?;
        count = count.saturating_add(chunk.remaining());
        if DRAIN_MAX < count {
            return Err(Problem::TooLarge);
        }
        while count <= BYTES_MAX && chunk.has_remaining() {
            let part = chunk.chunk();
            let len = part.len();
            bytes.extend_from_slice(part);
            chunk.advance(len);
        }
    }
    if BYTES_MAX < count { Err(Problem::TooLarge) } else { Ok(bytes) }
}

/// How much is read and thrown away so that the answer arrives: a connection that is closed on
/// unread bytes is reset, and with it goes the answer on the way.
const DRAIN_MAX: usize = 1024 * 1024;

/// How long a body may take: 64 KiB even on a bad mobile link.
const TIME_MAX: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_accepted_in_utf_8_only() {
        for right in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; v=1",
        ] {
            assert!(is_json(right), "{right}");
        }
        for wrong in [
            "",
            "text/json",
            "application/jsonp",
            "application/json; charset=latin1",
            "application/merge-patch+json",
        ] {
            assert!(!is_json(wrong), "{wrong}");
        }
    }
}
