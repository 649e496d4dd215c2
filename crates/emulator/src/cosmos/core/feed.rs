//! The change feed: each item once, where it was last written, or all that was done to it.
//!
//! A page ends between transactions, never within one, even if it grows longer than asked. What a
//! page costs depends on the page, not on what the container holds.

use super::charge;
use super::container::Container;
use super::item::Item;
use super::refusal::Refusal;
use super::scope::{Scope, Slice};
use bytes::Bytes;
use std::sync::Arc;

/// What a reader wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Each item as it is now.
    Latest,
    /// Every write and every delete.
    All,
}

/// What was done to an item; the number is the transaction that wrote it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It was put where none was.
    Created,
    /// It was written again.
    Replaced(u64),
    /// It was removed by a client.
    Deleted(u64),
    /// It was removed at the end of its time to live.
    Expired(u64),
}

/// Where a reader of the feed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// Before the first change.
    Beginning,
    /// Behind the last change.
    Now,
    /// Behind what an earlier page's token says.
    After(String),
}

/// What a reader asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedRequest {
    /// What to see.
    pub(crate) mode: Mode,
    /// Where to go on.
    pub(crate) start: Start,
    /// Nothing written before this, in seconds of Unix time.
    pub(crate) since: Option<i64>,
    /// How many items a page should have.
    pub(crate) items_max: usize,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The transaction.
    pub(crate) lsn: u64,
    /// When, in seconds of Unix time.
    pub(crate) at: i64,
    /// What was done, and the partition key as JSON, where all versions were asked for.
    pub(crate) deed: Option<(Deed, Arc<str>)>,
    /// The item after it; after its removal, what it was before.
    pub(crate) body: Bytes,
}

/// A page of the feed.
#[derive(Debug, PartialEq)]
pub(crate) struct FeedPage {
    /// The changes; none if nothing is new.
    pub(crate) entries: Vec<Entry>,
    /// Where to go on: the value of `etag`, in quotes.
    pub(crate) token: String,
    /// What the page cost, in request units.
    pub(crate) charge: f64,
}

/// A page ends at the next transaction behind this many bytes.
const BYTES_MAX: usize = 4 * 1024 * 1024;

impl Container {
    /// Reads the next page of the feed.
    pub(crate) fn feed(
        &mut self,
        scope: &Scope,
        request: &FeedRequest,
        now: i64,
    ) -> Result<FeedPage, Refusal> {
        self.purge(now);
        if request.mode == Mode::All {
            check_start(request)?;
            self.keep_history(now);
        }
        self.order_for(scope);
        let slices = self.slices(scope)?;
        let stands = Stand::read(&request.start)?;
        let mut entries = Vec::new();
        let mut reached = Vec::with_capacity(slices.len());
        for slice in &slices {
            let lsn = stands.of(slice, &request.start, request.since);
            let left = request.items_max.saturating_sub(entries.len());
            let lsn = match request.mode {
                _ if left == 0 => lsn,
                Mode::Latest => read(slice, lsn, (left, request.since), &mut entries),
                Mode::All => slice.range.done(slice, lsn, left, &mut entries)?,
            };
            reached.push((slice.range.id, lsn));
        }
        let bytes = entries.iter().map(|entry: &Entry| entry.body.len()).sum();
        Ok(FeedPage { entries, token: token(&reached), charge: charge::feed(bytes) })
    }
}

/// All versions can be followed from now on or from a token, as the service has it.
fn check_start(request: &FeedRequest) -> Result<(), Refusal> {
    let wrong = match (&request.start, request.since) {
        (_, Some(_)) => "a moment in time (If-Modified-Since)",
        (Start::Beginning, None) => "the beginning",
        (Start::Now | Start::After(_), None) => return Ok(()),
    };
    Err(Refusal::Bad(format!(
        "the Full-Fidelity Feed (all versions and deletes) does not start from {wrong}: start from \
         now (If-None-Match: *), or from a token"
    )))
}

/// Adds a slice's changes behind `lsn` to `entries`, and answers how far that went.
fn read(
    slice: &Slice<'_>,
    lsn: u64,
    (items_max, since): (usize, Option<i64>),
    entries: &mut Vec<Entry>,
) -> u64 {
    let mut reached = lsn;
    let mut items = 0;
    let mut bytes = 0;
    for item in changes(slice, lsn) {
        let next = reached < item.change.0;
        if next && (items_max <= items || BYTES_MAX <= bytes) {
            return reached;
        }
        reached = item.change.0;
        if since.is_some_and(|since| item.at < since) {
            continue;
        }
        items += 1;
        bytes += item.body.len();
        let (lsn, at, body) = (item.change.0, item.at, item.body.clone());
        entries.push(Entry { lsn, at, deed: None, body });
    }
    slice.range.lsn.max(reached)
}

fn changes<'c>(slice: &'c Slice<'c>, lsn: u64) -> Box<dyn Iterator<Item = &'c Item> + 'c> {
    match &slice.key {
        Some(key) => slice.range.changes_in_key(&slice.low, key, lsn),
        None if slice.is_whole() => Box::new(slice.range.changes(lsn).map(|(_, item)| item)),
        None => {
            let changes = slice.range.changes(lsn);
            let covered = changes.filter(|(place, _)| slice.covers(&place.epk));
            Box::new(covered.map(|(_, item)| item))
        }
    }
}

/// How far a reader has read, by range; `None` stands for every range.
struct Stand(Vec<(Option<u32>, u64)>);

impl Stand {
    fn read(start: &Start) -> Result<Self, Refusal> {
        let Start::After(token) = start else { return Ok(Self(Vec::new())) };
        let text = token.trim_start_matches("W/").trim_matches('"');
        let parts = text.split(',').map(|part| match part.split_once(':') {
            Some((range, lsn)) => Some((Some(range.parse().ok()?), lsn.parse().ok()?)),
            None => Some((None, part.parse().ok()?)),
        });
        let stand = parts.collect::<Option<_>>();
        stand.map(Self).ok_or_else(|| Refusal::Bad(format!("{token} is no change feed token")))
    }

    /// Where to go on in a slice; a range goes on where the last of those stood that it came from.
    fn of(&self, slice: &Slice<'_>, start: &Start, since: Option<i64>) -> u64 {
        let range = slice.range;
        let own = self.0.iter().filter(|(of, _)| of.is_none_or(|of| range.descends_from(of)));
        match (start, since) {
            (Start::Now, _) => range.lsn,
            (Start::Beginning, Some(since)) => range.lsn_before(since),
            (Start::Beginning, None) => 0,
            (Start::After(_), _) => own.map(|(_, lsn)| *lsn).min().unwrap_or(0),
        }
    }
}

fn token(reached: &[(u32, u64)]) -> String {
    match reached {
        [(_, lsn)] => format!("\"{lsn}\""),
        several => {
            let parts = several.iter().map(|(range, lsn)| format!("{range}:{lsn}"));
            format!("\"{}\"", parts.collect::<Vec<_>>().join(","))
        }
    }
}
