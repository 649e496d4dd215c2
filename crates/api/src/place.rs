//! Places an order, once, however often the client asks.

use crate::asked::Asked;
use crate::body::must_be_json;
use crate::fields::{Fields, parsed, quantity};
use crate::openapi::{PlacementBody, Unanswered};
use crate::problem::{Document, Problem, Store};
use crate::routes::Answer;
use crate::view::{self, OrderView};
use bytes::BytesMut;
use domain::order::{Order, Placement};
use domain::ports::{Aggregates, Basis};
use domain::value::{AccountNumber, IdempotencyKey};
use domain::{Fault, Key, Timestamp};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;
use uuid::{NoContext, Uuid};

/// Place an order
///
/// Sent again with the same id and content it answers 200 and places nothing: a request that was
/// not answered can be repeated safely. The id is `orderId`, or derived from the account number
/// and `Idempotency-Key`, or made up; a given `orderId` goes before the key.
#[utoipa::path(
    post,
    path = "/api/orders",
    tag = "orders",
    operation_id = "placeOrder",
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255,
        description = "The client's own name for this request: 1 to 255 visible ASCII characters")),
    request_body = PlacementBody,
    responses(
        (status = 201, description = "Placed", body = OrderView, headers(
            ("Location", description = "The order's path"), ("ETag", description = "Its version"))),
        (status = 200, description = "Was placed before with the same content", body = OrderView,
            headers(("ETag", description = "Its version"))),
        (status = "4XX", description = "400, 408, 409 (the id was placed with other content), \
            413, 415 or 422", body = Document<'_>, content_type = "application/problem+json"),
        (status = 503, response = inline(Unanswered)),
    )
)]
pub(crate) async fn place<S: Aggregates<Order>>(
    asked: Asked,
    body: Result<BytesMut, Problem>,
    store: Arc<S>,
) -> Answer {
    let Asked { now, trace, headers } = asked;
    must_be_json(&headers)?;
    let placement = placement(&headers, &body?, now)?;

    let change = Order::place(placement.clone(), now).traced(&trace);
    let order = change.state().clone();
    match store.commit(change, Basis::New).await {
        Ok(()) => Ok(created(order)),
        Err(Fault::Conflict) => repeated(&placement, &*store).await,
        Err(fault) => Err(Store::writing(&placement.id, fault)),
    }
}

/// The id is taken: by this very request when it was sent before, or by another order.
///
/// INVARIANT(no-answer-is-not-no): a client that heard nothing sends the same again, and hears
/// what became of the first.
async fn repeated<S: Aggregates<Order>>(placement: &Placement, store: &S) -> Answer {
    match store.load(&placement.id).await.map_err(Store::reading)? {
        Some(found) if found.state.was_placed_as(placement) => {
            Ok(view::order(StatusCode::OK, found.state))
        }
        Some(_) => Err(Problem::PlacedOtherwise { id: placement.id.clone() }),
        // It is there, and this replica does not know yet: no reason to tell the client no.
        None => Err(Store::reading(Fault::Unavailable("the order cannot be read yet".into()))),
    }
}

/// INVARIANT(refuse-early): an id or a quantity that Service Bus or a consumer would choke on does
/// not get past here, and all that does fits into a message many times over.
fn placement(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Placement, Problem> {
    let mut fields = Fields::parse(body)?;
    let order_id = fields.optional("orderId", parsed::<Key>);
    let account_number = fields.required("accountNumber", parsed::<AccountNumber>);
    let quantity = fields.required("quantity", quantity);
    let key = fields.header::<IdempotencyKey>("Idempotency-Key", headers);
    let (account_number, quantity) = fields.finish(account_number.zip(quantity))?;

    let id = match (order_id, key) {
        (Some(id), _) => id,
        (None, Some(key)) => key.order_id(&account_number),
        (None, None) => new_id(now),
    };
    Ok(Placement { id, account_number, quantity })
}

/// A UUID of version 7: sorts by time.
fn new_id(now: Timestamp) -> Key {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds)).into()
}

fn created(order: Order) -> warp::reply::Response {
    let location = HeaderValue::try_from(format!("/api/orders/{}", order.id));
    let mut response = view::order(StatusCode::CREATED, order);
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
