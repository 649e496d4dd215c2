//! The relay's doors: the Functions host's calls, and health.
//!
//! | route | answer |
//! |---|---|
//! | `POST /Relay` | 200 once the page's events are published and marked, 500 to have it again, 400 or 413 for what no host sends |
//! | `POST /Sweep` | 200, 500 |
//! | `GET /` | 200: the host asks it every 25 ms until it is answered |
//! | `GET /health/live`, `GET /health/ready` | 200, 503 with the dependency that is not ready, and why |
//!
//! `HEAD` is answered where `GET` is.
//!
//! The health routes stand under `/api` too, where probes of the order service look.

mod answer;
mod body;

use crate::app::{App, Due};
use crate::payload;
use answer::Answer;
use domain::ports::{Outbox, Publisher};
use domain::{Chain, Timestamp};
use http::{HeaderMap, Method};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::watch;
use tracing::{Instrument, Span, error, info_span, warn};
use warp::filters::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Stream};

/// The relay behind the doors: not there yet while its clients are being built.
pub type Door<O, P> = watch::Receiver<Option<Arc<App<O, P>>>>;

/// All routes. `clock` is read once for each request, and nowhere else.
pub fn routes<O, P>(
    door: Door<O, P>,
    clock: fn() -> Timestamp,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static
where
    O: Outbox + 'static,
    P: Publisher + 'static,
{
    // By itself: a target that is no path, such as that of `CONNECT host:1`, ends here too, and
    // warp panics where it is asked for the full path of one.
    let root = warp::path::end().and(warp::method()).map(|method: Method| match method.as_str() {
        "GET" | "HEAD" => Answer::alive().into_response(),
        _ => Answer::none("/").into_response(),
    });
    let request = warp::method()
        .and(warp::path::full())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream());
    let others = request.then(move |method: Method, path: FullPath, headers: HeaderMap, body| {
        let (door, span) = (door.clone(), span(path.as_str(), &headers));
        async move {
            let answer = match (method.as_str(), path.as_str()) {
                ("GET" | "HEAD", "/health/live" | "/api/health/live") => Answer::live(),
                ("GET" | "HEAD", "/health/ready" | "/api/health/ready") => ready(door).await,
                ("POST", "/Relay") => relay(door, body, clock()).instrument(span).await,
                ("POST", "/Sweep") => sweep(door, clock()).instrument(span).await,
                (_, path) => Answer::none(path),
            };
            answer.into_response()
        }
    });
    root.or(others)
        .unify()
        .recover(|_| async { Ok::<_, Infallible>(Answer::none("").into_response()) })
        .unify()
}

async fn relay<O: Outbox, P: Publisher>(
    mut door: Door<O, P>,
    body: impl Stream<Item = Result<impl bytes::Buf, warp::Error>>,
    now: Timestamp,
) -> Answer {
    let body = match body::whole(body).await {
        Ok(body) => body,
        Err(fault) => {
            error!("cannot read the invocation: {}", Chain(&fault));
            return Answer::unread(&fault);
        }
    };
    let Some(app) = built(&mut door).await else { return Answer::away() };
    let readings = match payload::readings(&body, |document| app.read(document)) {
        Ok(readings) => readings,
        Err(problem) => {
            error!("not an invocation of the host: {}", Chain(&problem));
            return Answer::unreadable(&problem);
        }
    };
    drop(body);
    match app.page(readings, now).await {
        Ok(report) => Answer::done(&report),
        Err(fault) => {
            warn!("round failed, the host will repeat it: {}", Chain(&fault));
            Answer::failed(&fault)
        }
    }
}

async fn sweep<O: Outbox, P: Publisher>(mut door: Door<O, P>, now: Timestamp) -> Answer {
    let Some(app) = built(&mut door).await else { return Answer::away() };
    let report = app.sweep(Due::InTime, now).await;
    match report.fault {
        None => Answer::done(&report.rounds),
        Some(fault) => {
            warn!("sweep failed, the next one goes on: {}", Chain(&fault));
            Answer::failed(&fault)
        }
    }
}

async fn ready<O: Outbox, P: Publisher>(door: Door<O, P>) -> Answer {
    let app = door.borrow().clone();
    match app {
        Some(app) => Answer::readiness(&app.ready().await),
        None => Answer::away(),
    }
}

/// The relay, as soon as its clients are built; `None` where that failed, and the process ends.
async fn built<O, P>(door: &mut Door<O, P>) -> Option<Arc<App<O, P>>> {
    door.wait_for(Option::is_some).await.ok()?.clone()
}

fn span(path: &str, headers: &HeaderMap) -> Span {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let invocation = text("x-azure-functions-invocationid");
    let parent = text("traceparent").and_then(|text| text.parse::<domain::TraceParent>().ok());
    let trace = parent.as_ref().map(domain::TraceParent::trace_id);
    info_span!("invocation", function = path.trim_start_matches('/'), invocation, trace)
}
