//! Faults: what the SDK makes of throttling, errors and cut connections.

use crate::runner::{Feature, equal, feature, holds};
use crate::world::{World, refused};
use anyhow::Result;
use serde_json::{Value, json};

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("faults: a throttled write is done in the end", |w| Box::pin(throttled(w))),
        feature("faults: one throttled for ever ends in 429", |w| Box::pin(for_ever(w))),
        feature("faults: a read goes on over 503", |w| Box::pin(unavailable(w))),
        feature("faults: a delayed answer is waited for", |w| Box::pin(delayed(w))),
        feature("faults: a connection cut before the read", |w| Box::pin(cut_before(w))),
        feature("faults: a connection cut after the write: it is there once", |w| {
            Box::pin(cut_after(w))
        }),
    ]
}

async fn used_up(world: &World) -> Result<()> {
    let left = world.faults().await?;
    holds(left.as_array().is_some_and(Vec::is_empty), "every fault was met")
}

async fn throttled(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    world
        .fault(json!({"operation": "create", "action": "throttle", "retryAfterMs": 5, "count": 3}))
        .await?;
    container.create_item("p", "a", json!({"id": "a", "pk": "p"}), None).await?;
    used_up(world).await
}

async fn for_ever(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    world
        .fault(json!({"operation": "read", "action": "throttle", "retryAfterMs": 1, "count": 1000}))
        .await?;
    refused(429, container.read_item("k0", "000", None)).await?;
    world.no_faults().await
}

async fn unavailable(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    world
        .fault(json!({"operation": "read", "action": "status", "status": 503, "count": 1}))
        .await?;
    container.read_item("k0", "000", None).await?;
    used_up(world).await
}

async fn delayed(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    world
        .fault(json!({"operation": "read", "action": "delay", "delayMs": 200, "count": 1}))
        .await?;
    container.read_item("k0", "000", None).await?;
    used_up(world).await
}

async fn cut_before(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    world.fault(json!({"operation": "read", "action": "drop-before", "count": 1})).await?;
    let read: Value = container.read_item("k0", "000", None).await?.into_model()?;
    equal(read["id"].as_str(), Some("000"))?;
    used_up(world).await
}

async fn cut_after(world: &World) -> Result<()> {
    let container = world.container().await?;
    world.fault(json!({"operation": "create", "action": "drop-after", "count": 1})).await?;
    let made = container.create_item("p", "a", json!({"id": "a", "pk": "p"}), None).await;
    // The SDK sends it again, and is told that its own first attempt has taken the id.
    if let Err(error) = made {
        equal(u16::from(error.status().status_code()), 409)?;
    }
    container.read_item("p", "a", None).await?;
    used_up(world).await
}
