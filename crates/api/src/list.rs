//! Lists orders, newest first.

use crate::fields::Parameters;
use crate::openapi::Away;
use crate::problem::{Document, Problem, Store};
use crate::routes::Answer;
use crate::view::{OrderView, json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::order::Order;
use domain::ports::{Aggregates, Continuation, ListQuery};
use domain::value::AccountNumber;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// One page of orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub(crate) struct PageView {
    /// Newest first.
    orders: Vec<OrderView>,
    /// What to ask the next page with; absent on the last one. Opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation: Option<String>,
}

/// List orders, newest first
#[utoipa::path(
    get,
    path = "/api/orders",
    tag = "orders",
    operation_id = "listOrders",
    params(
        ("accountNumber" = Option<String>, Query, description = "Only orders of this account"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "The most orders of a page; 20 if not given"),
        ("continuation" = Option<String>, Query, description = "Where the last page ended"),
    ),
    responses(
        (status = 200, description = "A page", body = PageView),
        (status = 422, description = "A parameter is wrong, unknown or given twice",
            body = Document<'_>, content_type = "application/problem+json"),
        (status = 503, response = inline(Away)),
    )
)]
pub(crate) async fn list<S: Aggregates<Order>>(query: String, store: Arc<S>) -> Answer {
    let page = store.list(parse(&query)?).await.map_err(Store::reading)?;
    let orders = page.items.into_iter().map(OrderView::from).collect();
    let continuation = page.continuation.as_ref().map(encode);
    Ok(json(StatusCode::OK, &PageView { orders, continuation }))
}

fn parse(query: &str) -> Result<ListQuery, Problem> {
    let mut parameters = Parameters::parse(query);
    let account = parameters.take("accountNumber", |text| {
        text.parse::<AccountNumber>().map_err(|error| error.to_string())
    });
    let limit = parameters.take("limit", |text| match text.parse() {
        Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
        Ok(_) | Err(_) => Err(format!("must be a whole number from 1 to {LIMIT_MAX}")),
    });
    let continuation = parameters.take("continuation", |text| {
        decode(text).ok_or_else(|| "is not one that this service gave out".into())
    });
    parameters.finish()?;
    let filter = account.map(|account| ("accountNumber", account.as_str().to_owned()));
    Ok(ListQuery { filter, limit: limit.unwrap_or(LIMIT_USUAL), continuation })
}

/// Opaque, so that clients do not build on what is in it; the store trusts nothing of it either.
fn encode(continuation: &Continuation) -> String {
    let Continuation { placed_at, key } = continuation;
    URL_SAFE_NO_PAD.encode(format!("{placed_at} {key}"))
}

fn decode(text: &str) -> Option<Continuation> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (placed_at, key) = text.split_once(' ')?;
    Some(Continuation { placed_at: placed_at.parse().ok()?, key: key.parse().ok()? })
}

/// The most orders of a page: one answer stays below 32 KiB.
const LIMIT_MAX: usize = 100;
/// The orders of a page where the client does not say: about what a screen shows.
const LIMIT_USUAL: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_reads_back() {
        let given = Continuation {
            placed_at: "2026-11-23T20:00:00.123Z".parse().unwrap(),
            key: "order-17".parse().unwrap(),
        };
        assert_eq!(decode(&encode(&given)), Some(given));
    }

    #[test]
    fn what_is_no_continuation_is_not_guessed_at() {
        let odd = URL_SAFE_NO_PAD.encode("2026-11-23T20:00:00Z a/b");
        for wrong in ["", "!", "AAAA", &odd, &URL_SAFE_NO_PAD.encode([0xff, 0x20, 0x61])] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
