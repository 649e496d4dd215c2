//! The change feed, range by range.

use domain::ports::{FeedPage, FeedPart, FeedPosition, FeedRange};
use domain::{Fault, Stretch};

use super::fault::fault;
use crate::account::Range;
use crate::container::Container;
use crate::documents::reading_of;
use crate::feed::Start;

/// The ranges that make up the feed now. Other hosts may know of a split that this one does not.
pub(super) async fn ranges(container: &Container) -> Result<Vec<FeedRange>, Fault> {
    container.forget_ranges();
    let ranges = container.ranges().await.map_err(|failure| fault(container, failure))?;
    let range =
        |Range { id, min, max, parents }| FeedRange { id, stretch: Stretch { min, max }, parents };
    Ok(ranges.into_iter().map(range).collect())
}

/// The next page of a part.
pub(super) async fn next(
    container: &Container,
    part: &FeedPart,
    from: &FeedPosition,
) -> Result<FeedPage, Fault> {
    let start = match from {
        FeedPosition::Now => Start::Now,
        FeedPosition::After(continuation) => Start::After(continuation.clone()),
    };
    match container.feed_within(&part.range, part.within.as_ref(), &start, PAGE_MAX).await {
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
