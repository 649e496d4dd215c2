//! Items one by one.

use crate::runner::{Feature, equal, feature, holds};
use crate::world::{World, answering, if_match, refused};
use anyhow::{Context, Result};
use azure_data_cosmos::models::ItemResponse;
use azure_data_cosmos::options::{ItemReadOptions, Precondition};
use serde_json::{Value, json};

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("items: create, and read back with system properties", |w| Box::pin(create(w))),
        feature("items: an id that is taken is 409", |w| Box::pin(taken(w))),
        feature("items: what is not there is 404, to read, replace and delete", |w| {
            Box::pin(missing(w))
        }),
        feature("items: upsert creates, then replaces", |w| Box::pin(upsert(w))),
        feature("items: replace changes all of it", |w| Box::pin(replace(w))),
        feature("items: delete removes it", |w| Box::pin(delete(w))),
        feature("items: If-Match lets the right version through, and no other (412)", |w| {
            Box::pin(matching(w))
        }),
        feature("items: a stale delete is 412", |w| Box::pin(stale_delete(w))),
        feature("items: a read that knows the version is 304", |w| Box::pin(known(w))),
        feature("items: writes answer without the document unless asked", |w| Box::pin(content(w))),
        feature("items: ids with spaces, signs and letters of all scripts", |w| Box::pin(ids(w))),
        feature("items: more than 2 MB is 413", |w| Box::pin(too_large(w))),
        feature("items: a document of another partition key is 400", |w| Box::pin(other_key(w))),
        feature("items: requests tell their charge, activity and transaction", |w| {
            Box::pin(headers(w))
        }),
    ]
}

fn status(response: &ItemResponse) -> u16 {
    response.status().status_code().into()
}

fn etag(response: &ItemResponse) -> Result<String> {
    Ok(response.headers().etag().context("no etag")?.to_string())
}

async fn create(world: &World) -> Result<()> {
    let container = world.container().await?;
    let made = container.create_item("p", "a", json!({"id": "a", "pk": "p", "n": 1}), None).await?;
    equal(status(&made), 201)?;
    let etag = etag(&made)?;
    let read = container.read_item("p", "a", None).await?;
    equal(status(&read), 200)?;
    let read: Value = read.into_model()?;
    equal((&read["n"], read["_etag"].as_str()), (&json!(1), Some(etag.as_str())))?;
    holds(["_rid", "_self", "_ts"].iter().all(|name| !read[name].is_null()), "it has them")
}

async fn taken(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    let item = json!({"id": "000", "pk": "k0"});
    refused(409, container.create_item("k0", "000", item, None)).await.map(drop)
}

async fn missing(world: &World) -> Result<()> {
    let container = world.container().await?;
    refused(404, container.read_item("p", "a", None)).await?;
    refused(404, container.replace_item("p", "a", json!({"id": "a", "pk": "p"}), None)).await?;
    refused(404, container.delete_item("p", "a", None)).await.map(drop)
}

async fn upsert(world: &World) -> Result<()> {
    let container = world.container().await?;
    for (n, expected) in [(1, 201), (2, 200)] {
        let item = json!({"id": "a", "pk": "p", "n": n});
        equal(status(&container.upsert_item("p", "a", item, None).await?), expected)?;
    }
    equal(container.read_item("p", "a", None).await?.into_model::<Value>()?["n"].clone(), json!(2))
}

async fn replace(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    let item = json!({"id": "000", "pk": "k0", "other": true});
    let replaced = container.replace_item("k0", "000", item, answering()).await?;
    equal(status(&replaced), 200)?;
    let now: Value = replaced.into_model()?;
    equal((now.get("n"), &now["other"]), (None, &json!(true)))
}

async fn delete(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    equal(status(&container.delete_item("k0", "000", None).await?), 204)?;
    refused(404, container.read_item("k0", "000", None)).await.map(drop)
}

async fn matching(world: &World) -> Result<()> {
    let container = world.container().await?;
    let item = |n: u32| json!({"id": "a", "pk": "p", "n": n});
    let first = etag(&container.create_item("p", "a", item(1), None).await?)?;
    let second = container.replace_item("p", "a", item(2), if_match(&first)).await?;
    holds(etag(&second)? != first, "each version has an etag of its own")?;
    refused(412, container.replace_item("p", "a", item(3), if_match(&first))).await?;
    refused(412, container.upsert_item("p", "a", item(3), if_match(&first))).await.map(drop)
}

async fn stale_delete(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    refused(412, container.delete_item("k0", "000", if_match("\"stale\""))).await?;
    container.read_item("k0", "000", None).await.map(drop)?;
    Ok(())
}

async fn known(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    let etag = etag(&container.read_item("k0", "000", None).await?)?;
    let known = Precondition::IfNoneMatch(etag.into());
    let options = ItemReadOptions::default().with_precondition(known);
    let answer = container.read_item("k0", "000", Some(options)).await;
    let status = match &answer {
        Ok(response) => status(response),
        Err(error) => error.status().status_code().into(),
    };
    equal(status, 304)
}

async fn content(world: &World) -> Result<()> {
    let container = world.container().await?;
    let item = json!({"id": "a", "pk": "p"});
    let bare = container.create_item("p", "a", item.clone(), None).await?;
    holds(bare.into_body().is_empty(), "there is no body")?;
    let full = container.upsert_item("p", "a", item, answering()).await?;
    equal(full.into_model::<Value>()?["id"].as_str(), Some("a"))
}

async fn ids(world: &World) -> Result<()> {
    let container = world.container().await?;
    for id in ["a b", "a+b", "a%b", "é", "日本", "a=b&c", "a.b~c", "'\"", "😀"] {
        let item = json!({"id": id, "pk": "p"});
        container.create_item("p", id, item, None).await.with_context(|| format!("id {id}"))?;
        let read = container.read_item("p", id, None).await.with_context(|| format!("id {id}"))?;
        equal(read.into_model::<Value>()?["id"].as_str(), Some(id))?;
    }
    Ok(())
}

async fn too_large(world: &World) -> Result<()> {
    let container = world.container().await?;
    let item = json!({"id": "a", "pk": "p", "text": "x".repeat(2 * 1024 * 1024)});
    refused(413, container.create_item("p", "a", item, None)).await.map(drop)
}

async fn other_key(world: &World) -> Result<()> {
    let container = world.container().await?;
    let item = json!({"id": "a", "pk": "q"});
    refused(400, container.create_item("p", "a", item, None)).await.map(drop)
}

async fn headers(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    let read = container.read_item("k0", "000", None).await?;
    let headers = read.headers();
    equal((headers.lsn(), headers.item_lsn()), (Some(1), Some(1)))?;
    holds(headers.request_charge().is_some(), "there is a charge")?;
    holds(headers.activity_id().is_some(), "there is an activity")
}
