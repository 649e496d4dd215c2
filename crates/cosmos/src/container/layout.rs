//! What the container is made of: its definition and its partition key ranges.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::Container;
use crate::account::{Range, Ranges};
use crate::caches::Layout;
use crate::failure::{Failure, Why};
use crate::request::Request;
use crate::verdict::Patience;

/// How a container was made, as far as this client depends on it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// What its documents are partitioned by.
    pub partition_key: PartitionKeyDefinition,
    /// Whether documents can expire: -1 only those that say so, none not at all.
    #[serde(default)]
    pub default_ttl: Option<i64>,
    /// Which fields are indexed, and how.
    #[serde(default)]
    pub indexing_policy: IndexingPolicy,
}

/// What the documents of a container are partitioned by.
#[derive(Debug, Clone, Deserialize)]
pub struct PartitionKeyDefinition {
    /// The path of the field.
    pub paths: Vec<String>,
    /// The version of the hash; a container that says nothing has version 1.
    #[serde(default = "first_version")]
    pub version: u32,
}

/// Which fields of a container are indexed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexingPolicy {
    /// Paths whose fields are indexed, such as `/state/?` or `/*`.
    #[serde(default)]
    pub included_paths: Vec<IndexedPath>,
    /// Orders over several fields, each a list of paths.
    #[serde(default)]
    pub composite_indexes: Vec<Vec<CompositePath>>,
}

/// A path that an indexing policy includes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IndexedPath {
    /// Such as `/state/?`.
    pub path: String,
}

/// One field of a composite index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CompositePath {
    /// Such as `/placedAt`.
    pub path: String,
    /// `ascending` (where nothing is said) or `descending`.
    #[serde(default)]
    pub order: Option<String>,
}

#[derive(Deserialize)]
struct RangesPage {
    #[serde(rename = "_rid", default)]
    rid: Option<String>,
    #[serde(rename = "PartitionKeyRanges", default)]
    ranges: Vec<Range>,
}

impl Container {
    /// How it was made; [`Why::NoContainer`] if it is not there.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn definition(&self, patience: Patience) -> Result<Definition, Failure> {
        let request = Request::container(&self.at);
        let reply = match self.client.send(&request, &self.caches, patience).await {
            Err(Failure { why: Why::Missing, .. }) => {
                return Err(Failure::unsent(Why::NoContainer));
            }
            other => other?,
        };
        serde_json::from_slice(&reply.body).map_err(Failure::unreadable)
    }

    /// Its ranges as last seen: asked for once, and again after one of them was gone.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn ranges(&self) -> Result<Vec<Range>, Failure> {
        Ok(self.layout().await?.ranges.all().to_vec())
    }

    /// Its resource id.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn rid(&self) -> Result<String, Failure> {
        let rid = self.layout().await?.rid.clone();
        rid.ok_or_else(|| Failure::unsent(Why::NoContainer))
    }

    /// Forgets the ranges, so that the next call asks for them.
    pub fn forget_ranges(&self) {
        self.caches.forget_ranges();
    }

    /// The ranges, loaded by whoever needs them first.
    pub(super) async fn layout(&self) -> Result<Arc<Layout>, Failure> {
        if let Some(layout) = self.caches.layout() {
            return Ok(layout);
        }
        let _loading = self.loading.lock().await;
        if let Some(layout) = self.caches.layout() {
            return Ok(layout);
        }
        let layout = Arc::new(self.load().await?);
        self.caches.keep(Arc::clone(&layout));
        Ok(layout)
    }

    /// Reads page after page until the service says 304: only that is the end.
    async fn load(&self) -> Result<Layout, Failure> {
        let mut found = Vec::new();
        let mut rid = None;
        let mut etag: Option<HeaderValue> = None;
        for _ in 0..PAGES_MAX {
            let reply = self.send(&Request::ranges(&self.at, etag.as_ref())).await?;
            if reply.status == StatusCode::NOT_MODIFIED {
                break;
            }
            let page: RangesPage =
                serde_json::from_slice(&reply.body).map_err(Failure::unreadable)?;
            found.extend(page.ranges);
            rid = page.rid.filter(|rid| !rid.is_empty());
            etag = reply.headers.get(header::ETAG).cloned();
            if etag.is_none() {
                break;
            }
        }
        let ranges = Ranges::assemble(found).map_err(|gap| Failure::unsent(Why::Gap(gap)))?;
        Ok(Layout { ranges, rid })
    }
}

const fn first_version() -> u32 {
    1
}

/// Far more ranges than any container has; a server that never says 304 must not hold us.
const PAGES_MAX: usize = 1000;
