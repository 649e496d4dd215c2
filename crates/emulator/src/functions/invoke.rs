//! One invocation: sent to the handler, bounded by the function timeout, judged.
//!
//! | what goes wrong | what follows |
//! |---|---|
//! | the handler is not ready yet | the invocation waits for it, for two minutes at most |
//! | it ended for good | the invocation fails |
//! | the connection breaks, or the answer is not what the contract says | likewise |
//! | the function timeout passes | the handler is killed, and with it every other invocation |
//!
//! Whether a failed invocation is tried again is its function's retry policy's affair, and only
//! for triggers that have one: a failed HTTP request is its client's to repeat.

use super::{
    load::Function,
    payload::Payload,
    reply::{self, Reply, Taken},
    retry::Next,
    worker::{Running, Unready, Worker},
};
use crate::clock::Clock;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{convert::Infallible, error::Error, sync::Arc, time::Duration};
use uuid::Uuid;

/// The version that the host calls itself.
pub(crate) const HOST_VERSION: &str = "4.1037.0.0";

/// A body on its way to the handler.
pub(crate) type Outgoing = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// Sends invocations to the handler.
#[derive(Debug)]
pub(crate) struct Invoker {
    pub(crate) worker: Arc<Worker>,
    pub(crate) clock: Arc<Clock>,
    client: Client<HttpConnector, Outgoing>,
    timeout: Option<Duration>,
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("not invoked")]
    Unready(#[from] Unready),
    #[error("the handler did not answer: its process ended, or it cut the connection")]
    Unanswered(#[source] legacy::Error),
    #[error("the handler's answer broke off")]
    BrokenOff(#[source] Box<dyn Error + Send + Sync>),
    #[error("it took longer than the function timeout of {0:?}; the handler is started again")]
    TimedOut(Duration),
    #[error(transparent)]
    Refused(#[from] reply::Fault),
    #[error("the request cannot be passed on")]
    Request(#[from] http::Error),
    #[error("the payload cannot be written")]
    Encoding(#[source] serde_json::Error),
}

/// An answer in payload mode names outputs; what is larger than this is a mistake.
const REPLY_MAX: usize = 64 * 1024 * 1024;

impl Invoker {
    /// Invocations of this handler may take `timeout`.
    pub(crate) fn new(worker: Arc<Worker>, clock: Arc<Clock>, timeout: Option<Duration>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { worker, clock, client, timeout }
    }

    /// Invokes `function` with a JSON payload.
    pub(crate) async fn payload(
        &self,
        function: &str,
        payload: &Payload,
    ) -> Result<Reply, Failure> {
        let running = self.worker.ready().await?;
        let id = Uuid::new_v4();
        tracing::debug!("executing {function}, invocation {id}");
        let text = payload.to_text(function, self.clock.now()).map_err(Failure::Encoding)?;
        let answer = async {
            let request = payload_request(running, function, id, text)?;
            let response = self.client.request(request).await.map_err(Failure::Unanswered)?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, REPLY_MAX).collect().await;
            let body = body.map_err(Failure::BrokenOff)?.to_bytes();
            match reply::take(head.status, &head.headers, &body) {
                Taken::Done(reply) => Ok(reply),
                Taken::Failed(fault) => Err(fault.into()),
                Taken::Hangs => {
                    tracing::warn!(
                        "{function} answered {} with nothing: as on Azure, the invocation hangs \
                         until its timeout; answer at least {{}}",
                        head.status
                    );
                    std::future::pending().await
                }
            }
        };
        let reply = self.bounded(running, answer).await?;
        for line in &reply.logs {
            tracing::info!(target: "handler", "{function} {id}: {line}");
        }
        Ok(reply)
    }

    /// Invokes, and again as the function's retry policy says. The failure is the last one.
    pub(crate) async fn retried(
        &self,
        function: &Function,
        mut payload: Payload,
    ) -> Result<(), Failure> {
        let mut failures = 0;
        loop {
            let Err(failure) = self.payload(&function.name, &payload).await else { return Ok(()) };
            failures += 1;
            let Some(policy) = &function.retry else { return Err(failure) };
            let Next::Retry(pause) = policy.after(failures, fastrand::f64()) else {
                return Err(failure);
            };
            let (name, why) = (&function.name, chain(&failure));
            tracing::warn!("{name} failed, retry {failures} in {pause:?}: {why}");
            payload.set_retry(policy, failures, &why);
            tokio::time::sleep(pause).await;
        }
    }

    /// Passes an HTTP request on, and the answer back as it comes.
    pub(crate) async fn pass(
        &self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, Failure> {
        let running = self.worker.ready().await?;
        let id = Uuid::new_v4();
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = uri(running, path)?;
        remove_hop_headers(&mut head.headers);
        head.headers.remove(header::HOST);
        let id = invocation_headers(&mut head.headers, id)?;
        head.headers.insert("x-ms-invocation-id", id);
        head.version = http::Version::HTTP_11;
        let request = Request::from_parts(head, body);
        let answer = async {
            let mut response = self.client.request(request).await.map_err(Failure::Unanswered)?;
            remove_hop_headers(response.headers_mut());
            Ok(response)
        };
        self.bounded(running, answer).await
    }

    /// The handler has one process for all: a timeout ends every invocation in it.
    async fn bounded<T>(
        &self,
        running: Running,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.timeout else { return work.await };
        if let Ok(done) = tokio::time::timeout(limit, work).await {
            return done;
        }
        self.worker.recycle(running);
        Err(Failure::TimedOut(limit))
    }
}

/// `POST /<function>`, chunked and without a length, as the host sends it on Azure.
fn payload_request(
    running: Running,
    function: &str,
    id: Uuid,
    text: String,
) -> Result<Request<Outgoing>, Failure> {
    let frames = stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from(text)))]);
    let body = StreamBody::new(frames).map_err(|never| match never {}).boxed_unsync();
    let request = Request::post(uri(running, &format!("/{function}"))?)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}"));
    let mut request = request.body(body)?;
    invocation_headers(request.headers_mut(), id)?;
    Ok(request)
}

