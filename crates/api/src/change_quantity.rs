//! Changes how many pieces are ordered.

use crate::asked::Asked;
use crate::body::must_be_json;
use crate::change::change;
use crate::fields::{Fields, path_id, quantity};
use crate::openapi::{Changed, QuantityBody, Unanswered};
use crate::problem::{Document, Problem};
use crate::routes::Answer;
use bytes::BytesMut;
use domain::order::Order;
use domain::ports::Aggregates;
use std::sync::Arc;

/// Change the quantity of an order
///
/// The quantity that it has already is no change and no event.
#[utoipa::path(
    patch,
    path = "/api/orders/{id}",
    tag = "orders",
    operation_id = "changeQuantity",
    params(
        ("id" = String, Path, description = "The order's id"),
        ("If-Match" = Option<String>, Header, description = "The version the client decided on"),
    ),
    request_body = QuantityBody,
    responses(
        (status = 200, response = inline(Changed)),
        (status = "4XX", description = "400, 404, 408, 409 (cancelled, shipped, or changed by \
            others all the time), 412 (another version), 413, 415 or 422", body = Document<'_>,
            content_type = "application/problem+json"),
        (status = 503, response = inline(Unanswered)),
    )
)]
pub(crate) async fn change_quantity<S: Aggregates<Order>>(
    id: String,
    asked: Asked,
    body: Result<BytesMut, Problem>,
    store: Arc<S>,
) -> Answer {
    let id = path_id(&id)?;
    must_be_json(&asked.headers)?;
    let mut fields = Fields::parse(&body?)?;
    let quantity = fields.required("quantity", quantity);
    let quantity = fields.finish(quantity)?;
    change(&*store, &id, &asked, |order| order.change_quantity(quantity, asked.now)).await
}
