//! Reading items for queries, piece by piece or all at once.

use super::container::Container;
use super::epk::Epk;
use super::item::Item;
use super::refusal::Refusal;
use super::scope::{Scope, Slice};
use crate::cosmos::query::Requirement;
use bytes::Bytes;
use std::fmt;
use std::str::FromStr;

/// How far a scan has come: in this interval all items up to a number were seen, behind it none.
///
/// It stays right when items come or go, and when ranges are split or merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    low: Epk,
    high: Epk,
    number: u64,
}

/// What a scan looks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search<'q> {
    /// Where.
    pub(crate) scope: &'q Scope,
    /// What every item that matters must meet; others may be left out.
    pub(crate) wanted: &'q [Requirement],
}

/// A piece of a scan.
#[derive(Debug)]
pub(crate) struct ScanPage {
    /// The items, each with where a scan that stops behind it goes on.
    pub(crate) found: Vec<(Position, Bytes)>,
    /// Where to go on; nowhere if this was all.
    pub(crate) next: Option<Position>,
}

/// All that a search looks for, in the order of a scan.
pub(crate) type Snapshot = Vec<Bytes>;

impl Container {
    /// Reads the next items that a search looks for, in the order of their creation within each
    /// range. What that costs follows from what an index finds, if the search can use one.
    pub(crate) fn scan(
        &mut self,
        search: Search<'_>,
        from: Option<&Position>,
        items_max: usize,
        now: i64,
    ) -> Result<ScanPage, Refusal> {
        self.purge(now);
        self.index_for(search.wanted);
        self.order_for(search.scope);
        let slices = self.slices(search.scope)?;
        let mut found = Vec::new();
        if let Some(from) = from {
            let begun = slices.iter().filter_map(|slice| slice.cut(&from.low, &from.high));
            let begun: Vec<Slice<'_>> = begun.collect();
            add(&mut found, (&begun, search.wanted), from, items_max);
        }
        let behind = from.map_or_else(Epk::first, |from| from.high.clone());
        for slice in slices.iter().filter_map(|slice| slice.cut(&behind, &Epk::end())) {
            let (low, high) = (slice.low.clone(), slice.high.clone());
            let begin = Position { low, high, number: 0 };
            add(&mut found, (&[slice], search.wanted), &begin, items_max);
        }
        let full = items_max <= found.len();
        let next = found.last().filter(|_| full).map(|(position, _)| position.clone());
        Ok(ScanPage { found, next })
    }

    /// Reads all that a search looks for at one instant.
    pub(crate) fn snapshot(&mut self, search: Search<'_>, now: i64) -> Result<Snapshot, Refusal> {
        let page = self.scan(search, None, usize::MAX, now)?;
        Ok(page.found.into_iter().map(|(_, body)| body).collect())
    }
}

/// Adds what lies behind a position in its interval, which may since have been split into slices.
fn add(
    found: &mut Vec<(Position, Bytes)>,
    (slices, wanted): (&[Slice<'_>], &[Requirement]),
    from: &Position,
    items_max: usize,
) {
    let left = items_max.saturating_sub(found.len());
    let each = slices.iter().map(|slice| items(slice, wanted, from.number).take(left));
    let mut next: Vec<&Item> = each.flatten().collect();
    next.sort_unstable_by_key(|item| item.number);
    found.extend(
        next.into_iter()
            .take(left)
            .map(|item| (Position { number: item.number, ..from.clone() }, item.body.clone())),
    );
}

fn items<'c>(
    slice: &'c Slice<'c>,
    wanted: &[Requirement],
    after: u64,
) -> Box<dyn Iterator<Item = &'c Item> + 'c> {
    if let Some(key) = &slice.key {
        return slice.range.find_in_key((&slice.low, key), wanted, after);
    }
    let items = slice.range.find(wanted, after);
    Box::new(items.filter(|(place, _)| slice.covers(&place.epk)).map(|(_, item)| item))
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.low, self.high, self.number)
    }
}

impl FromStr for Position {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let mut parts = text.split('-');
        let mut epk = || parts.next().and_then(Epk::from_hex);
        let bounds = epk().zip(epk());
        let number = parts.next().and_then(|number| number.parse().ok());
        match (bounds, number, parts.next()) {
            (Some((low, high)), Some(number), None) => Ok(Self { low, high, number }),
            _ => Err(Refusal::Bad("the continuation token is none of this container".to_owned())),
        }
    }
}
