//! The change feed, range by range.

use domain::Fault;
use domain::ports::{FeedPage, FeedPosition, FeedRange};

use super::fault::fault;
use crate::container::Container;
use crate::documents::reading_of;
use crate::feed::Start;

/// The ranges that make up the feed now.
pub(super) async fn ranges(container: &Container) -> Result<Vec<FeedRange>, Fault> {
    let ranges = container.ranges().await.map_err(|failure| fault(container, failure))?;
    Ok(ranges.into_iter().map(|range| FeedRange { id: range.id, parents: range.parents }).collect())
}

/// The next page of a range.
pub(super) async fn next(
    container: &Container,
    range: &FeedRange,
    from: &FeedPosition,
) -> Result<FeedPage, Fault> {
    let start = match from {
        FeedPosition::Now => Start::Now,
        FeedPosition::After(continuation) => Start::After(continuation.clone()),
    };
    match container.feed(&range.id, &start, PAGE_MAX).await {
        Ok(written) => {
            let readings = written.documents.iter().map(|d| reading_of(d.get())).collect();
            Ok(FeedPage::Read { readings, continuation: written.continuation })
        }
        Err(failure) if failure.is_range_gone() => Ok(FeedPage::Gone),
        Err(failure) => Err(fault(container, failure)),
    }
}

/// What one round of a relay carries away well: one bulk of marks. The service may hand
/// out more, for it never tears a transaction.
const PAGE_MAX: u32 = 100;
