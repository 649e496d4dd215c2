//! Lists over all ranges, newest first, page by page.
//!
//! Each range is asked for itself and the answers are merged. A page ends at an instant and
//! a key, not at a position: what is written meanwhile shifts nothing.

use std::time::Duration;

use domain::Fault;
use domain::ports::{Continuation, ListQuery, Page};
use futures_util::future::try_join_all;
use serde::Deserialize;

use super::fault::{Unreadable, fault};
use crate::container::{Container, Within};
use crate::documents::tag_and_aggregate;
use crate::failure::Failure;
use crate::form::Form;
use crate::moment::Moment;
use crate::query::Query;

/// A document with the fields that lists are ordered by.
struct Row {
    placed_at: Moment,
    id: String,
    document: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: String,
    placed_at: Moment,
}

/// One page of aggregates.
pub(super) async fn list<F: Form>(
    container: &Container,
    query: &ListQuery,
) -> Result<Page<F::Aggregate>, Fault> {
    let text = query_of(F::TYPE, query);
    let mut rows = rows(container, &text, query.limit).await?;
    rows.sort_by(|a, b| (b.placed_at, &b.id).cmp(&(a.placed_at, &a.id)));
    let there_is_more = query.limit < rows.len();
    rows.truncate(query.limit);
    let continuation = match rows.last().filter(|_| there_is_more) {
        Some(last) => Some(end_of(last)?),
        None => None,
    };
    Ok(Page { items: rows.iter().filter_map(aggregate::<F>).collect(), continuation })
}

/// What cannot be read is left out: one document must not hide all others.
fn aggregate<F: Form>(row: &Row) -> Option<F::Aggregate> {
    let Row { id, document, .. } = row;
    tag_and_aggregate::<F>(document)
        .inspect_err(|reason| tracing::warn!(%id, %reason, "a document cannot be listed"))
        .map(|(_, state)| state)
        .ok()
}

/// The rows of all ranges, one more of each than asked for: that says whether there are
/// more. Where a range goes meanwhile, the ranges that took its place are asked.
async fn rows(container: &Container, query: &Query, limit: usize) -> Result<Vec<Row>, Fault> {
    for _ in 0..RANGES_CHANGED_MAX {
        match try_rows(container, query, limit).await {
            Ok(rows) => return Ok(rows),
            Err(failure) if failure.is_range_gone() => {
                container.forget_ranges();
                tokio::time::sleep(RANGES_SETTLE).await;
            }
            Err(failure) => return Err(fault(container, failure)),
        }
    }
    Err(Fault::Unavailable("the partitions of the container are being split".into()))
}

async fn try_rows(container: &Container, query: &Query, limit: usize) -> Result<Vec<Row>, Failure> {
    let ranges = container.ranges().await?;
    let asked = ranges.iter().map(|range| rows_of(container, query, &range.id, limit));
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

async fn rows_of(
    container: &Container,
    query: &Query,
    range: &str,
    limit: usize,
) -> Result<Vec<Row>, Failure> {
    let max = u32::try_from(limit.saturating_add(1)).ok();
    let mut rows = Vec::new();
    let mut continuation: Option<String> = None;
    loop {
        let page = container.query(query, Within::Range(range), max, continuation.as_deref());
        let page = page.await?;
        rows.extend(page.documents.iter().filter_map(|document| Row::of(document.get())));
        continuation = page.continuation;
        if continuation.is_none() || limit < rows.len() {
            return Ok(rows);
        }
    }
}

impl Row {
    fn of(document: &str) -> Option<Self> {
        let Order { id, placed_at } = serde_json::from_str(document)
            .inspect_err(|error| tracing::warn!(%error, "a document has no place in a list"))
            .ok()?;
        Some(Self { placed_at, id, document: document.to_owned() })
    }
}

/// Fields are named by this program; their values are parameters.
fn query_of(kind: &str, query: &ListQuery) -> Query {
    let mut text = "SELECT * FROM c WHERE c.type = @type".to_owned();
    if let Some((field, _)) = &query.filter {
        text.push_str(" AND c.");
        text.push_str(field);
        text.push_str(" = @value");
    }
    if query.continuation.is_some() {
        text.push_str(" AND (c.placedAt < @at OR (c.placedAt = @at AND c.id < @id))");
    }
    text.push_str(" ORDER BY c.placedAt DESC, c.id DESC");
    let mut made = Query::new(text).with("@type", kind);
    if let Some((_, value)) = &query.filter {
        made = made.with("@value", value.as_str());
    }
    if let Some(Continuation { placed_at, key }) = &query.continuation {
        made = made.with("@at", Moment(*placed_at).to_string()).with("@id", key.as_str());
    }
    made
}

fn end_of(last: &Row) -> Result<Continuation, Unreadable> {
    let key = last
        .id
        .parse()
        .map_err(|_| Unreadable { id: last.id.clone(), reason: "the id is no key".to_owned() })?;
    Ok(Continuation { placed_at: last.placed_at.0, key })
}

/// A split that is still going on takes a moment.
const RANGES_SETTLE: Duration = Duration::from_millis(50);
/// Splits come rarely; more than this in one call is no split any more.
const RANGES_CHANGED_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn body(query: &ListQuery) -> String {
        String::from_utf8(query_of("order", query).body().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_filter_and_a_continuation_become_parameters() {
        let query = ListQuery {
            filter: Some(("accountNumber", "A-17".to_owned())),
            limit: 2,
            continuation: Some(Continuation {
                placed_at: "2026-11-23T20:24:24Z".parse().unwrap(),
                key: "o-1".parse().unwrap(),
            }),
        };
        expect_test::expect![[r#"{"query":"SELECT * FROM c WHERE c.type = @type AND c.accountNumber = @value AND (c.placedAt < @at OR (c.placedAt = @at AND c.id < @id)) ORDER BY c.placedAt DESC, c.id DESC","parameters":[{"name":"@type","value":"order"},{"name":"@value","value":"A-17"},{"name":"@at","value":"2026-11-23T20:24:24.000000Z"},{"name":"@id","value":"o-1"}]}"#]].assert_eq(&body(&query));
    }

    #[test]
    fn without_either_all_of_the_type_are_listed() {
        let query = ListQuery { filter: None, limit: 2, continuation: None };
        expect_test::expect![[r#"{"query":"SELECT * FROM c WHERE c.type = @type ORDER BY c.placedAt DESC, c.id DESC","parameters":[{"name":"@type","value":"order"}]}"#]].assert_eq(&body(&query));
    }
}
