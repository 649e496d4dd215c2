//! Databases, containers and their throughput.

use crate::runner::{Feature, equal, feature, holds};
use crate::world::{World, fresh, refused};
use anyhow::Result;
use azure_data_cosmos::models::{
    ContainerProperties, DatabaseProperties, ThroughputProperties, TimeToLive, UniqueKey,
    UniqueKeyPolicy,
};
use azure_data_cosmos::options::CreateContainerOptions;
use futures_util::TryStreamExt as _;
use serde_json::json;

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("databases: create, read, query, delete", |w| Box::pin(databases(w))),
        feature("databases: one that is there is 409, one that is not 404", |w| {
            Box::pin(database_errors(w))
        }),
        feature("containers: the definition comes back", |w| Box::pin(definition(w))),
        feature("containers: query and delete", |w| Box::pin(containers(w))),
        feature("containers: replaced, with another time to live", |w| Box::pin(replaced(w))),
        feature("containers: one made anew under the same name is found", |w| Box::pin(anew(w))),
        feature("containers: a unique key that is taken is 409", |w| Box::pin(unique(w))),
        feature("containers: expired items are gone", |w| Box::pin(expired(w))),
        feature("offers: throughput is told as it was set", |w| Box::pin(throughput(w))),
    ]
}

async fn databases(world: &World) -> Result<()> {
    let id = fresh("db");
    let made = world.client.create_database(&id, None).await?;
    equal(u16::from(made.status().status_code()), 201)?;
    let database = world.client.database_client(id.clone());
    equal(database.read(None).await?.into_model()?.id, Some(id.clone()))?;
    let query = azure_data_cosmos::Query::from("SELECT * FROM c WHERE c.id = @id");
    let query = query.with_parameter("@id", &id)?;
    let found = world.client.query_databases(query, None).await?;
    let found: Vec<DatabaseProperties> = found.try_collect().await?;
    equal(found.len(), 1)?;
    database.delete(None).await?;
    refused(404, database.read(None)).await.map(drop)
}

async fn database_errors(world: &World) -> Result<()> {
    refused(409, world.client.create_database(&world.database, None)).await?;
    refused(404, world.client.database_client(fresh("none")).delete(None)).await.map(drop)
}

async fn definition(world: &World) -> Result<()> {
    let unique = UniqueKeyPolicy::default().with_unique_key(UniqueKey::default().with_path("/a"));
    let properties = ContainerProperties::new(fresh("c"), ("/tenant", "/user").into())
        .with_unique_key_policy(unique)
        .with_default_ttl(TimeToLive::Seconds(60));
    let container = world.made(properties.clone()).await?;
    let read = container.read(None).await?.into_model()?;
    equal((&read.id, &read.partition_key), (&properties.id, &properties.partition_key))?;
    equal(&read.unique_key_policy, &properties.unique_key_policy)?;
    equal(&read.default_ttl, &properties.default_ttl)
}

async fn containers(world: &World) -> Result<()> {
    let (container, id) = world.filled(0, 1).await?;
    let found = world.database().query_containers("SELECT * FROM c", None).await?;
    let found: Vec<ContainerProperties> = found.try_collect().await?;
    holds(found.iter().any(|found| found.id == id), "it is found")?;
    container.delete(None).await?;
    refused(404, container.read(None)).await.map(drop)
}

async fn replaced(world: &World) -> Result<()> {
    let container = world.container().await?;
    let properties = container.read(None).await?.into_model()?;
    container.replace(properties.with_default_ttl(TimeToLive::Seconds(90)), None).await?;
    equal(container.read(None).await?.into_model()?.default_ttl, TimeToLive::Seconds(90))
}

async fn anew(world: &World) -> Result<()> {
    let (container, id) = world.filled(1, 1).await?;
    world.database().container_client(id.clone(), None).await?.delete(None).await?;
    world.made(ContainerProperties::new(id, "/pk".into())).await?;
    refused(404, container.read_item("k0", "000", None)).await?;
    container.create_item("p", "a", json!({"id": "a", "pk": "p"}), None).await?;
    Ok(())
}

async fn unique(world: &World) -> Result<()> {
    let unique =
        UniqueKeyPolicy::default().with_unique_key(UniqueKey::default().with_path("/mail"));
    let properties = ContainerProperties::new(fresh("c"), "/pk".into());
    let container = world.made(properties.with_unique_key_policy(unique)).await?;
    let item = |id: &str, pk: &str| json!({"id": id, "pk": pk, "mail": "x@y"});
    container.create_item("p", "a", item("a", "p"), None).await?;
    refused(409, container.create_item("p", "b", item("b", "p"), None)).await?;
    container.create_item("q", "b", item("b", "q"), None).await?;
    Ok(())
}

async fn expired(world: &World) -> Result<()> {
    let properties = ContainerProperties::new(fresh("c"), "/pk".into());
    let container = world.made(properties.with_default_ttl(TimeToLive::Seconds(5))).await?;
    container.create_item("p", "a", json!({"id": "a", "pk": "p"}), None).await?;
    world.advance(6).await?;
    refused(404, container.read_item("p", "a", None)).await.map(drop)
}

async fn throughput(world: &World) -> Result<()> {
    let id = fresh("c");
    let options =
        CreateContainerOptions::default().with_throughput(ThroughputProperties::manual(700));
    let properties = ContainerProperties::new(id.clone(), "/pk".into());
    world.database().create_container(properties, Some(options)).await?;
    let container = world.database().container_client(id, None).await?;
    let read = container.read_throughput(None).await?;
    equal(read.and_then(|read| read.throughput()), Some(700))
}
