//! The deployed API, as far as the smoke test uses it. It works only once both apps run.

use crate::server::{Answer, Asked, json};
use crate::world::{KEY, World};
use serde_json::json;

/// Answers as the API.
pub(crate) fn answer(world: &mut World, asked: &Asked) -> Answer {
    if !world.runs("shop-api-x1") {
        return json(404, json!({}));
    }
    if asked.header("x-functions-key") != KEY {
        world.complain(format!("{} {} without the function key", asked.method, asked.path));
        return json(401, json!({}));
    }
    if world.fails("api starts") {
        return json(503, json!({"title": "come back later"}));
    }
    let mut parts = asked.path.split('/').skip(1);
    match (asked.method.as_str(), parts.next(), parts.next(), parts.next(), parts.next()) {
        ("POST", Some("api"), Some("orders"), None, None) => place(world, asked),
        ("GET", Some("api"), Some("orders"), Some(id), Some("events")) => events(world, id),
        _ => json(404, json!({"title": "not found"})),
    }
}

fn place(world: &mut World, asked: &Asked) -> Answer {
    let body = asked.json();
    let Some(id) = body["orderId"].as_str().filter(|id| id.len() <= 64) else {
        return json(400, json!({"title": "invalid", "detail": "orderId"}));
    };
    if body["accountNumber"].as_str().is_none() || body["quantity"].as_u64().is_none() {
        return json(400, json!({"title": "invalid", "detail": "accountNumber, quantity"}));
    }
    let status = if world.orders.contains_key(id) { 200 } else { 201 };
    world.orders.entry(id.to_owned()).or_default();
    json(status, json!({"orderId": id}))
}

fn events(world: &mut World, id: &str) -> Answer {
    let (never, parked) = (world.fails("event stays"), world.fails("event parked"));
    let runs = world.runs("shop-relay-x1");
    let Some(looks) = world.orders.get_mut(id) else { return json(404, json!({})) };
    *looks += 1;
    let state = match *looks {
        _ if parked => "parked",
        _ if never || !runs => "pending",
        1 => "pending",
        _ => "processed",
    };
    json(200, json!({"orderId": id, "events": [{"sequence": 1, "state": state}]}))
}
