//! What several files need.

use anyhow::{Context, Result};
use e2e::client::Client;
use e2e::wait;
use e2e::world::{App, COSMOS_KEY, World};
use serde_json::Value;
use std::sync::Arc;

/// The container `orders`, read as it stands at rest.
pub(crate) fn container(world: &World) -> Result<Arc<cosmos::Container>> {
    container_of(world, "orders")
}

/// Any container, read as it stands at rest.
pub(crate) fn container_of(world: &World, container: &str) -> Result<Arc<cosmos::Container>> {
    let settings = cosmos::Settings::read(|name| match name {
        "COSMOS_CONTAINER" => Some(container.to_owned()),
        "COSMOS_LEASE_CONTAINER" => Some("none".to_owned()),
        "COSMOS_ENDPOINT" => Some(world.emulator.cosmos.clone()),
        "COSMOS_KEY" => Some(COSMOS_KEY.to_owned()),
        _ => None,
    });
    let settings = settings.map_err(|mistakes| anyhow::anyhow!("{mistakes:?}"))?;
    Ok(settings.open(cosmos::Patience::default())?)
}

/// A document as it stands at rest.
pub(crate) async fn document(world: &World, order: &str, id: &str) -> Result<Option<Value>> {
    let key = cosmos::PartitionKey::new(order);
    let item = container(world)?.read(&key, id).await?;
    item.map(|item| serde_json::from_slice(&item.body).context("not JSON")).transpose()
}

/// Waits until the states of an order's events are these.
pub(crate) async fn states(client: &Client, order: &str, expected: &[&str]) -> Result<()> {
    wait::until(&format!("the events of {order} are {expected:?}"), async || {
        let states = client.states(order).await?;
        anyhow::ensure!(states == expected, "they are {states:?}");
        Ok(Some(()))
    })
    .await
}

/// A number of `GET /state`, by JSON pointer.
pub(crate) async fn count(world: &World, pointer: &str) -> Result<u64> {
    let state = world.emulator.state().await?;
    let number = state.pointer(pointer).and_then(Value::as_u64);
    number.with_context(|| format!("no number at {pointer} of {state:#}"))
}

/// Waits until the readiness of a program is denied, with this word.
pub(crate) async fn not_ready(app: &App, path: &str, word: &str) -> Result<()> {
    let client = Client::new(&app.base);
    wait::until(&format!("the readiness names {word:?}"), async || {
        let answer = client.get(path).await?;
        let said = answer.body.to_string();
        anyhow::ensure!(answer.status == 503 && said.contains(word), "{answer:?}");
        Ok(Some(()))
    })
    .await
}
