//! Session consistency.

use crate::runner::{Feature, equal, feature, holds};
use crate::world::{KEY, World, client, refused};
use anyhow::{Context, Result};
use azure_data_cosmos::options::ItemReadOptions;
use serde_json::json;

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("sessions: writes answer with a token that grows", |w| Box::pin(grows(w))),
        feature("sessions: another client reads with the token of the first", |w| {
            Box::pin(handed_on(w))
        }),
        feature("sessions: a token of the future is 404/1002, which the SDK tells as 503", |w| {
            Box::pin(future(w))
        }),
    ]
}

async fn grows(world: &World) -> Result<()> {
    let container = world.container().await?;
    let mut tokens = Vec::new();
    for id in ["a", "b"] {
        let made = container.create_item("p", id, json!({"id": id, "pk": "p"}), None).await?;
        tokens.push(made.headers().session_token().context("no token")?.to_string());
    }
    equal(tokens, ["0:-1#1", "0:-1#2"])
}

async fn handed_on(world: &World) -> Result<()> {
    let (container, id) = world.filled(0, 1).await?;
    let made = container.create_item("p", "a", json!({"id": "a", "pk": "p"}), None).await?;
    let token = made.headers().session_token().context("no token")?.to_string();
    let other = client(&world.endpoint, KEY, true).await?;
    let other = other.database_client(world.database.clone()).container_client(id, None).await?;
    let options = ItemReadOptions::default().with_session_token(token);
    other.read_item("p", "a", Some(options)).await?;
    Ok(())
}

async fn future(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    let options = ItemReadOptions::default().with_session_token("0:-1#999");
    let error = refused(503, container.read_item("k0", "000", Some(options))).await?;
    holds(format!("{error:?}").contains("1002"), "the wire's reason is in the error")
}
