//! Administration over HTTP: who may ask, what is asked, and how the answer looks.

use super::{Answer, Change, ServiceBus, Target, atom, change, look, remove, target::Page, xml};
use crate::{
    clock::Clock,
    port,
    servicebus::{amqp::cbs, broker::Refusal},
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use hyper::body::Incoming;
use std::{io, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Larger than any description, with all its filters.
const BODY_MAX: usize = 256 * 1024;
const ATOM: &str = "application/atom+xml;type=entry;charset=utf-8";

/// A status with the words of its error.
type Trouble = (StatusCode, String);

impl ServiceBus {
    /// Serves the administration API until `stop`.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve_admin(
        self: Arc<Self>,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let answer = move |request| {
            let bus = Arc::clone(&self);
            async move { bus.administer(request).await }
        };
        port::serve(listener, stop, answer).await
    }

    /// Reads the request, does it, and says what came of it.
    async fn administer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let done = match port::read(body, BODY_MAX).await {
            Ok(body) => self.perform(&head, &body),
            Err(unread) => Err((unread.status(), unread.to_string())),
        };
        // What is looked at waits too: nothing is shown that a crash could take away.
        let kept = self.journal.settled().await;
        let kept = kept.map_err(|lost| (StatusCode::SERVICE_UNAVAILABLE, lost.to_string()));
        kept.and(done).unwrap_or_else(|(status, words)| {
            reply(status, "application/xml; charset=utf-8", atom::error(status.as_u16(), &words))
        })
    }

    fn perform(&self, head: &Parts, body: &[u8]) -> Result<Response<Full<Bytes>>, Trouble> {
        let target = Target::parse(head.uri.path());
        let target = target.ok_or((StatusCode::NOT_FOUND, "There is nothing here.".to_owned()))?;
        if target == Target::Health {
            let body = r#"{"status":"healthy","message":"Service is healthy."}"#;
            return Ok(reply(StatusCode::OK, "application/json", body.to_owned()));
        }
        may_ask(head)?;
        let is_update = head.headers.contains_key(header::IF_MATCH);
        let answer = match head.method {
            Method::GET => self.with(|world| {
                world.broker.tick(world.now);
                look(world.broker, &target, world.now)
            }),
            Method::PUT => {
                let text = std::str::from_utf8(body);
                let text = text.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
                let entry = xml::parse(text);
                let entry = entry.map_err(|bad| (StatusCode::BAD_REQUEST, bad.to_string()))?;
                let asked = if is_update { Change::Update(entry) } else { Change::Create(entry) };
                self.with(|world| change(world.broker, &target, &asked, world.now))
            }
            Method::DELETE => self.with(|world| remove(world.broker, &target, world.now)),
            _ => {
                let words = "GET, PUT and DELETE are served.".to_owned();
                return Err((StatusCode::METHOD_NOT_ALLOWED, words));
            }
        };
        let answer = answer.map_err(|refusal| (status(&refusal), refusal.to_string()))?;
        let is_new = head.method == Method::PUT && !is_update;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok(reply(status, ATOM, written(&answer, head)))
    }
}

/// The document that tells it.
fn written(answer: &Answer, head: &Parts) -> String {
    let base = format!("http://{}", host(&head.headers));
    let page = Page::parse(head.uri.query().unwrap_or_default());
    let path = head.uri.path().trim_matches('/');
    match answer {
        Answer::One(entry) => entry.document(&base),
        Answer::Many(entries) => atom::feed(&base, path, entries, page),
        Answer::Nobody => atom::feed(&base, "Publicly Listed Services", &[], page),
        Answer::Done => String::new(),
    }
}

/// A token of the key, or of Entra ID, as `$cbs` takes them.
fn may_ask(head: &Parts) -> Result<(), Trouble> {
    let refused = |why: &str| (StatusCode::UNAUTHORIZED, format!("SubCode=40100. {why}"));
    let token = head.headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok());
    let token =
        token.ok_or_else(|| refused("MissingToken: the authorization header is missing."))?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let audience = format!("http://{}{path}", host(&head.headers));
    cbs::judge(token, &audience, Clock::machine()).map_err(refused)
}

fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.filter(|host| !host.contains(['<', '>', '"', '&'])).unwrap_or("localhost")
}

/// The status that says what the broker says.
fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::EntityNotFound(_) | Refusal::MessageNotFound(_) => StatusCode::NOT_FOUND,
        Refusal::EntityExists(_) | Refusal::RuleExists(_) => StatusCode::CONFLICT,
        Refusal::NotAllowed(_)
        | Refusal::Invalid(_)
        | Refusal::Disabled(_)
        | Refusal::Full(..)
        | Refusal::MessageLockLost
        | Refusal::SessionLockLost(_)
        | Refusal::SessionHeld(_) => StatusCode::BAD_REQUEST,
    }
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
