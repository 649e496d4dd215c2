//! Partition keys of every type.

use crate::runner::{Feature, equal, feature};
use crate::world::{World, refused};
use anyhow::Result;
use azure_data_cosmos::PartitionKey;
use azure_data_cosmos::feed::FeedScope;
use azure_data_cosmos::models::PartitionKeyValue;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("keys: text, numbers, true and false, null and undefined", |w| {
            Box::pin(scalars(w))
        }),
        feature("keys: the same id lives once in each partition", |w| Box::pin(same_id(w))),
        feature("keys: hierarchical ones, whole and by their first levels", |w| {
            Box::pin(hierarchical(w))
        }),
    ]
}

async fn scalars(world: &World) -> Result<()> {
    let container = world.container().await?;
    let keys: [(PartitionKey, Value); 8] = [
        ("p".into(), json!("p")),
        ("é\"\\😀".into(), json!("é\"\\😀")),
        (7.into(), json!(7)),
        (PartitionKey::try_from(-1.5_f64)?, json!(-1.5)),
        (true.into(), json!(true)),
        (false.into(), json!(false)),
        (PartitionKeyValue::NULL.into(), json!(null)),
        (PartitionKeyValue::UNDEFINED.into(), json!({})),
    ];
    for (key, value) in keys {
        let mut item = json!({"id": "a", "pk": value});
        if value.is_object() {
            item = json!({"id": "a"});
        }
        container.create_item(key.clone(), "a", item, None).await?;
        let read: Value = container.read_item(key.clone(), "a", None).await?.into_model()?;
        equal(read.get("pk").cloned().unwrap_or_else(|| json!({})), value)?;
        let query =
            container.query_items::<Value>("SELECT * FROM c", FeedScope::partition(key), None);
        equal(query.await?.try_collect::<Vec<_>>().await?.len(), 1)?;
    }
    Ok(())
}

async fn same_id(world: &World) -> Result<()> {
    let container = world.container().await?;
    for pk in ["p", "q"] {
        container.create_item(pk, "a", json!({"id": "a", "pk": pk}), None).await?;
    }
    container.delete_item("p", "a", None).await?;
    refused(404, container.read_item("p", "a", None)).await?;
    container.read_item("q", "a", None).await?;
    Ok(())
}

async fn hierarchical(world: &World) -> Result<()> {
    let container = world.container_by(("/tenant", "/user").into()).await?;
    for (tenant, user) in [("t1", "u1"), ("t1", "u2"), ("t2", "u1")] {
        let item = json!({"id": "a", "tenant": tenant, "user": user});
        container.create_item((tenant, user), "a", item, None).await?;
    }
    let read: Value = container.read_item(("t1", "u2"), "a", None).await?.into_model()?;
    equal(read["user"].as_str(), Some("u2"))?;
    let scope = FeedScope::partition("t1");
    let query = container.query_items::<Value>("SELECT * FROM c", scope, None).await?;
    equal(query.try_collect::<Vec<_>>().await?.len(), 2)
}
