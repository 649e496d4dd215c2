//! How the SDK speaks: HTTP/2 by prior knowledge, documents in the binary encoding or as text.

use crate::runner::{Feature, equal, feature, holds};
use crate::tap::Tap;
use crate::world::{KEY, World, answering, client, refused};
use anyhow::Result;
use serde_json::{Value, json};

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("wire: HTTP/2 without TLS, by prior knowledge", |w| Box::pin(prior_knowledge(w))),
        feature("wire: writes go in the binary encoding and come back", |w| {
            Box::pin(encoding(w, true))
        }),
        feature("wire: writes go as text where that is switched off", |w| {
            Box::pin(encoding(w, false))
        }),
        feature("wire: the binary encoding keeps every kind of value", |w| Box::pin(kinds(w))),
        feature("wire: a long document in the binary encoding", |w| Box::pin(long(w))),
        feature("wire: a wrong key is 401", |w| Box::pin(wrong_key(w))),
    ]
}

async fn prior_knowledge(world: &World) -> Result<()> {
    let tap = Tap::before(&world.endpoint).await?;
    client(&tap.endpoint, KEY, true)
        .await?
        .database_client(world.database.clone())
        .read(None)
        .await?;
    holds(tap.saw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "the preface of HTTP/2 was sent")
}

async fn encoding(world: &World, binary: bool) -> Result<()> {
    let (_, id) = world.filled(0, 1).await?;
    let tap = Tap::before(&world.endpoint).await?;
    let client = client(&tap.endpoint, KEY, binary).await?;
    let container =
        client.database_client(world.database.clone()).container_client(id, None).await?;
    let item = json!({"id": "a", "pk": "p", "text": "a text to look for"});
    let made = container.create_item("p", "a", item.clone(), answering()).await?;
    equal(made.into_model::<Value>()?["text"].as_str(), Some("a text to look for"))?;
    holds(tap.saw(b"\x80\xED") == binary, "the preamble of the binary encoding was sent as set")?;
    holds(tap.saw(b"\"text\":\"a text") != binary, "text was sent as set")?;
    let read = container.read_item("p", "a", None).await?.into_model::<Value>()?;
    equal((&read["id"], &read["text"]), (&item["id"], &item["text"]))
}

async fn kinds(world: &World) -> Result<()> {
    let container = world.container().await?;
    let item = json!({
        "id": "a", "pk": "p", "null": null, "yes": true, "no": false, "small": 7, "byte": 200,
        "negative": -1000, "int": 70_000, "long": -5_000_000_000_i64, "half": 0.5, "tiny": 1e-9,
        "empty": "", "short": "é\"\\\n\u{1}😀", "long text": "x".repeat(300),
        "guid": "00004812-0000-0200-0000-6a7fa98a0000", "date": "2024-01-31T12:00:00.000Z",
        "list": [], "one": [1], "mixed": [1, "a", null, [2, {"b": 3}]], "numbers": [1, 2, 3, 4],
        "object": {}, "deep": {"a": {"b": {"c": [{"d": 1}]}}},
        "many": (0..300).collect::<Vec<u32>>(),
    });
    container.create_item("p", "a", item.clone(), None).await?;
    let read = container.read_item("p", "a", None).await?.into_model::<Value>()?;
    for (name, value) in item.as_object().into_iter().flatten() {
        equal((name, &read[name]), (name, value))?;
    }
    Ok(())
}

async fn long(world: &World) -> Result<()> {
    let container = world.container().await?;
    let item = json!({"id": "a", "pk": "p", "text": "y".repeat(1_500_000)});
    container.upsert_item("p", "a", item.clone(), None).await?;
    let read = container.read_item("p", "a", None).await?.into_model::<Value>()?;
    holds(read["text"] == item["text"], "the text came back")
}

async fn wrong_key(world: &World) -> Result<()> {
    let other = KEY.replace("C2y6", "D2y6");
    let client = match client(&world.endpoint, &other, true).await {
        Ok(client) => client,
        Err(error) => return holds(format!("{error:?}").contains("401"), "401 is the reason"),
    };
    refused(401, client.database_client(world.database.clone()).read(None)).await.map(drop)
}
