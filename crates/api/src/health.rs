//! Whether the service lives, and whether it can serve.

use crate::routes::Answer;
use crate::view::json;
use domain::order::Order;
use domain::ports::Aggregates;
use domain::{Chain, Fault};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use tracing::debug;
use utoipa::ToSchema;

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthView {
    /// `live`, `ready` or `not ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// What it needs, and how that is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<DependencyView>,
}

/// How something is that the service needs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dependency)]
pub(crate) struct DependencyView {
    /// What it is.
    #[schema(example = "store")]
    name: &'static str,
    /// Whether it can be used.
    ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Tell that the process runs
#[utoipa::path(
    get,
    path = "/api/health/live",
    tag = "service",
    operation_id = "live",
    responses((status = 200, description = "It does", body = HealthView))
)]
#[expect(clippy::unnecessary_wraps, reason = "a row of the routes, like every other")]
pub(crate) fn live() -> Answer {
    Ok(json(StatusCode::OK, &HealthView { status: "live", dependencies: Vec::new() }))
}

/// Tell whether orders can be served
#[utoipa::path(
    get,
    path = "/api/health/ready",
    tag = "service",
    operation_id = "ready",
    responses(
        (status = 200, description = "They can", body = HealthView),
        (status = 503, description = "They cannot: what is missing, and why", body = HealthView),
    )
)]
pub(crate) async fn ready<S: Aggregates<Order>>(store: Arc<S>) -> Answer {
    let fault = store.ready().await.err();
    if let Some(fault) = &fault {
        debug!("not ready: store: {}", Chain(fault));
    }
    let reason = fault.as_ref().map(reason);
    let (code, status) = match &reason {
        None => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    let store = DependencyView { name: "store", ready: reason.is_none(), reason };
    Ok(json(code, &HealthView { status, dependencies: vec![store] }))
}

/// In words for everybody: the route is anonymous, and causes name hosts and ports. A problem of
/// the set-up is written to be read, but may quote the service at length: its beginning will do.
fn reason(fault: &Fault) -> String {
    match fault {
        Fault::Throttled { .. } => "is busy".into(),
        Fault::Unavailable(_) => "cannot be reached".into(),
        Fault::Unanswered(_) => "does not answer".into(),
        Fault::Misconfigured { problem } => problem.chars().take(REASON_MAX).collect(),
        Fault::Conflict | Fault::Rejected { .. } => "refuses to be read".into(),
    }
}

/// The most characters of a reason: a sentence or two.
const REASON_MAX: usize = 200;
