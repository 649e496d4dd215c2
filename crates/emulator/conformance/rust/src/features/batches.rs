//! Transactional batches.

use crate::runner::{Feature, equal, feature, holds};
use crate::world::{World, refused, with_content};
use anyhow::{Context, Result};
use azure_data_cosmos::TransactionalBatch;
use azure_data_cosmos::clients::ContainerClient;
use azure_data_cosmos::models::TransactionalBatchResponse;
use azure_data_cosmos::options::{BatchOptions, BatchReplaceOptions, Precondition};
use serde_json::{Value, json};

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("batch: five kinds of operation in one, in order", |w| Box::pin(five(w))),
        feature("batch: one that fails takes all others along (207, 424)", |w| {
            Box::pin(failing(w))
        }),
        feature("batch: a stale version within is 412", |w| Box::pin(stale(w))),
        feature("batch: reads see what was written before them", |w| Box::pin(reads(w))),
        feature("batch: without asking, no document comes back", |w| Box::pin(minimal(w))),
        feature("batch: 101 operations are 400", |w| Box::pin(too_many(w))),
        feature("batch: more than 2 MB is 413", |w| Box::pin(too_large(w))),
        feature("batch: a document of another partition key is 400 of that operation", |w| {
            Box::pin(other_key(w))
        }),
    ]
}

async fn execute(
    container: &ContainerClient,
    batch: TransactionalBatch,
) -> Result<(u16, TransactionalBatchResponse)> {
    let options = BatchOptions::default().with_operation_options(with_content());
    let response = container.execute_transactional_batch(batch, Some(options)).await?;
    Ok((response.status().status_code().into(), response.into_model()?))
}

fn codes(response: &TransactionalBatchResponse) -> Vec<u16> {
    response.results().iter().map(|result| result.status_code()).collect()
}

fn item(id: &str, n: u32) -> Value {
    json!({"id": id, "pk": "p", "n": n})
}

async fn five(world: &World) -> Result<()> {
    let container = world.container().await?;
    let batch = TransactionalBatch::new("p")
        .create_item(item("a", 1))?
        .upsert_item(item("b", 2), None)?
        .read_item("a", None)
        .replace_item("b", item("b", 3), None)?
        .delete_item("a", None);
    let (status, response) = execute(&container, batch).await?;
    equal((status, codes(&response)), (200, vec![201, 201, 200, 200, 204]))?;
    let charges = response.results().iter().filter_map(|result| result.request_charge());
    holds(charges.filter(|charge| 0.0 < *charge).count() == 5, "each has its charge")?;
    refused(404, container.read_item("p", "a", None)).await?;
    equal(container.read_item("p", "b", None).await?.into_model::<Value>()?["n"].clone(), json!(3))
}

async fn failing(world: &World) -> Result<()> {
    let (container, _) = world.filled(0, 1).await?;
    container.create_item("p", "taken", item("taken", 0), None).await?;
    let batch = TransactionalBatch::new("p")
        .create_item(item("a", 1))?
        .create_item(item("taken", 2))?
        .upsert_item(item("b", 3), None)?;
    let (status, response) = execute(&container, batch).await?;
    equal((status, codes(&response)), (207, vec![424, 409, 424]))?;
    refused(404, container.read_item("p", "a", None)).await.map(drop)
}

async fn stale(world: &World) -> Result<()> {
    let container = world.container().await?;
    container.create_item("p", "a", item("a", 1), None).await?;
    let stale = Precondition::IfMatch("\"stale\"".into());
    let options = BatchReplaceOptions::default().with_precondition(stale);
    let batch = TransactionalBatch::new("p").upsert_item(item("b", 1), None)?.replace_item(
        "a",
        item("a", 2),
        Some(options),
    )?;
    let (status, response) = execute(&container, batch).await?;
    equal((status, codes(&response)), (207, vec![424, 412]))
}

async fn reads(world: &World) -> Result<()> {
    let container = world.container().await?;
    let batch = TransactionalBatch::new("p")
        .create_item(item("a", 1))?
        .replace_item("a", item("a", 2), None)?
        .read_item("a", None);
    let (_, response) = execute(&container, batch).await?;
    let read = response.results().last().context("no result")?;
    let read: Value = read.into_model()?.context("no document")?;
    equal(&read["n"], &json!(2))
}

async fn minimal(world: &World) -> Result<()> {
    let container = world.container().await?;
    let batch = TransactionalBatch::new("p").create_item(item("a", 1))?;
    let response = container.execute_transactional_batch(batch, None).await?.into_model()?;
    let result = response.results().first().context("no result")?;
    holds(result.resource_body().is_none(), "there is no document")?;
    holds(result.etag().is_some(), "there is an etag")
}

async fn too_many(world: &World) -> Result<()> {
    let container = world.container().await?;
    let mut batch = TransactionalBatch::new("p");
    for n in 0..101 {
        batch = batch.create_item(item(&n.to_string(), n))?;
    }
    refused(400, container.execute_transactional_batch(batch, None)).await.map(drop)
}

async fn too_large(world: &World) -> Result<()> {
    let container = world.container().await?;
    let mut batch = TransactionalBatch::new("p");
    for n in 0..3 {
        let text = "x".repeat(800_000);
        batch = batch.create_item(json!({"id": n.to_string(), "pk": "p", "text": text}))?;
    }
    refused(413, container.execute_transactional_batch(batch, None)).await.map(drop)
}

async fn other_key(world: &World) -> Result<()> {
    let container = world.container().await?;
    let batch = TransactionalBatch::new("p")
        .create_item(item("a", 1))?
        .create_item(json!({"id": "b", "pk": "q"}))?;
    let (status, response) = execute(&container, batch).await?;
    equal((status, codes(&response)), (207, vec![424, 400]))
}
