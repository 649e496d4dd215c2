//! What the relay answers, in the form that the Functions host expects.

use super::body::BodyFault;
use crate::app::Readiness;
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
        let Readiness { store, broker } = readiness;
        let is_ready = store.is_ok() && broker.is_ok();
        let (status, word) = if is_ready {
            (StatusCode::OK, "ready")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready")
        };
        let dependencies = [("store", store), ("broker", broker)].map(dependency);
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

/// In words for everybody: the route is anonymous, and causes name hosts and ports.
fn reason(fault: &Fault) -> &str {
    match fault {
        Fault::Throttled { .. } => "is busy",
        Fault::Unavailable(_) => "cannot be reached",
        Fault::Unanswered(_) => "does not answer",
        Fault::Misconfigured { problem } => problem,
        Fault::Conflict | Fault::Rejected { .. } => "refuses to be asked",
    }
}
