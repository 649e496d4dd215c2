//! The admin routes: how the host is, what it runs, and running a timer by hand.

use super::{Answer, json, status};
use crate::{
    functions::{
        Host,
        invoke::HOST_VERSION,
        load::{Function, Trigger},
        worker::{Running, State},
    },
    port,
};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::sync::Arc;

/// `{"input":"…"}` is short; the bound only keeps a mistake from filling memory.
const BODY_MAX: usize = 64 * 1024;

/// Answers one request below `/admin`.
pub(super) async fn answer(host: &Host, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().trim_matches('/').to_owned();
    let segments: Vec<_> = path.split('/').skip(1).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, ["host", "status"]) => json(StatusCode::OK, &host_status(host)),
        (&Method::GET, ["functions"]) => {
            let functions = host.app.functions.iter().map(|function| describe(host, function));
            json(StatusCode::OK, &functions.collect())
        }
        (&Method::GET, ["functions", name]) => match find(host, name) {
            Some(function) => json(StatusCode::OK, &describe(host, function)),
            None => status(StatusCode::NOT_FOUND),
        },
        (&Method::POST, ["functions", name]) => match find(host, name) {
            Some(function) => run(function, request).await,
            None => status(StatusCode::NOT_FOUND),
        },
        _ => status(StatusCode::NOT_FOUND),
    }
}

/// Names are compared without case, as on Azure.
fn find<'a>(host: &'a Host, name: &str) -> Option<&'a Arc<Function>> {
    host.app.functions.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// `Initialized` until the handler answers, `Error` once it is down for good.
fn host_status(host: &Host) -> Value {
    let (state, handler) = match host.invoker.worker.state() {
        State::Starting => ("Initialized", Value::Null),
        State::Ready(Running { pid, starts, .. }) => {
            ("Running", json!({"pid": pid, "starts": starts}))
        }
        State::Down => ("Error", Value::Null),
    };
    let uptime = host.invoker.clock.now().duration_since(host.started).as_millis();
    json!({
        "id": host.id.to_string(),
        "state": state,
        "version": HOST_VERSION,
        "processUptime": i64::try_from(uptime).unwrap_or(i64::MAX),
        "handler": handler,
    })
}

/// One function as the admin routes show it.
fn describe(host: &Host, function: &Function) -> Value {
    let (kind, url) = match &function.trigger {
        Trigger::Http(trigger) => ("httpTrigger", Some(format!("{}{}", host.url, trigger.route))),
        Trigger::Cosmos(_) => ("cosmosDBTrigger", None),
        Trigger::Timer(_) => ("timerTrigger", None),
    };
    json!({
        "name": function.name,
        "trigger": kind,
        "invoke_url_template": url,
        "isDisabled": function.disabled,
    })
}

/// Runs a function without its trigger: accepted at once, run in the background.
async fn run(function: &Function, request: Request<Incoming>) -> Answer {
    let wanted = json!({"error": "send {\"input\":\"\"} with content type application/json"});
    let body = match port::read(request.into_body(), BODY_MAX).await {
        Ok(body) => body,
        Err(unread) => return json(unread.status(), &json!({ "error": unread.to_string() })),
    };
    let input = serde_json::from_slice::<Value>(&body).ok();
    if input.is_none_or(|input| input.get("input").is_none()) {
        return json(StatusCode::BAD_REQUEST, &wanted);
    }
    match &function.trigger {
        Trigger::Timer(trigger) if !function.disabled => {
            trigger.by_hand.notify_one();
            status(StatusCode::ACCEPTED)
        }
        Trigger::Timer(_) | Trigger::Http(_) | Trigger::Cosmos(_) => {
            let error = format!("{} has no timer trigger that is enabled", function.name);
            json(StatusCode::BAD_REQUEST, &json!({ "error": error }))
        }
    }
}
