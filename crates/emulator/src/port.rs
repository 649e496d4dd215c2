//! What the ports share: taking a port, accepting, and plain HTTP: serving it until told to
//! stop, and reading bodies.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{body::Body, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::{convert::Infallible, error::Error, io, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// How long a connection may go without a whole head, idle ones too: more than the 90 s that HTTP
/// clients keep one in their pool.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_mins(2);

/// How long a body may take to come in; on loopback 2 MB take milliseconds.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(30);

/// How long accepting rests after it failed: until some connection has given back its descriptor.
const REST: Duration = Duration::from_millis(20);

/// A body that was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// It takes too long.
    #[error("the body did not come within {BODY_WITHIN:?}")]
    Slow,
    /// It is larger than this.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// It broke off.
    #[error("the body could not be read: {0}")]
    Broken(Box<dyn Error + Send + Sync>),
}

impl Unread {
    /// The status that says so.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads a body of at most so many bytes.
///
/// # Errors
/// If it is larger, slow, or breaks off.
pub(crate) async fn read<B>(body: B, bytes_max: usize) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let whole = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(BODY_WITHIN, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLarge(bytes_max)),
        Ok(Err(error)) => Err(Unread::Broken(error)),
        Err(_) => Err(Unread::Slow),
    }
}

/// An address that cannot be had. Free it, or give another.
#[derive(Debug, thiserror::Error)]
#[error("{option} {at} cannot be had ({error}): {hint}", hint = hint(option, *at, error))]
pub struct Taken {
    option: &'static str,
    at: SocketAddr,
    error: io::Error,
}

/// What to do about it.
fn hint(option: &str, at: SocketAddr, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AddrInUse {
        let port = at.port();
        format!(
            "another program listens there (`ss -ltnp 'sport = :{port}'` names it); stop it, \
             or let a free port be picked with {option} {}:0",
            at.ip()
        )
    } else {
        format!("use an address of this machine, such as {option} 127.0.0.1:0")
    }
}

/// Listens at `at`, which `option` of the command line named, and says where.
pub(crate) async fn bind_tcp(
    option: &'static str,
    at: SocketAddr,
) -> Result<(TcpListener, SocketAddr), Taken> {
    let taken = |error| Taken { option, at, error };
    let listener = TcpListener::bind(at).await.map_err(taken)?;
    let bound = listener.local_addr().map_err(taken)?;
    Ok((listener, bound))
}

/// Answers requests (HTTP/1.1 or HTTP/2) with `answer` until `stop`, then drops the connections.
pub(crate) async fn serve<F, Fut, B>(
    listener: TcpListener,
    stop: CancellationToken,
    answer: F,
) -> io::Result<()>
where
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            accepted = accept(&listener) => {
                connections.spawn(serve_connection(accepted?, answer.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The next connection. Where one failed because its client is gone already, or because no file
/// descriptor is left for now, the next is waited for after a rest.
///
/// # Errors
/// If the listener can accept no more.
pub(crate) async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // One that is gone already tells so when it is read.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if is_passing(&error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(REST).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether the next connection may well be accepted.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    let descriptors_used_up = matches!(error.raw_os_error(), Some(23 | 24));
    descriptors_used_up || matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// One connection; how it ends is its client's affair.
async fn serve_connection<F, Fut, B>(stream: TcpStream, answer: F)
where
    F: Fn(Request<Incoming>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let service = service_fn(|request| answer(request).map(Ok::<_, Infallible>));
    let stream = TokioIo::new(stream);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let served = builder.serve_connection(stream, service).await;
    if let Err(error) = served {
        tracing::debug!("a connection ended: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    #[tokio::test(start_paused = true)]
    async fn a_body_is_read_if_it_is_as_small_and_as_quick_as_it_must_be() {
        let body = |bytes| Full::new(Bytes::from_static(bytes));
        assert_eq!(read(body(b"12345"), 5).await.unwrap(), "12345");
        let large = read(body(b"123456"), 5).await.unwrap_err();
        assert_eq!(large.status(), 413, "{large}");
        let endless = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let slow = read(endless, 5).await.unwrap_err();
        assert_eq!(slow.status(), 408, "{slow}");
    }

    #[tokio::test]
    async fn what_cannot_be_had_is_told_with_the_way_out() {
        let (_kept, at) = bind_tcp("--here", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let taken = bind_tcp("--here", at).await.unwrap_err().to_string();
        assert!(taken.contains(&format!("sport = :{}", at.port())), "{taken}");
        assert!(taken.ends_with("a free port be picked with --here 127.0.0.1:0"), "{taken}");
        // An address that is kept for documentation, and no machine's own.
        let foreign = bind_tcp("--here", "192.0.2.1:0".parse().unwrap()).await.unwrap_err();
        assert!(foreign.to_string().contains("an address of this machine"), "{foreign}");
    }
}
