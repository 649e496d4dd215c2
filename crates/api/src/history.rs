//! The events of an order: where is my event?

use crate::fields::path_id;
use crate::openapi::Away;
use crate::problem::{Document, Problem, Store};
use crate::routes::Answer;
use crate::view::{EventView, json};
use domain::order::Order;
use domain::ports::Aggregates;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The events of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = History)]
pub(crate) struct HistoryView {
    /// The order.
    #[schema(example = "order-17")]
    order_id: String,
    /// Its events in sequence, except the published ones that expired.
    events: Vec<EventView>,
}

/// List the events of an order
///
/// In sequence, each with how far it has come on its way to the topic. Published events expire
/// after some days; pending and parked ones never.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/events",
    tag = "orders",
    operation_id = "listEvents",
    params(("id" = String, Path, description = "The order's id")),
    responses(
        (status = 200, description = "Its events", body = HistoryView),
        (status = "4XX", description = "404 or 422", body = Document<'_>,
            content_type = "application/problem+json"),
        (status = 503, response = inline(Away)),
    )
)]
pub(crate) async fn history<S: Aggregates<Order>>(id: String, store: Arc<S>) -> Answer {
    let id = path_id(&id)?;
    let entries = store.history(&id).await.map_err(Store::reading)?;
    // All of an order's events may have expired; only then is it in question whether it exists.
    if entries.is_empty() && store.load(&id).await.map_err(Store::reading)?.is_none() {
        return Err(Problem::NoOrder);
    }
    let events = entries.into_iter().map(EventView::from).collect();
    Ok(json(StatusCode::OK, &HistoryView { order_id: id.to_string(), events }))
}
