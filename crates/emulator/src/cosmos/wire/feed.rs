//! The change feed: `GET …/docs` with `A-IM`.

use super::auth::http_date;
use super::call::Call;
use super::reply::{Reply, list};
use super::scope;
use super::target::Owner;
use crate::cosmos::Cosmos;
use crate::cosmos::core::document::Document;
use crate::cosmos::core::scope::Scope;
use crate::cosmos::core::{Deed, Entry, FeedPage, FeedRequest, Mode, Refusal, Start};
use serde_json::Value;
use std::fmt::Write as _;

/// How many items a page has if the client leaves it to the service.
const ITEMS_DEFAULT: usize = 100;
/// The wire format that wraps each document.
const WRAPPED: &str = "2021-09-15";

/// Reads a page.
pub(super) fn answer(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    let request = request(call)?;
    let container = cosmos.owner(owner)?;
    let mut container = Cosmos::lock(&container);
    let scope = scope::read(call, &container)?.unwrap_or(Scope::All);
    scope::check(call, &container, &scope)?;
    let page = container.feed(&scope, &request, call.at)?;
    let stamp = container.stamp(&scope)?;
    let rid = container.rid().text();
    // A container's own policy keeps what was done, and not what was there before.
    let shows_previous = container.shape().retention.is_none();
    drop(container);
    let FeedPage { entries, token, charge } = page;
    let reply = if entries.is_empty() {
        Reply::empty(304, charge)
    } else {
        let wrapped = call.header("x-ms-cosmos-changefeed-wire-format-version") == Some(WRAPPED);
        let write = |entry| write(entry, wrapped, shows_previous);
        let items: Vec<Vec<u8>> = entries.iter().map(write).collect();
        let body = list(&rid, "Documents", items.iter().map(Vec::as_slice));
        Reply::text(200, body, charge).with("x-ms-item-count", entries.len())
    };
    Ok(reply.with("etag", token).stamped(&stamp))
}

fn request(call: &Call) -> Result<FeedRequest, Refusal> {
    let mode = match call.header("a-im").unwrap_or_default() {
        text if text.eq_ignore_ascii_case("incremental feed") => Mode::Latest,
        text if text.eq_ignore_ascii_case("full-fidelity feed") => Mode::All,
        text => {
            return Err(Refusal::Bad(format!(
                "A-IM is '{text}'; it can be 'Incremental Feed' and 'Full-Fidelity Feed'"
            )));
        }
    };
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
    Ok(FeedRequest { mode, start, since: since.transpose()?, items_max })
}

/// The document with `_lsn`, plain or wrapped; always wrapped where all versions were asked for.
fn write(entry: &Entry, wrapped: bool, shows_previous: bool) -> Vec<u8> {
    let Entry { lsn, at, deed, body } = entry;
    let Some((deed, key)) = deed else {
        let document = with_lsn(body, *lsn);
        if !wrapped {
            return document;
        }
        return [b"{\"current\":", document.as_slice(), metadata(*lsn, *at, "").as_bytes()]
            .concat();
    };
    let (kind, previous) = match *deed {
        Deed::Created => return version(entry, ",\"operationType\":\"create\""),
        Deed::Replaced(previous) => ("replace", previous),
        Deed::Deleted(previous) | Deed::Expired(previous) => ("delete", previous),
    };
    let mut more = format!(",\"operationType\":\"{kind}\",\"previousImageLSN\":{previous}");
    if matches!(deed, Deed::Replaced(_)) {
        return version(entry, &more);
    }
    let expired = matches!(deed, Deed::Expired(_));
    let id = Value::from(id_of(body));
    let _ = write!(more, ",\"timeToLiveExpired\":{expired},\"id\":{id},\"partitionKey\":{key}");
    let metadata = metadata(*lsn, *at, &more);
    if !shows_previous {
        return [b"{\"current\":{}", metadata.as_bytes()].concat();
    }
    let open: &[u8] = b"{\"current\":{},\"previous\":";
    [open, body, metadata.as_bytes()].concat()
}

/// A version that was written: it was never anything else, so there is nothing before it to show.
fn version(entry: &Entry, more: &str) -> Vec<u8> {
    let document = with_lsn(&entry.body, entry.lsn);
    let open: &[u8] = b"{\"current\":";
    [open, &document, metadata(entry.lsn, entry.at, more).as_bytes()].concat()
}

fn with_lsn(body: &[u8], lsn: u64) -> Vec<u8> {
    let open = body.strip_suffix(b"}").unwrap_or(body);
    [open, format!(",\"_lsn\":{lsn}}}").as_bytes()].concat()
}

/// What stands behind the documents of an entry.
fn metadata(lsn: u64, at: i64, more: &str) -> String {
    format!(",\"metadata\":{{\"lsn\":{lsn},\"crts\":{at}{more}}}}}")
}

fn id_of(body: &[u8]) -> String {
    Document::parse(body).and_then(|document| document.id()).unwrap_or_default()
}
