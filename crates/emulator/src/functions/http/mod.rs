//! The host's HTTP port: routes of HTTP triggers, and the admin routes.
//!
//! | request | answer |
//! |---|---|
//! | `/admin/…` | how the host is, what it runs, a timer run by hand; needs the master key |
//! | a route and method of a function | the handler's answer; needs a key if the function says so |
//! | `/`, unless a function has it | that the host is up |
//! | anything else, a wrong method included | 404 without a body |
//!
//! Keys are asked for only when the host was given some, as `func start` does not ask either.

mod admin;
mod trigger;

use super::{
    Host,
    load::{AuthLevel, Function, HttpMode, HttpTrigger, Trigger},
    route::Params,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use serde_json::Value;

/// An answer's body: made here, or streamed from the handler.
pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, hyper::Error>>;

/// Answers one request.
pub(crate) async fn answer(host: &Host, request: Request<Incoming>) -> Answer {
    let path = request.uri().path();
    let is_admin = path.split('/').nth(1).is_some_and(|first| first.eq_ignore_ascii_case("admin"));
    match find(host, &request) {
        _ if is_admin && !host.keys.open(AuthLevel::Admin, &request) => {
            status(StatusCode::UNAUTHORIZED)
        }
        _ if is_admin => admin::answer(host, request).await,
        Some((_, trigger, _)) if !host.keys.open(trigger.auth_level, &request) => {
            status(StatusCode::UNAUTHORIZED)
        }
        Some((function, trigger, params)) => match (host.app.host.http_mode, &trigger.output) {
            (HttpMode::Payload, _) | (_, None) => {
                trigger::payload(host, function, trigger, params, request).await
            }
            (HttpMode::Proxy | HttpMode::Forward, Some(_)) => {
                trigger::pass(host, function, request).await
            }
        },
        None if path == "/" => text(StatusCode::OK, "Your Functions app is up and running"),
        None => status(StatusCode::NOT_FOUND),
    }
}

/// The most specific function whose route and methods match. A wrong method is a 404, as on Azure.
fn find<'a>(
    host: &'a Host,
    request: &Request<Incoming>,
) -> Option<(&'a Function, &'a HttpTrigger, Params)> {
    let matching = host.app.functions.iter().filter_map(|function| match &function.trigger {
        Trigger::Http(trigger) if !function.disabled => {
            let params = trigger.route.matches(request.uri().path())?;
            let methods = &trigger.methods;
            let taken = methods.is_empty() || methods.contains(request.method());
            taken.then_some((function.as_ref(), trigger, params))
        }
        Trigger::Http(_) | Trigger::Cosmos(_) | Trigger::Timer(_) => None,
    });
    matching.min_by_key(|(_, trigger, _)| trigger.route.precedence())
}

/// An answer that is only a status.
fn status(status: StatusCode) -> Answer {
    body(status, None, Bytes::new())
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    body(status, Some("text/plain; charset=utf-8"), Bytes::from_static(text.as_bytes()))
}

fn json(status: StatusCode, value: &Value) -> Answer {
    body(status, Some("application/json"), Bytes::from(value.to_string()))
}

fn body(status: StatusCode, kind: Option<&'static str>, body: Bytes) -> Answer {
    let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Some(kind) = kind {
        let kind = header::HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
