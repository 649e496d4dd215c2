//! What the relay answers, in the form that the Functions host expects.

use super::body::BodyFault;
use crate::app::{LeaseReadiness, Readiness, reason};
use crate::round::RoundReport;
use domain::{Chain, Fault};
use http::StatusCode;
use serde_json::{Value, json};
use std::error::Error;
use warp::Reply;
use warp::reply::Response;

/// A status and a JSON body: the host takes an empty one, or another type, for a failure or waits
/// for more for ever.
pub(crate) struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    /// The invocation is done. What it did goes to its log.
    pub(crate) fn done(report: &RoundReport) -> Self {
        let is_quiet = *report == RoundReport::default();
        let logs = if is_quiet { vec![] } else { vec![report.to_string()] };
        Self::ok(json!({ "Outputs": null, "Logs": logs, "ReturnValue": null }))
    }

    /// It has to be repeated.
    pub(crate) fn failed(fault: &(dyn Error + 'static)) -> Self {
        Self::error(StatusCode::INTERNAL_SERVER_ERROR, Chain(fault).to_string())
    }

    /// The body is not what the host sends.
    pub(crate) fn unreadable(problem: &(dyn Error + 'static)) -> Self {
        Self::error(StatusCode::BAD_REQUEST, Chain(problem).to_string())
    }

    /// The body did not come whole.
    pub(crate) fn unread(fault: &BodyFault) -> Self {
        let status = match fault {
            BodyFault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyFault::Cut(_) | BodyFault::Slow => StatusCode::REQUEST_TIMEOUT,
        };
        Self::error(status, Chain(fault).to_string())
    }

    /// The process answers.
    pub(crate) fn alive() -> Self {
        Self::ok(json!({}))
    }

    /// The process answers, in more words.
    pub(crate) fn live() -> Self {
        Self::ok(json!({ "status": "live" }))
    }

    /// Its clients are not there yet.
    pub(crate) fn away() -> Self {
        Self::error(StatusCode::SERVICE_UNAVAILABLE, "starting".into())
    }

    /// No such route.
    pub(crate) fn none(path: &str) -> Self {
        Self::error(StatusCode::NOT_FOUND, format!("{path} is not served here with this method"))
    }

    /// Which dependency is not ready, and why.
    pub(crate) fn readiness(readiness: &Readiness) -> Self {
        let Readiness { store, broker, leases } = readiness;
        let can_lease = leases.as_ref().is_none_or(|leases| leases.state.is_ok());
        let is_ready = store.is_ok() && broker.is_ok() && can_lease;
        let (status, word) = if is_ready {
            (StatusCode::OK, "ready")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready")
        };
        let mut dependencies = [("store", store), ("broker", broker)].map(dependency).to_vec();
        dependencies.extend(leases.as_ref().map(standing));
        Self { status, body: json!({ "status": word, "dependencies": dependencies }) }
    }

    pub(crate) fn into_response(self) -> Response {
        warp::reply::with_status(warp::reply::json(&self.body), self.status).into_response()
    }

    fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    fn error(status: StatusCode, problem: String) -> Self {
        Self { status, body: json!({ "error": problem }) }
    }
}

fn dependency((name, state): (&str, &Result<(), Fault>)) -> Value {
    match state {
        Ok(()) => json!({ "name": name, "ready": true }),
        Err(fault) => json!({ "name": name, "ready": false, "reason": reason(fault) }),
    }
}

fn standing(leases: &LeaseReadiness) -> Value {
    let LeaseReadiness { state, name, owned, total } = leases;
    let is_ready = state.is_ok();
    let mut said = json!({
        "name": "leases", "ready": is_ready, "relay": name, "owned": owned, "total": total,
    });
    if let (Err(reason), Some(fields)) = (state, said.as_object_mut()) {
        fields.insert("reason".into(), json!(reason));
    }
    said
}
