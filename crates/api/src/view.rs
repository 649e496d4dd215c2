//! Orders and events as clients see them.

use crate::precondition::etag;
use domain::order::{Order, Status};
use domain::{Entry, Envelope, EventState, Timestamp};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use warp::reply::Response;

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub(crate) struct OrderView {
    /// Its id.
    #[schema(example = "order-17")]
    order_id: String,
    /// Whose it is.
    #[schema(example = "A-17")]
    account_number: String,
    /// How many pieces.
    #[schema(example = 3, minimum = 1, maximum = 1_000_000)]
    quantity: u32,
    /// How far it has come.
    status: StatusView,
    /// The sequence of its latest event; the `ETag` is the same in quotes.
    #[schema(example = 1, minimum = 1)]
    version: u32,
    /// When it was placed.
    #[schema(format = DateTime)]
    placed_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// How far an order has come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Status)]
pub(crate) enum StatusView {
    /// Open: it can be changed, cancelled and shipped.
    Placed,
    /// Called off.
    Cancelled,
    /// On its way to the customer.
    Shipped,
}

/// An event of an order, and how far it has come on its way to the topic.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub(crate) struct EventView {
    /// Its id, which is also the MessageId on the topic.
    #[schema(example = "order-17.1")]
    event_id: String,
    /// Its place among the order's events.
    #[schema(example = 1, minimum = 1)]
    sequence: u32,
    /// What happened.
    #[schema(example = "OrderPlaced")]
    event_type: String,
    /// `pending`: waits to be published. `processed`: on the topic. `parked`: can never be sent
    /// as it is. `skipped`: given up by an operator.
    #[schema(example = "processed")]
    state: &'static str,
    /// When it happened.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// When it was marked as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    processed_at: Option<String>,
    /// When it was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    parked_at: Option<String>,
    /// Why it was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What it says: the body of the message.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// The trace of the request that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        let Order {
            id,
            account_number,
            quantity,
            status,
            version,
            placed_at,
            updated_at,
            fingerprint: _,
        } = order;
        Self {
            order_id: id.to_string(),
            account_number: account_number.to_string(),
            quantity: quantity.get(),
            status: match status {
                Status::Placed => StatusView::Placed,
                Status::Cancelled => StatusView::Cancelled,
                Status::Shipped => StatusView::Shipped,
            },
            version: version.get(),
            placed_at: text(placed_at),
            updated_at: text(updated_at),
        }
    }
}

impl From<Entry> for EventView {
    fn from(Entry { envelope, state }: Entry) -> Self {
        let event_id = envelope.id().to_string();
        let Envelope { key: _, sequence, event_type, occurred_at, data, traceparent } = envelope;
        let (name, processed_at, parked_at, reason) = match state {
            EventState::Pending => ("pending", None, None, None),
            EventState::Processed { at } => ("processed", Some(at), None, None),
            EventState::Parked { at, reason } => ("parked", None, Some(at), Some(reason)),
            EventState::Skipped => ("skipped", None, None, None),
        };
        Self {
            event_id,
            sequence: sequence.get(),
            event_type: event_type.into_owned(),
            state: name,
            occurred_at: text(occurred_at),
            processed_at: processed_at.map(text),
            parked_at: parked_at.map(text),
            reason,
            data: RawValue::from_string(data.as_str().into()).unwrap_or_default(),
            traceparent: traceparent.map(|trace| trace.to_string()),
        }
    }
}

/// An order with its `ETag`.
pub(crate) fn order(status: StatusCode, order: Order) -> Response {
    let tag = etag(order.version);
    let mut response = json(status, &OrderView::from(order));
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// A value as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // Views are structs of strings and numbers: writing them does not fail.
    let mut response = Response::new(serde_json::to_vec(value).unwrap_or_default().into());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// An instant with milliseconds, also where they are 0: texts of one length sort like instants.
fn text(at: Timestamp) -> String {
    format!("{at:.3}")
}
