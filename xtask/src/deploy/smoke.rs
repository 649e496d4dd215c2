//! Whether it works: an order placed through the API, its event read back as processed.
//!
//! The order's id comes from what is deployed, so that a run which changes nothing repeats the order of
//! the run before, and the API answers with that one: nothing is placed twice.
//!
//! "Processed" is written only after Service Bus settled the message, so nothing has to be taken
//! from a subscription, and so from its consumers, to know that it got there. How many messages
//! wait there is told by Resource Manager.

use super::cloud::Cloud;
use super::pause::{EVENT, Look};
use super::preflight::text;
use super::provision::Outputs;
use super::trouble::Trouble;
use super::web::Request;
use super::{Progress, say};
use anyhow::Result;
use serde_json::{Value, json};

const LEFT: &str = "all resources, and both packages";

/// The default function key of the API.
pub(crate) fn key(cloud: &Cloud, group: &str, app: &str) -> Result<String> {
    let path = format!("{group}/providers/Microsoft.Web/sites/{app}/host/default/listkeys");
    let key = cloud.waits.until(EVENT, || {
        let reply = cloud.post(&path, "2025-03-01", None)?;
        let keys = reply.json();
        let key = text(&keys, "/functionKeys/default");
        if key.is_empty() { Ok(Look::Again(reply.said())) } else { Ok(Look::Done(key.to_owned())) }
    })?;
    key.map_err(|said| {
        let what = format!("{app} gives no function key: {said}");
        Trouble::after(what, LEFT, "see whether the app runs, then the same command again")
    })
}

/// Places an order and waits until its event is out.
pub(crate) fn order(cloud: &Cloud, outputs: &Outputs, key: &str, id: &str) -> Result<()> {
    let progress = Progress::start("placing an order");
    let orders = format!("https://{}/api/orders", outputs.api_host);
    place(cloud, &orders, key, id)?;
    progress.say(&format!("waiting for the event of {id}"));
    let url = format!("{orders}/{id}/events");
    let processed = cloud.waits.until(EVENT, || {
        let reply = Request::new("GET", &url).header("x-functions-key", key).send()?;
        let events = reply.json();
        match text(&events, "/events/0/state") {
            // Only what was processed ever expires: the order is from an earlier run.
            "" if events.get("events") == Some(&json!([])) => Ok(Look::Done(())),
            "processed" => Ok(Look::Done(())),
            "parked" => {
                let what = format!("the broker refuses the event of order {id}");
                let todo = format!("`relay show {id}` says the reason");
                Err(Trouble::after(what, LEFT, todo))
            }
            "" => Ok(Look::Again(reply.said())),
            other => Ok(Look::Again(format!("it is {other}"))),
        }
    })?;
    processed.map_err(|stands| {
        let what = format!("order {id} was taken, its event did not get out: {stands}");
        let left = format!("{LEFT}; the event goes out as soon as the relay can: nothing is lost");
        let todo = format!(
            "see the log of {} (a role may still spread); docs/operate.md, `events-late`",
            outputs.relay
        );
        Trouble::after(what, left, todo)
    })?;
    progress.done("smoke test: order placed, event processed");
    Ok(())
}

fn place(cloud: &Cloud, orders: &str, key: &str, id: &str) -> Result<()> {
    let body = json!({"orderId": id, "accountNumber": "smoke-test", "quantity": 1});
    let placed = cloud.waits.until(EVENT, || {
        let request = Request::new("POST", orders).header("x-functions-key", key);
        let reply = request.json(&body).send()?;
        match reply.status {
            200 | 201 if text(&reply.json(), "/orderId") == id => Ok(Look::Done(())),
            400 | 422 => {
                let what = format!("the API refuses an order: {}", reply.said());
                let todo = "see whether this is the API of this tree: `curl …/api/openapi.json`";
                Err(Trouble::after(what, LEFT, todo))
            }
            _ => Ok(Look::Again(reply.said())),
        }
    })?;
    placed.map_err(|said| {
        let todo = "see the API's log for a wrong setting or a missing role, then the same again";
        Trouble::after(format!("the API takes no order: {said}"), LEFT, todo)
    })
}

/// How many messages wait in the subscription, where that can be read.
pub(crate) fn waiting(cloud: &Cloud, group: &str, outputs: &Outputs) -> Result<Option<u64>> {
    let [_, topic, subscription] = &outputs.bus;
    let namespace =
        format!("{group}/providers/Microsoft.ServiceBus/namespaces/{}", outputs.namespace);
    let path = format!("{namespace}/topics/{topic}/subscriptions/{subscription}");
    let reply = cloud.get(&path, "2024-01-01")?.json();
    let count = reply.pointer("/properties/countDetails/activeMessageCount");
    let count = count.and_then(Value::as_u64);
    if let Some(count) = count {
        say(format!("waiting       {count} messages in {topic}/{subscription}, for its consumers"));
    }
    Ok(count)
}

/// What to type to use it.
pub(crate) fn lines(arguments: &super::Arguments, outputs: &Outputs) -> [String; 2] {
    let key = format!(
        "KEY=$(az functionapp keys list --resource-group {} --name {} --query functionKeys.default --output tsv)",
        arguments.resource_group, outputs.api
    );
    let body = json!({"accountNumber": "A-17", "quantity": 3});
    let order = format!(
        "curl -i https://{}/api/orders -H \"x-functions-key: $KEY\" -H 'content-type: application/json' -d '{body}'",
        outputs.api_host
    );
    [key, order]
}

/// What a pipeline is told about where things are.
pub(crate) fn places(outputs: &Outputs) -> Value {
    let [namespace, topic, subscription] = &outputs.bus;
    json!({
        "api": format!("https://{}/api", outputs.api_host),
        "apiApp": outputs.api,
        "relayApp": outputs.relay,
        "serviceBus": namespace,
        "topic": topic,
        "subscription": subscription,
    })
}
