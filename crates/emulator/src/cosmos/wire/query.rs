//! Queries over items, lists of all items, and query plans.
//!
//! A query that takes documents one by one is paged by its place in the scan. One that needs them
//! all (`ORDER BY`, aggregates, `DISTINCT`, …) is evaluated anew for each page, and paged by count.

use super::call::Call;
use super::reply::{Reply, list};
use super::scope;
use super::sieve::Sieve;
use super::target::Owner;
use crate::cosmos::Cosmos;
use crate::cosmos::core::account::Shared;
use crate::cosmos::core::scope::Scope;
use crate::cosmos::core::{Position, Refusal, ScanPage, Search, charge};
use crate::cosmos::query::{self, Query, Requirement};
use serde_json::{Map, Value};

/// How many results a page has if the client leaves it to the service.
const ITEMS_DEFAULT: usize = 100;
/// A page ends behind this many bytes.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many items are taken under the container's lock at a time.
const SCAN_ITEMS: usize = 256;

/// A query text with its parameters.
pub(super) struct Asked {
    query: Query,
    parameters: Map<String, Value>,
    /// What every match must satisfy.
    wanted: Vec<Requirement>,
    sieve: Sieve,
}

/// One page of results as JSON texts, and where the next one begins.
struct Page {
    results: Vec<Vec<u8>>,
    next: Option<String>,
}

/// What a scan reads, and when.
struct Source<'c> {
    container: &'c Shared,
    scope: Scope,
    wanted: &'c [Requirement],
    at: i64,
    items_max: usize,
}

impl Source<'_> {
    const fn search(&self) -> Search<'_> {
        Search { scope: &self.scope, wanted: self.wanted }
    }

    /// Whether there are items behind a position, so that another page makes sense.
    fn is_left(&self, behind: &Position) -> Result<bool, Refusal> {
        let mut container = Cosmos::lock(self.container);
        let rest = container.scan(self.search(), Some(behind), 1, self.at)?;
        Ok(!rest.found.is_empty())
    }
}

/// Answers a query, or lists all items where there is none.
pub(super) fn answer(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    let asked = if call.is_query() { Some(Asked::read(call)?) } else { None };
    let wanted = asked.as_ref().map_or(&[][..], |asked| &asked.wanted);
    let container = cosmos.owner(owner)?;
    let (scope, rid, stamp) = {
        let held = Cosmos::lock(&container);
        let scope = match scope::read(call, &held)? {
            Some(scope) => scope,
            None if asked.is_none() || may_cross(call) => Scope::All,
            None => held.shape().key.required(wanted).map(Scope::Key).ok_or_else(unscoped)?,
        };
        scope::check(call, &held, &scope)?;
        let stamp = held.stamp(&scope)?;
        (scope, held.rid().text(), stamp)
    };
    let items_max = call.items_max(ITEMS_DEFAULT)?;
    let source = Source { container: &container, scope, wanted, at: call.at, items_max };
    let from = call.header("x-ms-continuation");
    let page = match &asked {
        Some(asked) if !asked.query.is_streaming() => whole(&source, asked, from)?,
        asked => streamed(&source, asked.as_ref(), from)?,
    };
    let Page { results, next } = page;
    let body = list(&rid, "Documents", results.iter().map(Vec::as_slice));
    let charge = charge::query(body.len());
    let reply = Reply::text(200, body, charge).with("x-ms-item-count", results.len());
    let reply = reply.stamped(&stamp);
    Ok(match next {
        Some(next) => reply.with("x-ms-continuation", next),
        None => reply,
    })
}

/// Answers how the client should run a query over several ranges.
pub(super) fn plan(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    cosmos.owner(owner)?;
    let asked = Asked::read(call)?;
    Ok(Reply::json(200, &asked.query.plan()))
}

