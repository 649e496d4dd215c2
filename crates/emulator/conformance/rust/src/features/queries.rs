//! Queries: the SDK plans them itself and asks each range in its own words.

use crate::runner::{Feature, equal, feature, holds};
use crate::world::{World, refused};
use anyhow::{Context, Result};
use azure_data_cosmos::Query;
use azure_data_cosmos::clients::ContainerClient;
use azure_data_cosmos::feed::FeedScope;
use azure_data_cosmos::options::{FeedOptions, MaxItemCountHint, QueryOptions};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use std::num::NonZeroU32;

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("queries: within a partition key, with parameters", |w| Box::pin(parameters(w))),
        feature("queries: across partition keys and ranges", |w| Box::pin(across(w))),
        feature("queries: ORDER BY, across ranges, both ways", |w| Box::pin(ordered(w))),
        feature("queries: ORDER BY of two properties", |w| Box::pin(ordered_by_two(w))),
        feature("queries: TOP, across ranges", |w| Box::pin(top(w))),
        feature("queries: OFFSET and LIMIT, across ranges", |w| Box::pin(skipping(w))),
        feature("queries: DISTINCT, across ranges", |w| Box::pin(distinct(w))),
        feature("queries: aggregates within a partition key", |w| Box::pin(aggregates(w))),
        feature("queries: projections, JOIN and functions", |w| Box::pin(projections(w))),
        feature("queries: page by page, and on from a continuation", |w| Box::pin(pages(w))),
        feature("queries: of each feed range, together it is all", |w| Box::pin(by_range(w))),
        feature("queries: what cannot be read is 400", |w| Box::pin(unreadable(w))),
    ]
}

fn everywhere() -> FeedScope {
    FeedScope::full_container()
}

async fn found(
    container: &ContainerClient,
    query: impl Into<Query>,
    scope: FeedScope,
) -> Result<Vec<Value>> {
    let items = container.query_items::<Value>(query, scope, None).await?;
    Ok(items.try_collect().await?)
}

/// Twelve items over six keys, in two ranges.
async fn in_two_ranges(world: &World) -> Result<ContainerClient> {
    let (container, id) = world.filled(12, 6).await?;
    world.split(&id).await?;
    Ok(container)
}

fn numbers(values: impl IntoIterator<Item = u32>) -> Vec<Value> {
    values.into_iter().map(Value::from).collect()
}

async fn parameters(world: &World) -> Result<()> {
    let (container, _) = world.filled(6, 2).await?;
    let query = Query::from("SELECT VALUE c.n FROM c WHERE c.n > @least AND c.pk = @pk");
    let query = query.with_parameter("@least", 1)?.with_parameter("@pk", "k1")?;
    equal(found(&container, query, FeedScope::partition("k1")).await?, numbers([3, 5]))
}

async fn across(world: &World) -> Result<()> {
    let container = in_two_ranges(world).await?;
    let mut all = found(&container, "SELECT VALUE c.n FROM c WHERE c.n < 10", everywhere()).await?;
    all.sort_by_key(Value::as_u64);
    equal(all, numbers(0..10))
}

async fn ordered(world: &World) -> Result<()> {
    let container = in_two_ranges(world).await?;
    let up = found(&container, "SELECT VALUE c.n FROM c ORDER BY c.n", everywhere()).await?;
    equal(up, numbers(0..12))?;
    let down = found(&container, "SELECT VALUE c.n FROM c ORDER BY c.n DESC", everywhere()).await?;
    equal(down, numbers((0..12).rev()))
}

async fn ordered_by_two(world: &World) -> Result<()> {
    let container = in_two_ranges(world).await?;
    let text = "SELECT VALUE c.n FROM c ORDER BY c.pk ASC, c.n DESC";
    let expected = numbers([6, 0, 7, 1, 8, 2, 9, 3, 10, 4, 11, 5]);
    equal(found(&container, text, everywhere()).await?, expected)
}

async fn top(world: &World) -> Result<()> {
    let container = in_two_ranges(world).await?;
    let text = "SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n DESC";
    equal(found(&container, text, everywhere()).await?, numbers([11, 10, 9]))
}

async fn skipping(world: &World) -> Result<()> {
    let container = in_two_ranges(world).await?;
    let text = "SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 4 LIMIT 3";
    equal(found(&container, text, everywhere()).await?, numbers([4, 5, 6]))
}

async fn distinct(world: &World) -> Result<()> {
    let container = in_two_ranges(world).await?;
    // Without a bound on what it must remember, the SDK refuses this itself.
    let text = "SELECT DISTINCT TOP 10 VALUE c.n % 3 FROM c";
    let mut all = found(&container, text, everywhere()).await?;
    all.sort_by_key(Value::as_u64);
    equal(all, numbers(0..3))
}

async fn aggregates(world: &World) -> Result<()> {
    let (container, _) = world.filled(6, 2).await?;
    let key = || FeedScope::partition("k1");
    equal(found(&container, "SELECT VALUE COUNT(1) FROM c", key()).await?, numbers([3]))?;
    equal(found(&container, "SELECT VALUE SUM(c.n) FROM c", key()).await?, numbers([9]))?;
    equal(found(&container, "SELECT VALUE MAX(c.n) FROM c", key()).await?, numbers([5]))
}

async fn projections(world: &World) -> Result<()> {
    let container = world.container().await?;
    let item = json!({"id": "a", "pk": "p", "tags": ["x", "y"], "name": "Ann"});
    container.create_item("p", "a", item, None).await?;
    let text = "SELECT c.id, UPPER(c.name) AS name, t AS tag FROM c JOIN t IN c.tags";
    let rows = found(&container, text, everywhere()).await?;
    let row = |tag: &str| json!({"id": "a", "name": "ANN", "tag": tag});
    equal(rows, vec![row("x"), row("y")])
}

async fn pages(world: &World) -> Result<()> {
    let (container, _) = world.filled(10, 1).await?;
    let hint = MaxItemCountHint::Limit(NonZeroU32::new(4).context("not zero")?);
    let options = || QueryOptions::default().with_max_item_count(hint);
    let ask = |options| {
        let key = FeedScope::partition("k0");
        container.query_items::<Value>("SELECT VALUE c.n FROM c ORDER BY c.n", key, Some(options))
    };
    let mut first = ask(options()).await?.into_pages();
    let page = first.next().await.context("no page")??;
    equal(page.items().to_vec(), numbers(0..4))?;
    let token = first.to_continuation_token()?;
    let feed = FeedOptions::default().with_max_item_count(hint).with_continuation_token(token);
    let rest = ask(QueryOptions::default().with_feed_options(feed)).await?;
    equal(rest.try_collect::<Vec<_>>().await?, numbers(4..10))
}

async fn by_range(world: &World) -> Result<()> {
    let container = in_two_ranges(world).await?;
    let mut all = Vec::new();
    let ranges = container.read_feed_ranges(None).await?;
    for range in ranges {
        let part = found(&container, "SELECT VALUE c.n FROM c", FeedScope::range(range)).await?;
        all.extend(part);
    }
    all.sort_by_key(Value::as_u64);
    equal(all, numbers(0..12))
}

async fn unreadable(world: &World) -> Result<()> {
    let container = world.container().await?;
    let ask = async {
        let key = FeedScope::partition("p");
        let items = container.query_items::<Value>("SELECT * FRM c", key, None).await?;
        items.try_collect::<Vec<_>>().await
    };
    let error = refused(400, ask).await?;
    holds(!error.to_string().is_empty(), "the error says why")
}
