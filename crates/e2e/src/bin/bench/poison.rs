//! One poisoned order among many: how long the others take from commit to mark, beside a run
//! without it.

use crate::table::{head, line, ms, thousands};
use anyhow::{Context, Result, ensure};
use domain::Timestamp;
use e2e::wait;
use e2e::world::World;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::interval;

/// Prints both runs.
pub(crate) async fn beside(orders: u32) -> Result<()> {
    println!("\n{} orders at an even pace, from commit to processed:\n", thousands(orders));
    head(&["poisoned", "p50", "p99", "longest"]);
    for poisoned in [0, 1] {
        let mut took = run(orders, poisoned).await?;
        took.sort_unstable();
        let at = |share: usize| took.get(took.len() * share / 1000).copied().unwrap_or_default();
        let longest = took.last().copied().unwrap_or_default();
        line(&[poisoned.to_string(), ms(at(500)), ms(at(990)), ms(longest)]);
    }
    Ok(())
}

/// How long each order took that was not poisoned.
async fn run(orders: u32, poisoned: usize) -> Result<Vec<Duration>> {
    let world = World::start().await?;
    let (mut pace, mut placing) = (interval(PACE), JoinSet::new());
    for number in 1..=orders {
        pace.tick().await;
        if number == orders / 2 && 0 < poisoned {
            let refuse = json!({"target": "servicebus", "entity": "orders", "operation": "transfer",
                "action": "reject", "condition": "com.microsoft:argument-error", "count": poisoned});
            world.emulator.fault(refuse).await?;
        }
        let client = world.client.clone();
        placing.spawn(async move { client.place("A-17", number).await });
    }
    let mut placed = Vec::new();
    while let Some(order) = placing.join_next().await {
        placed.push(order??);
    }
    wait::until("nothing is pending", async || {
        let status = world.operated(&["status", "--json"]).await?;
        Ok((status.pointer("/pending/count") == Some(&Value::from(0))).then_some(()))
    })
    .await?;
    let mut took = Vec::new();
    for order in &placed {
        let events = world.client.events(order).await?;
        took.extend(latency(events.first().context("an event")?)?);
    }
    ensure!(took.len() + poisoned == placed.len(), "{} of {}", took.len(), placed.len());
    Ok(took)
}

/// From commit to mark; none of an event that is parked.
fn latency(event: &Value) -> Result<Option<Duration>> {
    let instant = |name: &str| -> Result<Option<Timestamp>> {
        let text = event.get(name).and_then(Value::as_str);
        Ok(text.map(str::parse).transpose()?)
    };
    let from = instant("occurredAt")?.context("no occurredAt")?;
    let Some(until) = instant("processedAt")? else { return Ok(None) };
    Ok(Some(Duration::try_from(until.duration_since(from)).unwrap_or_default()))
}

/// Between two orders: slow enough for any machine to keep up.
const PACE: Duration = Duration::from_millis(5);
