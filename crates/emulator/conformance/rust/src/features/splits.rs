//! Ranges that are split and merged under the SDK.

use super::feeds::{feed, ids};
use crate::runner::{Feature, equal, feature, holds};
use crate::world::{World, name, refused};
use anyhow::{Context, Result};
use azure_data_cosmos::clients::ContainerClient;
use azure_data_cosmos::feed::FeedScope;
use azure_data_cosmos::options::{ChangeFeedStartFrom, ReadFeedRangesOptions};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("splits: the feed ranges are told anew", |w| Box::pin(ranges(w))),
        feature("splits: reads, writes and queries go on", |w| Box::pin(go_on(w))),
        feature("splits: an ordered query goes on across two of them", |w| Box::pin(ordered(w))),
        feature("splits: the feed goes on without loss or repetition", |w| Box::pin(fed(w))),
        feature("splits: a continuation from before is good on both halves", |w| {
            Box::pin(resumed(w))
        }),
        feature(
            "splits: while one completes a range is gone (410/1007), and then the client goes on",
            |w| Box::pin(completing(w)),
        ),
        feature("merges: queries and the feed go on without loss", |w| Box::pin(merged(w))),
    ]
}

async fn count(container: &ContainerClient) -> Result<usize> {
    let scope = FeedScope::full_container();
    let items = container.query_items::<Value>("SELECT * FROM c", scope, None).await?;
    Ok(items.try_collect::<Vec<_>>().await?.len())
}

async fn add(container: &ContainerClient, count: u32) -> Result<Vec<String>> {
    let mut added = Vec::new();
    for n in 0..count {
        let (id, pk) = (format!("new{n}"), format!("k{n}"));
        let item = json!({"id": id, "pk": pk});
        container.create_item(pk, &id, item, None).await?;
        added.push(id);
    }
    Ok(added)
}

async fn ranges(world: &World) -> Result<()> {
    let (container, id) = world.filled(4, 4).await?;
    equal(container.read_feed_ranges(None).await?.len(), 1)?;
    world.split(&id).await?;
    let anew = ReadFeedRangesOptions::default().with_force_refresh(true);
    equal(container.read_feed_ranges(Some(anew)).await?.len(), 2)
}

async fn go_on(world: &World) -> Result<()> {
    let (container, id) = world.filled(10, 10).await?;
    equal(count(&container).await?, 10)?;
    world.split(&id).await?;
    world.split(&id).await?;
    equal(count(&container).await?, 10)?;
    add(&container, 10).await?;
    container.read_item("k3", "003", None).await?;
    equal(count(&container).await?, 20)
}

async fn ordered(world: &World) -> Result<()> {
    let (container, id) = world.filled(10, 10).await?;
    for _ in 0..2 {
        world.split(&id).await?;
        let scope = FeedScope::full_container();
        let query = "SELECT VALUE c.n FROM c ORDER BY c.n DESC";
        let items = container.query_items::<u32>(query, scope, None).await?;
        equal(items.try_collect::<Vec<_>>().await?, (0..10).rev().collect::<Vec<_>>())?;
    }
    Ok(())
}

async fn fed(world: &World) -> Result<()> {
    let (container, id) = world.filled(10, 10).await?;
    let start = ChangeFeedStartFrom::Beginning;
    let mut feed = feed(&container, FeedScope::full_container(), start, None).await?;
    equal(ids(&mut feed).await?, (0..10).map(name).collect::<Vec<_>>())?;
    world.split(&id).await?;
    let added = add(&container, 10).await?;
    let mut seen = ids(&mut feed).await?;
    seen.sort();
    equal(seen, added)
}

async fn resumed(world: &World) -> Result<()> {
    let (container, id) = world.filled(10, 10).await?;
    let start = ChangeFeedStartFrom::Beginning;
    let mut first = feed(&container, FeedScope::full_container(), start.clone(), None).await?;
    ids(&mut first).await?;
    let token = first.to_continuation_token()?;
    world.split(&id).await?;
    world.split(&id).await?;
    let added = add(&container, 10).await?;
    let mut next = feed(&container, FeedScope::full_container(), start, Some(token)).await?;
    let mut seen = ids(&mut next).await?;
    seen.sort();
    equal(seen, added)
}

async fn completing(world: &World) -> Result<()> {
    let (container, id) = world.filled(10, 10).await?;
    equal(count(&container).await?, 10)?;
    world.split_within(&id, 60_000).await?;
    // It asks ten times without a pause, and then tells its user.
    let early = count(&container).await.err().context("the range is served")?;
    holds(format!("{early:#}").contains("split retries"), "the SDK has tried again")?;
    refused(410, container.read_item("k1", "001", None)).await?;
    world.advance(60).await?;
    let item = json!({"id": "late", "pk": "k1"});
    container.create_item("k1", "late", item, None).await?;
    equal(count(&container).await?, 11)
}

async fn merged(world: &World) -> Result<()> {
    let (container, id) = world.filled(10, 10).await?;
    world.split(&id).await?;
    let start = ChangeFeedStartFrom::Beginning;
    let mut feed = feed(&container, FeedScope::full_container(), start, None).await?;
    equal(ids(&mut feed).await?.len(), 10)?;
    world.merge(&id).await?;
    let added = add(&container, 10).await?;
    let mut seen = ids(&mut feed).await?;
    // Across a merge some may come again: the halves stood at different transactions.
    seen.retain(|id| id.starts_with("new"));
    seen.sort();
    seen.dedup();
    equal(seen, added)?;
    equal(count(&container).await?, 20)
}