impl Asked {
    /// Reads `{"query": …, "parameters": [{"name", "value"}]}`.
    pub(super) fn read(call: &Call) -> Result<Self, Refusal> {
        let body = call.json()?;
        let text = body.get("query").and_then(Value::as_str);
        let text = text.ok_or_else(|| Refusal::Bad("the body has no string 'query'".to_owned()))?;
        let query = query::parse(text).map_err(|error| Refusal::Bad(error.to_string()))?;
        let sent = body.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let parameters = sent.filter_map(|parameter| {
            let name = parameter.get("name")?.as_str()?;
            Some((name.to_owned(), parameter.get("value").cloned().unwrap_or_default()))
        });
        let parameters = parameters.collect();
        let wanted = query.requirements(&parameters);
        let sieve = Sieve::new(&wanted);
        Ok(Self { query, parameters, wanted, sieve })
    }

    /// The results that one item yields.
    fn over_one(&self, body: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
        if !self.sieve.lets_through(body) {
            return Ok(Vec::new());
        }
        let document = document(body)?;
        let values = self.over(std::iter::once(&document))?;
        Ok(values.iter().map(|value| value.to_string().into_bytes()).collect())
    }

    /// Evaluates it over these documents.
    pub(super) fn over<'d>(
        &self,
        documents: impl Iterator<Item = &'d Value>,
    ) -> Result<Vec<Value>, Refusal> {
        let results = self.query.evaluate(&self.parameters, documents);
        results.map_err(|error| Refusal::Bad(error.to_string()))
    }
}

/// Evaluates item by item, and stops when the page is full.
fn streamed(
    source: &Source<'_>,
    asked: Option<&Asked>,
    from: Option<&str>,
) -> Result<Page, Refusal> {
    let mut position = from.map(str::parse::<Position>).transpose()?;
    let mut results: Vec<Vec<u8>> = Vec::new();
    let mut bytes = 0;
    loop {
        let ScanPage { found, next } = Cosmos::lock(source.container).scan(
            source.search(),
            position.as_ref(),
            SCAN_ITEMS.min(source.items_max),
            source.at,
        )?;
        for (behind, body) in found {
            let before = results.len();
            match asked {
                None => results.push(body.to_vec()),
                Some(asked) => results.extend(asked.over_one(&body)?),
            }
            bytes += results.iter().skip(before).map(Vec::len).sum::<usize>();
            if source.items_max <= results.len() || BYTES_MAX <= bytes {
                let next = source.is_left(&behind)?.then(|| behind.to_string());
                return Ok(Page { results, next });
            }
        }
        match next {
            Some(next) => position = Some(next),
            None => return Ok(Page { results, next: None }),
        }
    }
}

/// Evaluates over all items, and answers the page that begins at a count.
fn whole(source: &Source<'_>, asked: &Asked, from: Option<&str>) -> Result<Page, Refusal> {
    let bad = || Refusal::Bad("the continuation token is none of this query".to_owned());
    let from = from.map_or(Some(0), |from| from.strip_prefix('+')?.parse::<usize>().ok());
    let from = from.ok_or_else(bad)?;
    let bodies = Cosmos::lock(source.container).snapshot(source.search(), source.at)?;
    let bodies = bodies.iter().filter(|body| asked.sieve.lets_through(body));
    let documents = bodies.map(|body| document(body)).collect::<Result<Vec<_>, _>>()?;
    let values = asked.over(documents.iter())?;
    let total = values.len();
    let mut results = Vec::new();
    let mut bytes = 0;
    for value in values.into_iter().skip(from).take(source.items_max) {
        let result = value.to_string().into_bytes();
        bytes += result.len();
        results.push(result);
        if BYTES_MAX <= bytes {
            break;
        }
    }
    let end = from + results.len();
    Ok(Page { results, next: (end < total).then(|| format!("+{end}")) })
}

fn document(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::Bad(format!("a stored item cannot be read: {error}")))
}

/// Whether a query may go over all partition keys.
pub(super) fn may_cross(call: &Call) -> bool {
    call.is_set("x-ms-documentdb-query-enablecrosspartition")
}

/// In the service's own words, which clients look for.
pub(super) fn unscoped() -> Refusal {
    Refusal::Bad(
        "Cross partition query is required but disabled. Please set \
         x-ms-documentdb-query-enablecrosspartition to true, specify \
         x-ms-documentdb-partitionkey, or revise your query to avoid this exception."
            .to_owned(),
    )
}
