//! Offers: a container has one of its own, or shares its database's. Throughput can be read and
//! replaced; nothing is throttled by it.

use super::call::Call;
use super::query::Asked;
use super::reply::Reply;
use super::resources::{not_served, paged};
use super::target::Target;
use crate::cosmos::Cosmos;
use crate::cosmos::core::{Offer, Refusal, Throughput};
use http::Method;
use serde_json::{Value, json};

/// `/offers` and `/offers/{id}`.
pub(super) fn answer(cosmos: &Cosmos, call: &Call) -> Result<Reply, Refusal> {
    match (&call.target, &call.method) {
        (Target::Offers, &Method::GET) => paged(call, "", "Offers", &described(cosmos)),
        (Target::Offers, &Method::POST) if call.is_query() => {
            paged(call, "", "Offers", &Asked::read(call)?.over(described(cosmos).iter())?)
        }
        (Target::Offer(id), &Method::GET) => {
            Ok(Reply::resource(200, &describe(&find(cosmos, id)?)))
        }
        (Target::Offer(id), &Method::PUT) => {
            let number = find(cosmos, id)?.number;
            let offer = call.json()?;
            let content = offer.get("content").unwrap_or(&Value::Null);
            cosmos.write_account().replace_offer(number, &Throughput::of_offer(content)?);
            Ok(Reply::resource(200, &describe(&find(cosmos, id)?)))
        }
        _ => Err(not_served(call)),
    }
}

fn described(cosmos: &Cosmos) -> Vec<Value> {
    cosmos.read_account().offers().iter().map(describe).collect()
}

fn find(cosmos: &Cosmos, id: &str) -> Result<Offer, Refusal> {
    let offers = cosmos.read_account().offers();
    let found = offers.into_iter().find(|offer| id_of(offer).eq_ignore_ascii_case(id));
    found.ok_or_else(|| Refusal::NotFound(format!("the offer '{id}'")))
}

fn id_of(offer: &Offer) -> String {
    format!("o{:03x}", offer.number)
}

fn describe(offer: &Offer) -> Value {
    let id = id_of(offer);
    let Offer { number: _, rid, link, etag, throughput } = offer;
    json!({
        "id": id,
        "_rid": id,
        "_self": format!("offers/{id}/"),
        "_etag": etag,
        "_ts": 0,
        "offerVersion": "V2",
        "offerType": "Invalid",
        "resource": link,
        "offerResourceId": rid,
        "content": throughput.content(),
    })
}
