//! Sends an order on its way.

use crate::asked::Asked;
use crate::body::must_be_empty;
use crate::change::change;
use crate::fields::path_id;
use crate::openapi::{Changed, Unanswered};
use crate::problem::{Document, Problem};
use crate::routes::Answer;
use bytes::BytesMut;
use domain::order::Order;
use domain::ports::Aggregates;
use std::sync::Arc;

/// Ship an order
///
/// The body is empty or `{}`. Sent again it answers 200 and does nothing.
#[utoipa::path(
    post,
    path = "/api/orders/{id}/ship",
    tag = "orders",
    operation_id = "shipOrder",
    params(
        ("id" = String, Path, description = "The order's id"),
        ("If-Match" = Option<String>, Header, description = "The version the client decided on"),
    ),
    responses(
        (status = 200, response = inline(Changed)),
        (status = "4XX", description = "400, 404, 408, 409 (cancelled, or changed by others all the \
            time), 412 (another version), 413, 415 or 422", body = Document<'_>,
            content_type = "application/problem+json"),
        (status = 503, response = inline(Unanswered)),
    )
)]
pub(crate) async fn ship<S: Aggregates<Order>>(
    id: String,
    asked: Asked,
    body: Result<BytesMut, Problem>,
    store: Arc<S>,
) -> Answer {
    let id = path_id(&id)?;
    must_be_empty(&asked.headers, &body?)?;
    change(&*store, &id, &asked, |order| order.ship(asked.now)).await
}