/// The address of this run of the handler.
fn uri(running: Running, path: &str) -> Result<Uri, http::Error> {
    Uri::builder().scheme("http").authority(running.at.to_string()).path_and_query(path).build()
}

/// What every request to the handler says of its invocation; answers with the id's text.
fn invocation_headers(headers: &mut HeaderMap, id: Uuid) -> Result<HeaderValue, http::Error> {
    let id = HeaderValue::try_from(id.to_string())?;
    headers.insert("x-azure-functions-invocationid", id.clone());
    headers.insert("x-azure-functions-hostversion", HeaderValue::from_static(HOST_VERSION));
    Ok(id)
}

/// Headers of one connection, which do not travel on.
fn remove_hop_headers(headers: &mut HeaderMap) {
    let named: Vec<_> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_owned())
        .collect();
    for name in named {
        headers.remove(name);
    }
    let always = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"];
    for name in always.into_iter().chain(["transfer-encoding"]) {
        headers.remove(name);
    }
}

/// An error with everything that led to it, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Running {
        Running { pid: 1, at: "127.0.0.1:7".parse().unwrap(), starts: 1 }
    }

    #[test]
    fn headers_of_one_connection_do_not_travel_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Mine"),
            ("x-mine", "1"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("content-length", "3"),
            ("x-other", "2"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        remove_hop_headers(&mut headers);
        let mut left: Vec<_> = headers.keys().map(header::HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-length", "x-other"]);
    }

    #[test]
    fn a_payload_is_sent_without_a_length() {
        let id = Uuid::nil();
        let request = payload_request(running(), "Relay", id, "{}".into()).unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:7/Relay");
        assert_eq!(request.headers().get(header::CONTENT_LENGTH), None);
        assert_eq!(hyper::body::Body::size_hint(request.body()).exact(), None);
        let header = |name| request.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(header("x-azure-functions-invocationid"), id.to_string());
        assert_eq!(header("user-agent"), format!("Azure-Functions-Host/{HOST_VERSION}"));
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let cause = serde_json::from_str::<bool>("x").unwrap_err();
        let told = chain(&Failure::Encoding(cause));
        assert_eq!(told, "the payload cannot be written: expected value at line 1 column 1");
    }
}
