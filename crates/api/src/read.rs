//! Reads one order.

use crate::asked::Asked;
use crate::fields::path_id;
use crate::openapi::Away;
use crate::precondition::{Conditions, Verdict, etag};
use crate::problem::{Document, Problem, Store};
use crate::routes::Answer;
use crate::view::{self, OrderView};
use domain::order::Order;
use domain::ports::Aggregates;
use http::{StatusCode, header};
use std::sync::Arc;
use warp::reply::Response;

/// Read an order
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    tag = "orders",
    operation_id = "readOrder",
    params(
        ("id" = String, Path, description = "The order's id"),
        ("If-None-Match" = Option<String>, Header, description = "The version the client has"),
    ),
    responses(
        (status = 200, description = "The order", body = OrderView,
            headers(("ETag", description = "Its version"))),
        (status = 304, description = "The client has this version"),
        (status = "4XX", description = "400, 404, 412 or 422", body = Document<'_>,
            content_type = "application/problem+json"),
        (status = 503, response = inline(Away)),
    )
)]
pub(crate) async fn read<S: Aggregates<Order>>(id: String, asked: Asked, store: Arc<S>) -> Answer {
    let id = path_id(&id)?;
    let conditions = Conditions::of(&asked.headers)?;
    let found = store.load(&id).await.map_err(Store::reading)?;
    let order = found.ok_or(Problem::NoOrder)?.state;
    match conditions.judge(order.version) {
        Verdict::Holds => Ok(view::order(StatusCode::OK, order)),
        Verdict::Unmodified => Ok(unmodified(&order)),
        Verdict::Failed => Err(Problem::Stale { version: order.version }),
    }
}

fn unmodified(order: &Order) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::ETAG, etag(order.version));
    response
}
