//! The change feed: `GET …/docs` with `A-IM`.

use super::auth::http_date;
use super::call::Call;
use super::reply::{Reply, list};
use super::scope;
use super::target::Owner;
use crate::cosmos::Cosmos;
use crate::cosmos::core::scope::Scope;
use crate::cosmos::core::{Entry, FeedPage, FeedRequest, Refusal, Start};

/// How many items a page has if the client leaves it to the service.
const ITEMS_DEFAULT: usize = 100;
/// The wire format that wraps each document.
const WRAPPED: &str = "2021-09-15";

/// Reads a page.
pub(super) fn answer(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    let mode = call.header("a-im").unwrap_or_default();
    if !mode.eq_ignore_ascii_case("incremental feed") {
        return Err(Refusal::Bad(format!(
            "A-IM is '{mode}'; this emulator serves 'Incremental Feed'"
        )));
    }
    let request = request(call)?;
    let container = cosmos.owner(owner)?;
    let mut container = Cosmos::lock(&container);
    let scope = scope::read(call, &container)?.unwrap_or(Scope::All);
    scope::check(call, &container, &scope)?;
    let page = container.feed(&scope, &request, call.at)?;
    let stamp = container.stamp(&scope)?;
    let rid = container.rid().text();
    drop(container);
    let FeedPage { entries, token, charge } = page;
    let reply = if entries.is_empty() {
        Reply::empty(304, charge)
    } else {
        let wrapped = call.header("x-ms-cosmos-changefeed-wire-format-version") == Some(WRAPPED);
        let items: Vec<Vec<u8>> = entries.iter().map(|entry| write(entry, wrapped)).collect();
        let body = list(&rid, "Documents", items.iter().map(Vec::as_slice));
        Reply::text(200, body, charge).with("x-ms-item-count", entries.len())
    };
    Ok(reply.with("etag", token).stamped(&stamp))
}

fn request(call: &Call) -> Result<FeedRequest, Refusal> {
    let start = match call.header("if-none-match") {
        None => Start::Beginning,
        Some("*") => Start::Now,
        Some(token) => Start::After(token.to_owned()),
    };
    let since = call.header("if-modified-since").map(|text| {
        let date = http_date(text).map(jiff::Timestamp::as_second);
        date.ok_or_else(|| Refusal::Bad(format!("If-Modified-Since is '{text}', no HTTP date")))
    });
    let items_max = call.items_max(ITEMS_DEFAULT)?;
    Ok(FeedRequest { start, since: since.transpose()?, items_max })
}

/// The document with `_lsn`, plain or wrapped.
fn write(entry: &Entry, wrapped: bool) -> Vec<u8> {
    let Entry { lsn, at, body } = entry;
    let open = body.strip_suffix(b"}").unwrap_or(body);
    let mut text = Vec::with_capacity(body.len() + 80);
    if wrapped {
        text.extend_from_slice(b"{\"current\":");
    }
    text.extend_from_slice(open);
    text.extend_from_slice(format!(",\"_lsn\":{lsn}}}").as_bytes());
    if wrapped {
        let metadata = format!(",\"metadata\":{{\"lsn\":{lsn},\"crts\":{at}}}}}");
        text.extend_from_slice(metadata.as_bytes());
    }
    text
}
