//! The socket: one attempt, out and in. Nothing else in this crate touches the network.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use url::Url;

use crate::outcome::{BODY_BYTES_MAX, NoAnswer, Reply};
use crate::request::Request;
use crate::tls;

/// The connections to all regions of an account: HTTP/1.1, kept alive.
#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
}

impl Transport {
    /// For an account on this machine certificates and proxies play no part; loading the
    /// roots of trust would only cost time and memory.
    pub(crate) fn new(plain: bool) -> Result<Self, reqwest::Error> {
        tls::prepare();
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .http1_only()
            .tcp_nodelay(true)
            .tcp_keepalive(TCP_KEEPALIVE)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_IDLE_CONNECTIONS_MAX)
            .connect_timeout(CONNECT_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        let builder = if plain { builder.no_proxy().tls_certs_only([]) } else { builder };
        Ok(Self { http: builder.build()? })
    }

    /// One attempt with these headers, in the time that its caller has left: a whole
    /// answer, or none.
    pub(crate) async fn attempt(
        &self,
        url: Url,
        request: &Request,
        headers: HeaderMap,
        left: Duration,
    ) -> Result<Reply, NoAnswer> {
        let mut outgoing = reqwest::Request::new(request.method.clone(), url);
        *outgoing.headers_mut() = headers;
        *outgoing.timeout_mut() = Some(left.clamp(ANSWER_MIN, ANSWER_MAX));
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.clone().into());
        }
        let mut answer = self.http.execute(outgoing).await.map_err(no_answer)?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        Ok(Reply { status, headers, body: whole_body(answer).await?, open: false })
    }
}

/// Most answers come in one piece, which is handed on as it came.
async fn whole_body(mut answer: reqwest::Response) -> Result<Bytes, NoAnswer> {
    let Some(first) = answer.chunk().await.map_err(NoAnswer::Lost)? else {
        return Ok(Bytes::new());
    };
    let Some(second) = answer.chunk().await.map_err(NoAnswer::Lost)? else {
        return Ok(first);
    };
    let mut whole = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        if BODY_BYTES_MAX < whole.len() + chunk.len() {
            return Err(NoAnswer::TooLong);
        }
        whole.extend_from_slice(&chunk);
        next = answer.chunk().await.map_err(NoAnswer::Lost)?;
    }
    Ok(whole.freeze())
}

fn no_answer(error: reqwest::Error) -> NoAnswer {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        NoAnswer::NotSent(error)
    } else {
        NoAnswer::Lost(error)
    }
}

const USER_AGENT: &str = concat!("orders-outbox/", env!("CARGO_PKG_VERSION"));
/// A region that takes longer to connect is as good as away.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// The service itself gives up on a batch after 5 s; a caller on Azure Functions has far
/// more than this left.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// An attempt that gets less is not worth sending.
const ANSWER_MIN: Duration = Duration::from_millis(500);
/// Shorter than the four minutes after which Azure's load balancers forget a connection.
const POOL_IDLE: Duration = Duration::from_secs(90);
const TCP_KEEPALIVE: Duration = Duration::from_mins(1);
/// As many as requests are in flight under load; more would only sit idle.
const POOL_IDLE_CONNECTIONS_MAX: usize = 64;
