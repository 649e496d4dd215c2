//! Offers: each container has one, and its throughput can be read and replaced. Nothing is
//! throttled by it.

use super::call::Call;
use super::query::Asked;
use super::reply::Reply;
use super::resources::{not_served, paged};
use super::target::Target;
use crate::cosmos::Cosmos;
use crate::cosmos::core::{Container, Refusal, Throughput};
use http::Method;
use serde_json::{Value, json};

/// `/offers` and `/offers/{id}`.
pub(super) fn answer(cosmos: &Cosmos, call: &Call) -> Result<Reply, Refusal> {
    let containers = cosmos.read_account().all();
    let offers = containers.iter().map(|(_, _, container)| describe(&Cosmos::lock(container)));
    match (&call.target, &call.method) {
        (Target::Offers, &Method::GET) => paged(call, "", "Offers", &offers.collect::<Vec<_>>()),
        (Target::Offers, &Method::POST) if call.is_query() => {
            let offers: Vec<Value> = offers.collect();
            paged(call, "", "Offers", &Asked::read(call)?.over(offers.iter())?)
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
                Method::PUT => {
                    let offer = call.json()?;
                    let content = offer.get("content").unwrap_or(&Value::Null);
                    container.throughput = Throughput::of_offer(content)?;
                }
                _ => return Err(not_served(call)),
            }
            Ok(Reply::resource(200, &describe(&container)))
        }
        _ => Err(not_served(call)),
    }
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
        "content": container.throughput.content(),
    })
}
