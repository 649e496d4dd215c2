//! Offers: each container has one, and its throughput can be read and replaced. Nothing is
//! throttled by it.

use super::call::Call;
use super::query::Asked;
use super::reply::Reply;
use super::resources::{listed, not_served};
use super::target::Target;
use crate::cosmos::Cosmos;
use crate::cosmos::core::{Container, Refusal};
use http::Method;
use serde_json::{Value, json};

/// `/offers` and `/offers/{id}`.
pub(super) fn answer(cosmos: &Cosmos, call: &Call) -> Result<Reply, Refusal> {
    let containers = cosmos.read_account().all();
    let offers = containers.iter().map(|(_, _, container)| describe(&Cosmos::lock(container)));
    match (&call.target, &call.method) {
        (Target::Offers, &Method::GET) => Ok(listed("", "Offers", &offers.collect::<Vec<_>>())),
        (Target::Offers, &Method::POST) if call.is_query() => {
            let offers: Vec<Value> = offers.collect();
            Ok(listed("", "Offers", &Asked::read(call)?.over(offers.iter())?))
        }
        (Target::Offer(id), method) => {
            let found = containers.iter().find(|(_, _, container)| {
                offer_id(&Cosmos::lock(container)).eq_ignore_ascii_case(id)
            });
            let missing = || Refusal::NotFound(format!("the offer '{id}'"));
            let (_, _, container) = found.ok_or_else(missing)?;
            let mut container = Cosmos::lock(container);
            match *method {
                Method::GET => {}
                Method::PUT => container.throughput = throughput(&call.json()?)?,
                _ => return Err(not_served(call)),
            }
            Ok(Reply::resource(200, &describe(&container)))
        }
        _ => Err(not_served(call)),
    }
}

fn throughput(offer: &Value) -> Result<u64, Refusal> {
    let throughput = offer.pointer("/content/offerThroughput").and_then(Value::as_u64);
    throughput.filter(|units| 0 < *units).ok_or_else(|| {
        Refusal::Bad("content.offerThroughput of an offer is a positive number".to_owned())
    })
}

fn offer_id(container: &Container) -> String {
    format!("o{:03x}", container.rid().number)
}

fn describe(container: &Container) -> Value {
    let id = offer_id(container);
    json!({
        "id": id,
        "_rid": id,
        "_self": format!("offers/{id}/"),
        "_etag": container.etag(),
        "_ts": 0,
        "offerVersion": "V2",
        "offerType": "Invalid",
        "resource": container.rid().link(),
        "offerResourceId": container.rid().text(),
        "content": {"offerThroughput": container.throughput, "offerIsRUPerMinuteThroughputEnabled": false},
    })
}
