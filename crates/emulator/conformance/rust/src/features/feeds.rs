//! The change feed: the latest versions, and all versions and deletes.

use crate::runner::{Feature, equal, feature, holds};
use crate::world::{World, fresh, name, refused};
use anyhow::{Context, Result, bail};
use azure_data_cosmos::clients::ContainerClient;
use azure_data_cosmos::feed::{ChangeFeedPageIterator, ContinuationToken, FeedScope};
use azure_data_cosmos::models::{
    ChangeFeedItem, ChangeFeedOperationType, ChangeFeedPolicy, ContainerProperties, TimeToLive,
};
use azure_data_cosmos::options::{
    ChangeFeedMode, ChangeFeedOptions, ChangeFeedStartFrom, MaxItemCountHint,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::time::Duration;

/// All features of this part.
pub fn all() -> Vec<Feature> {
    vec![
        feature("feed: from the beginning, in the order of the writes", |w| Box::pin(beginning(w))),
        feature("feed: from now on there is nothing, then what is written later", |w| {
            Box::pin(now(w))
        }),
        feature("feed: on from a continuation", |w| Box::pin(continuation(w))),
        feature("feed: page by page it is the same", |w| Box::pin(pages(w))),
        feature("feed: of one partition key", |w| Box::pin(of_key(w))),
        feature("feed: of each feed range, together it is all", |w| Box::pin(by_range(w))),
        feature("feed: a changed item comes once, a deleted one does not", |w| Box::pin(latest(w))),
        feature("versions: create, replace and delete come each, with numbers", |w| {
            Box::pin(versions(w))
        }),
        feature("versions: a container's own policy keeps them, without what was before", |w| {
            Box::pin(policy(w))
        }),
        feature("versions: the end of a time to live is told from a delete", |w| {
            Box::pin(expiry(w))
        }),
        feature("versions: neither from the beginning nor from a moment (400)", |w| {
            Box::pin(starts(w))
        }),
    ]
}

type Feed = ChangeFeedPageIterator<ChangeFeedItem<Value>>;

/// A feed that never ends is read until this many pages in a row were empty: one of each range.
const IDLE_PAGES: u32 = 3;
const PAGES_MAX: u32 = 200;

/// What the feed has until nothing is new, by pages.
pub async fn drain(feed: &mut Feed) -> Result<Vec<Vec<ChangeFeedItem<Value>>>> {
    let (mut pages, mut idle) = (Vec::new(), 0);
    for _ in 0..PAGES_MAX {
        let page = feed.next().await.context("the feed ended")??.into_items();
        if page.is_empty() {
            idle += 1;
        } else {
            idle = 0;
            pages.push(page);
        }
        if IDLE_PAGES <= idle {
            return Ok(pages);
        }
    }
    bail!("the feed goes on and on")
}

/// A feed of the latest versions.
pub async fn feed(
    container: &ContainerClient,
    scope: FeedScope,
    start: ChangeFeedStartFrom,
    token: Option<ContinuationToken>,
) -> Result<Feed> {
    let mut options = ChangeFeedOptions::default();
    if let Some(token) = token {
        options = options.with_continuation_token(token);
    }
    Ok(container.query_change_feed(scope, start, Some(options)).await?)
}

/// The ids of what the feed has until nothing is new.
pub async fn ids(feed: &mut Feed) -> Result<Vec<String>> {
    let items = drain(feed).await?.into_iter().flatten();
    Ok(items.filter_map(|item| Some(item.current()?["id"].as_str()?.to_owned())).collect())
}

fn all_of_it() -> FeedScope {
    FeedScope::full_container()
}

fn names(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(name).collect()
}

async fn beginning(world: &World) -> Result<()> {
    let (container, _) = world.filled(8, 1).await?;
    let start = ChangeFeedStartFrom::Beginning;
    equal(ids(&mut feed(&container, all_of_it(), start, None).await?).await?, names(0..8))
}

async fn now(world: &World) -> Result<()> {
    let (container, _) = world.filled(3, 1).await?;
    let start = ChangeFeedStartFrom::Now;
    let mut feed = feed(&container, all_of_it(), start, None).await?;
    equal(ids(&mut feed).await?, names([]))?;
    container.create_item("k0", "later", json!({"id": "later", "pk": "k0"}), None).await?;
    equal(ids(&mut feed).await?, ["later"])
}

async fn continuation(world: &World) -> Result<()> {
    let (container, _) = world.filled(3, 1).await?;
    let start = ChangeFeedStartFrom::Beginning;
    let mut first = feed(&container, all_of_it(), start.clone(), None).await?;
    equal(ids(&mut first).await?, names(0..3))?;
    let token = first.to_continuation_token()?;
    container.create_item("k0", "later", json!({"id": "later", "pk": "k0"}), None).await?;
    for _ in 0..2 {
        let token = Some(ContinuationToken::from_string(token.as_str().to_owned()));
        let mut next = feed(&container, all_of_it(), start.clone(), token).await?;
        equal(ids(&mut next).await?, ["later"])?;
    }
    Ok(())
}

async fn pages(world: &World) -> Result<()> {
    let (container, _) = world.filled(10, 2).await?;
    let limit = MaxItemCountHint::Limit(NonZeroU32::new(3).context("not zero")?);
    let options = ChangeFeedOptions::default().with_max_item_count(limit);
    let start = ChangeFeedStartFrom::Beginning;
    let mut feed = container.query_change_feed(all_of_it(), start, Some(options)).await?;
    let pages = drain(&mut feed).await?;
    holds(pages.iter().all(|page| page.len() <= 3), "no page has more than three")?;
    equal(pages.iter().map(Vec::len).sum::<usize>(), 10)
}

async fn of_key(world: &World) -> Result<()> {
    let (container, _) = world.filled(6, 2).await?;
    let start = ChangeFeedStartFrom::Beginning;
    let mut feed = feed(&container, FeedScope::partition("k1"), start, None).await?;
    equal(ids(&mut feed).await?, names([1, 3, 5]))
}

async fn by_range(world: &World) -> Result<()> {
    let (container, id) = world.filled(12, 12).await?;
    world.split(&id).await?;
    let ranges = container.read_feed_ranges(None).await?;
    let mut all = Vec::new();
    for range in ranges {
        let start = ChangeFeedStartFrom::Beginning;
        all.extend(ids(&mut feed(&container, FeedScope::range(range), start, None).await?).await?);
    }
    all.sort();
    equal(all, names(0..12))
}

async fn latest(world: &World) -> Result<()> {
    let (container, _) = world.filled(3, 1).await?;
    let item = json!({"id": "000", "pk": "k0", "n": "new"});
    container.upsert_item("k0", "000", item, None).await?;
    container.delete_item("k0", "001", None).await?;
    let start = ChangeFeedStartFrom::Beginning;
    equal(ids(&mut feed(&container, all_of_it(), start, None).await?).await?, names([2, 0]))
}

async fn all_versions(container: &ContainerClient, start: ChangeFeedStartFrom) -> Result<Feed> {
    let options = ChangeFeedOptions::default().with_mode(ChangeFeedMode::AllVersionsAndDeletes);
    Ok(container.query_change_feed(all_of_it(), start, Some(options)).await?)
}

/// Creates, replaces and deletes an item, and answers what the feed shows of it.
async fn three_deeds(container: &ContainerClient) -> Result<[ChangeFeedItem<Value>; 3]> {
    let mut feed = all_versions(container, ChangeFeedStartFrom::Now).await?;
    equal(drain(&mut feed).await?.len(), 0)?;
    container.create_item("p", "a", json!({"id": "a", "pk": "p", "n": 1}), None).await?;
    let item = json!({"id": "a", "pk": "p", "n": 2});
    container.replace_item("p", "a", item, None).await?;
    container.delete_item("p", "a", None).await?;
    let items: Vec<_> = drain(&mut feed).await?.into_iter().flatten().collect();
    let kinds: Vec<_> = items.iter().filter_map(ChangeFeedItem::operation_type).collect();
    equal(
        kinds,
        [
            ChangeFeedOperationType::Create,
            ChangeFeedOperationType::Replace,
            ChangeFeedOperationType::Delete,
        ],
    )?;
    items.try_into().ok().context("there are not three")
}

async fn versions(world: &World) -> Result<()> {
    let container = world.container().await?;
    let [create, replace, delete] = three_deeds(&container).await?;
    let n = |item: Option<&Value>| item.and_then(|item| item["n"].as_u64());
    equal(
        (n(create.current()), n(replace.current()), n(delete.previous())),
        (Some(1), Some(2), Some(2)),
    )?;
    let metadata = |item: &ChangeFeedItem<Value>| item.metadata().cloned().context("no metadata");
    let (create, replace, delete) = (metadata(&create)?, metadata(&replace)?, metadata(&delete)?);
    equal(replace.previous_image_lsn(), create.lsn())?;
    equal(delete.previous_image_lsn(), replace.lsn())?;
    equal((delete.id(), delete.partition_key()), (Some("a"), Some(&json!(["p"]))))?;
    equal(delete.time_to_live_expired(), Some(false))
}

async fn policy(world: &World) -> Result<()> {
    let policy = ChangeFeedPolicy::default().with_retention_duration(Duration::from_secs(600));
    let properties = ContainerProperties::new(fresh("c"), "/pk".into());
    let container = world.made(properties.with_change_feed_policy(policy)).await?;
    let [create, replace, delete] = three_deeds(&container).await?;
    let previous = [create, replace, delete].map(|item| item.previous().is_none());
    equal(previous, [true, true, true])
}

async fn expiry(world: &World) -> Result<()> {
    let properties = ContainerProperties::new(fresh("c"), "/pk".into());
    let container = world.made(properties.with_default_ttl(TimeToLive::NoDefault)).await?;
    let mut feed = all_versions(&container, ChangeFeedStartFrom::Now).await?;
    drain(&mut feed).await?;
    container.create_item("p", "a", json!({"id": "a", "pk": "p", "ttl": 2}), None).await?;
    world.advance(5).await?;
    let items: Vec<_> = drain(&mut feed).await?.into_iter().flatten().collect();
    let last = items.last().and_then(ChangeFeedItem::metadata).context("nothing came")?;
    equal((items.len(), last.time_to_live_expired()), (2, Some(true)))
}

async fn starts(world: &World) -> Result<()> {
    let (container, _) = world.filled(1, 1).await?;
    let moment = ChangeFeedStartFrom::PointInTime(std::time::SystemTime::now().into());
    for start in [ChangeFeedStartFrom::Beginning, moment] {
        let mut feed = all_versions(&container, start).await?;
        let page = feed.next().await.context("the feed ended")?;
        refused(400, async { page }).await?;
    }
    Ok(())
}
