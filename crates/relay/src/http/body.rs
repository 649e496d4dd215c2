//! Reading a body of unknown length: the host sends it chunked.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, pin_mut};
use std::time::Duration;
use tokio::time::timeout;
use warp::Stream;

/// The most bytes of an invocation. A page of the feed has at most 4 MB, and one transaction of
/// 2 MB more, of JSON; two layers of string around it make each quote and backslash four bytes.
/// That is below 24 MB; as much again is left, since a page that is refused blocks its partition.
pub(crate) const BYTES_MAX: usize = 48 * 1024 * 1024;

/// How long the host, which is on this machine, may take to send it.
const TIME_MAX: Duration = Duration::from_secs(30);

/// Why a body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyFault {
    /// Larger than any page can be.
    #[error("the body has more than {BYTES_MAX} bytes")]
    TooLarge,
    /// The sender went away.
    #[error("the body ended early")]
    Cut(#[source] warp::Error),
    /// The sender stopped sending.
    #[error("the body took longer than {TIME_MAX:?}")]
    Slow,
}

/// The whole body, counted while it is read.
pub(crate) async fn whole(
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<Bytes, BodyFault> {
    timeout(TIME_MAX, collected(body)).await.unwrap_or(Err(BodyFault::Slow))
}

async fn collected(
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<Bytes, BodyFault> {
    pin_mut!(body);
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(BodyFault::Cut)?;
        if BYTES_MAX < whole.len() + chunk.remaining() {
            return Err(BodyFault::TooLarge);
        }
        whole.put(chunk);
    }
    Ok(whole.freeze())
}
