//! Sockets: HTTP/1.1 and HTTP/2 without negotiation on one port.

use super::call::Call;
use super::door::{self, Answer};
use super::target::Target;
use crate::clock::Clock;
use crate::cosmos::Cosmos;
use crate::cosmos::core::Refusal;
use crate::port::{self, HEAD_WITHIN, Unread};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The longest body that is read: the largest item or batch, and room for what stands around it.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Connections served at a time; others wait in the backlog. SDKs open a few dozen each.
const CONNECTIONS_MAX: usize = 4096;

/// The request is not answered: its connection is cut.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault rule")]
struct Cut;

/// Serves until `stop`, then closes all connections.
pub(crate) async fn serve(
    cosmos: Arc<Cosmos>,
    listener: TcpListener,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = port::accept(&listener), if connections.len() < CONNECTIONS_MAX => {
                connections.spawn(connection(Arc::clone(&cosmos), accepted?));
            }
        }
    }
    connections.shutdown().await;
    Ok(())
}

async fn connection<Io>(cosmos: Arc<Cosmos>, stream: Io)
where
    Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let cosmos = Arc::clone(&cosmos);
        async move { exchange(&cosmos, request).await }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("a connection ended: {error}");
    }
}

async fn exchange(
    cosmos: &Cosmos,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let activity = parts.headers.get("x-ms-activity-id").and_then(|id| id.to_str().ok());
    let activity = activity.map_or_else(new_id, str::to_owned);
    let answer = match read(parts, body, cosmos.clock.now().as_second()).await {
        Ok(call) => door::answer(cosmos, call, Clock::machine()).await,
        Err(refusal) => Answer::Reply(refusal.into()),
    };
    match answer {
        Answer::Reply(reply) => Ok(reply.into_response(&activity)),
        Answer::Cut => Err(Cut),
    }
}

async fn read(parts: http::request::Parts, body: Incoming, at: i64) -> Result<Call, Refusal> {
    let target = Target::parse(parts.uri.path())?;
    let body = port::read(body, BODY_BYTES_MAX).await.map_err(|unread| match unread {
        Unread::Slow => Refusal::Slow(unread.to_string()),
        Unread::TooLarge(_) => Refusal::TooLarge(unread.to_string()),
        Unread::Broken(_) => Refusal::Bad(unread.to_string()),
    })?;
    Ok(Call::new(parts, target, body, at))
}

/// Names a request. It is no secret, so no random numbers of the system's are asked for.
fn new_id() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid().to_string()
}

#[cfg(test)]
mod tests;
