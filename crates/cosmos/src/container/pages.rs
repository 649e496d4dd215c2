//! Page by page: queries and the change feed.

use super::Container;
use crate::account::PartitionKey;
use crate::failure::Failure;
use crate::feed::{Start, Written};
use crate::query::{Page, Query};
use crate::request::{InRange, Paging, Request};
use domain::Stretch;

/// Where a query looks.
#[derive(Debug, Clone, Copy)]
pub enum Within<'a> {
    /// In the partition of one key.
    Key(&'a PartitionKey),
    /// In one range: a query over all asks each range for itself.
    Range(&'a str),
    /// In a part of one range, from one position of the ring to another.
    Part {
        /// The range that holds it.
        range: &'a str,
        /// The first position.
        min: &'a str,
        /// The first position behind it.
        max: &'a str,
    },
}

impl Container {
    /// One page of a query. [`crate::Why::RangeGone`]: ask for the ranges and go on with
    /// the children.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`crate::Why`].
    pub async fn query(
        &self,
        query: &Query,
        within: Within<'_>,
        max: Option<u32>,
        continuation: Option<&str>,
    ) -> Result<Page, Failure> {
        let paging = Paging { max, continuation };
        let request = Request::query(&self.at, query.body()?, paging);
        let request = match within {
            Within::Key(key) => request.for_key(key),
            Within::Range(range) => self.in_range(request, range).await?,
            Within::Part { range, min, max } => {
                self.in_range(request, range).await?.within(min, max)
            }
        };
        Page::of(&self.send(&request).await?)
    }

    async fn in_range(&self, request: Request, range: &str) -> Result<Request, Failure> {
        let layout = self.layout().await?;
        Ok(request.for_range(InRange { range, container_rid: layout.rid.as_deref() }))
    }

    /// All documents of a query, page after page.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`crate::Why`].
    pub async fn query_all(&self, query: &Query, within: Within<'_>) -> Result<Page, Failure> {
        let mut all = self.query(query, within, None, None).await?;
        while let Some(continuation) = all.continuation.take() {
            let next = self.query(query, within, None, Some(&continuation)).await?;
            all.documents.extend(next.documents);
            all.continuation = next.continuation;
        }
        Ok(all)
    }

    /// What was written to a range since: one page, empty when there is nothing new.
    /// [`crate::Why::RangeGone`]: go on from the same place in each of its children.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`crate::Why`].
    pub async fn feed(&self, range: &str, start: &Start, max: u32) -> Result<Written, Failure> {
        self.feed_within(range, None, start, max).await
    }

    /// The same of only a stretch of a range.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`crate::Why`].
    pub async fn feed_within(
        &self,
        range: &str,
        within: Option<&Stretch>,
        start: &Start,
        max: u32,
    ) -> Result<Written, Failure> {
        let layout = self.layout().await?;
        let of = InRange { range, container_rid: layout.rid.as_deref() };
        let paging = Paging { max: Some(max), continuation: start.if_none_match() };
        let mut request = Request::feed(&self.at, of, paging);
        if let Some(Stretch { min, max }) = within {
            request = request.within(min, max);
        }
        let reply = self.send(&request).await?;
        Written::of(&reply, start)
    }
}
