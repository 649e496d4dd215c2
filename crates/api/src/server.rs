//! The sockets under the routes: how many, for how long, and how they end.
//!
//! hyper is driven directly, because warp's own server sets no timer, without which slow headers
//! are never cut, and bounds neither connections nor the drain.

use crate::context::{Context, TRACEPARENT};
use domain::{Chain, Timestamp};
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{Instrument, debug, warn};
use warp::Filter;
use warp::reply::Response;

/// Lets this process have as many file handles as it serves connections, if it may; otherwise
/// connections wait where handles end. Systems give a thousand unless asked.
pub fn allow_connections() {
    let wanted = CONNECTIONS_MAX as u64 + HANDLES_BESIDE;
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        if soft < wanted {
            setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard)
        } else {
            Ok(())
        }
    });
    if let Err(error) = raised {
        warn!("cannot have more file handles: {error}");
    }
}

/// Serves `routes` until `stop` comes, then lets the requests in flight finish, for a while.
///
/// `clock` is read once for each request, and nowhere else.
pub async fn serve<R>(
    listener: TcpListener,
    routes: R,
    clock: fn() -> Timestamp,
    stop: impl Future<Output = ()>,
) where
    R: Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
    R::Future: Send,
{
    let (mut connections, drain) = (JoinSet::new(), GracefulShutdown::new());
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, routes.clone(), clock, drain.watcher()));
                }
                Err(error) => recover(&error).await,
            }
        }
    }
    drop(listener);
    if timeout(DRAIN_MAX, drain.shutdown()).await.is_err() {
        warn!(open = connections.len(), "gave up waiting for requests in flight");
    }
}

async fn connection<R>(stream: TcpStream, routes: R, clock: fn() -> Timestamp, drain: Watcher)
where
    R: Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
    R::Future: Send,
{
    // Answers are small and whole: waiting for more of them only costs time.
    if let Err(error) = stream.set_nodelay(true) {
        debug!("cannot set TCP_NODELAY: {error}");
    }
    let routes = TowerToHyperService::new(warp::service(routes));
    let service = service_fn(move |request| answer(&routes, clock(), request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_header_size(HEADER_BYTES_MAX)
        .max_buf_size(2 * HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = drain.watch(served).await {
        debug!("connection ended: {}", Chain(&error));
    }
}

/// Answers one request in its span, and says under which trace.
fn answer<S>(
    routes: &S,
    now: Timestamp,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + Send + use<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>,
{
    let context = Context::of(request.headers(), now);
    let span = context.span(&request);
    let trace = HeaderValue::try_from(context.trace.as_str());
    request.extensions_mut().insert(context);
    let answer = routes.call(request);
    let answering = async move {
        let mut response = answer.await?;
        if let Ok(trace) = trace {
            response.headers_mut().insert(TRACEPARENT, trace);
        }
        debug!(status = response.status().as_u16(), "answered");
        Ok(response)
    };
    answering.instrument(span)
}

/// Out of file handles, or the peer is gone already: neither is a reason to stop serving.
async fn recover(error: &io::Error) {
    warn!("cannot accept a connection: {error}");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// More connections wait to be accepted. Far more than the Functions host opens, and enough that a
/// thousand who never end their request do not keep others out. Each may buffer 64 KiB of headers
/// and as much of a body: 256 MiB if all of them do their worst.
pub const CONNECTIONS_MAX: usize = 2048;

/// What a process has open besides: connections to the store, its log, the listener.
const HANDLES_BESIDE: u64 = 256;

/// How long the headers of a request may take, and so how long a connection may idle: a little
/// longer than the minute for which the Functions host keeps one.
const HEADER_TIME_MAX: Duration = Duration::from_secs(65);

/// The most bytes of headers: as much as the Functions host lets pass. Twice as much is buffered
/// for one connection, whatever it sends.
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// How long requests in flight may take to finish: less than the 30 s that orchestrators wait.
const DRAIN_MAX: Duration = Duration::from_secs(20);

/// Long enough that running out of file handles does not take a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
