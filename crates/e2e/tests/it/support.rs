//! What several files need.

use anyhow::{Context, Result};
use e2e::client::Client;
use e2e::ledger::Shared;
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
    container_at(&world.emulator.cosmos, container)
}

/// Any container of the account at this endpoint, read as it stands at rest.
pub(crate) fn container_at(endpoint: &str, container: &str) -> Result<Arc<cosmos::Container>> {
    let settings = cosmos::Settings::read(|name| match name {
        "COSMOS_CONTAINER" => Some(container.to_owned()),
        "COSMOS_LEASE_CONTAINER" => Some("none".to_owned()),
        "COSMOS_ENDPOINT" => Some(endpoint.to_owned()),
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

/// One more relay of this world, not started yet; its leases are short enough for a test.
pub(crate) fn another_relay(world: &World) -> Result<App> {
    let variables = [
        ("COSMOS_ENDPOINT", world.emulator.cosmos.as_str()),
        ("COSMOS_KEY", COSMOS_KEY),
        ("SERVICEBUS_CONNECTION", world.emulator.servicebus.as_str()),
        ("RELAY_LEASE_ACQUIRE", "1s"),
        ("RELAY_LEASE_RENEW", "1s"),
        ("RELAY_LEASE_EXPIRE", "5s"),
        ("RELAY_SWEEP_AFTER", "5s"),
    ];
    App::new("relay", "/health/ready", &variables, world.logs())
}

/// Waits until so many events are acknowledged.
pub(crate) async fn acknowledged(ledger: &Shared, count: usize) -> Result<()> {
    let what = format!("{count} events are acknowledged");
    wait::until(&what, async || Ok((count <= ledger.lock().acknowledged()).then_some(()))).await
}

/// Waits until everything acknowledged has arrived; then nothing was overtaken or doubled, and the
/// audit accounts for every event, each of which is processed and was received.
pub(crate) async fn conserved(world: &World, ledger: &Shared) -> Result<()> {
    wait::until("everything acknowledged has arrived", async || {
        let missing = ledger.lock().verdict().missing;
        anyhow::ensure!(missing.is_empty(), "{missing:?} are missing");
        Ok(Some(()))
    })
    .await?;
    let number = |audit: &Value, name: &str| audit.get(name).and_then(Value::as_u64);
    let audit = wait::until("every event is processed", async || {
        let audit = world.operated(&["audit", "--json"]).await?;
        let waits = [number(&audit, "pending"), number(&audit, "parked")];
        anyhow::ensure!(waits == [Some(0); 2], "{audit}");
        Ok(Some(audit))
    })
    .await?;
    // An audit that finds a violation ends with another exit code, and would not come to this.
    let ledger = ledger.lock();
    let (verdict, distinct) = (ledger.verdict(), ledger.distinct());
    anyhow::ensure!(verdict.is_clean(), "{verdict:?}");
    let events = number(&audit, "events");
    anyhow::ensure!(events == u64::try_from(distinct).ok(), "{distinct} received of {audit}");
    Ok(())
}
