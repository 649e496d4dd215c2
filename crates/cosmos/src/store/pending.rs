//! All pending events that were last written before an instant, range by range.
//!
//! The cursor says where on the ring the page ended and, within a range, where its query
//! goes on. If that range is gone, the one that now holds the place is asked from its
//! start: some events come again, none is left out.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::ports::PendingPage;
use domain::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fault::fault;
use crate::account::Range;
use crate::container::{Container, Within};
use crate::documents::reading_of;
use crate::failure::{Failure, Why};
use crate::query::{Page, Query};

/// Where a page ended.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// The position on the ring where the range starts that is being read.
    from: String,
    /// The range's name, and where its query goes on.
    within: Option<(String, String)>,
}

/// One page of pending events, and the cursor of the next.
pub(super) async fn pending(
    container: &Container,
    before: Timestamp,
    cursor: Option<&str>,
) -> Result<PendingPage, Fault> {
    let query = Query::new(PENDING).with("@before", before.as_second());
    let (documents, cursor) = page(container, &query, cursor).await?;
    let readings = documents.iter().map(|document| reading_of(document.get())).collect();
    Ok(PendingPage { readings, cursor })
}

/// One page of any query over all ranges, and the cursor of the next.
pub(super) async fn page(
    container: &Container,
    query: &Query,
    cursor: Option<&str>,
) -> Result<(Vec<Box<RawValue>>, Option<String>), Fault> {
    let cursor = cursor.map_or_else(|| Ok(Cursor::default()), Cursor::parse)?;
    let asked = ask(container, query, &cursor).await;
    let (range, page) = asked.map_err(|failure| fault(container, failure))?;
    Ok((page.documents, Cursor::behind(range, page.continuation)))
}

/// Asks the range that holds the cursor's place; once more if it is gone.
async fn ask(
    container: &Container,
    query: &Query,
    cursor: &Cursor,
) -> Result<(Range, Page), Failure> {
    match ask_once(container, query, cursor).await {
        Err(failure) if failure.is_range_gone() => {
            container.forget_ranges();
            ask_once(container, query, cursor).await
        }
        other => other,
    }
}

async fn ask_once(
    container: &Container,
    query: &Query,
    cursor: &Cursor,
) -> Result<(Range, Page), Failure> {
    let ranges = container.ranges().await?;
    let range = ranges
        .into_iter()
        .rfind(|range| range.min <= cursor.from)
        .ok_or_else(|| Failure::unsent(Why::RangeGone))?;
    let continuation = cursor
        .within
        .as_ref()
        .filter(|(id, _)| *id == range.id)
        .map(|(_, continuation)| continuation.as_str());
    let page =
        container.query(query, Within::Range(&range.id), Some(PAGE_MAX), continuation).await?;
    Ok((range, page))
}

impl Cursor {
    /// The cursor behind a page of this range; none behind the last page of the last range.
    fn behind(range: Range, continuation: Option<String>) -> Option<String> {
        let cursor = match continuation {
            Some(next) => Self { from: range.min, within: Some((range.id, next)) },
            None if range.max == RING_END => return None,
            None => Self { from: range.max, within: None },
        };
        Some(cursor.text())
    }

    fn text(&self) -> String {
        // Texts and pairs of texts are always JSON.
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| Fault::Rejected {
            reason: "the cursor is not one of this store".to_owned(),
        })
    }
}

const PENDING: &str =
    "SELECT * FROM c WHERE c.type = 'event' AND c.state = 'pending' AND c._ts <= @before";
const RING_END: &str = "FF";
/// As many as a page of the feed: the same path works on both.
const PAGE_MAX: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let within = Some(("3".to_owned(), "+RID:~x#y".to_owned()));
        let cursor = Cursor { from: "1F".to_owned(), within };
        assert_eq!(Cursor::parse(&cursor.text()).unwrap(), cursor);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "%%", "bm9uc2Vuc2U"] {
            assert!(matches!(Cursor::parse(text), Err(Fault::Rejected { .. })), "{text}");
        }
    }
}
