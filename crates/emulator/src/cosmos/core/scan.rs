//! Reading items for queries, piece by piece or all at once.

use super::container::Container;
use super::epk::Epk;
use super::item::Item;
use super::refusal::Refusal;
use super::scope::{Scope, Slice};
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

/// A piece of a scan.
#[derive(Debug)]
pub(crate) struct ScanPage {
    /// The items, each with where a scan that stops behind it goes on.
    pub(crate) found: Vec<(Position, Bytes)>,
    /// Where to go on; nowhere if this was all.
    pub(crate) next: Option<Position>,
}

/// All items of a scope, in the order of a scan.
pub(crate) type Snapshot = Vec<Bytes>;

impl Container {
    /// Reads the next items of a scope, in the order of their creation within each range.
    pub(crate) fn scan(
        &mut self,
        scope: &Scope,
        from: Option<&Position>,
        items_max: usize,
        now: i64,
    ) -> Result<ScanPage, Refusal> {
        self.purge(now);
        let slices = self.slices(scope)?;
        let rest = slices.iter().flat_map(|slice| rest_of(slice, from));
        let mut found = Vec::new();
        for (slice, after) in rest {
            let items = items(&slice, after).take(items_max.saturating_sub(found.len()));
            found.extend(items.map(|item| {
                let (low, high) = (slice.low.clone(), slice.high.clone());
                (Position { low, high, number: item.number }, item.body.clone())
            }));
            if items_max <= found.len() {
                let next = found.last().map(|(position, _)| position.clone());
                return Ok(ScanPage { found, next });
            }
        }
        Ok(ScanPage { found, next: None })
    }

    /// Reads all items of a scope at one instant.
    pub(crate) fn snapshot(&mut self, scope: &Scope, now: i64) -> Result<Snapshot, Refusal> {
        let page = self.scan(scope, None, usize::MAX, now)?;
        Ok(page.found.into_iter().map(|(_, body)| body).collect())
    }
}

/// What of a slice is still to be read, each part with the number it goes on behind.
fn rest_of<'c>(
    slice: &Slice<'c>,
    from: Option<&Position>,
) -> impl Iterator<Item = (Slice<'c>, u64)> + use<'c> {
    let (begun, untouched) = match from {
        None => (None, Some(slice.clone())),
        Some(from) => (
            slice.cut(&from.low, &from.high).map(|slice| (slice, from.number)),
            slice.cut(&from.high, &Epk::end()),
        ),
    };
    begun.into_iter().chain(untouched.map(|slice| (slice, 0)))
}

fn items<'c>(slice: &'c Slice<'c>, after: u64) -> Box<dyn Iterator<Item = &'c Item> + 'c> {
    if let Some(key) = &slice.key {
        let items = slice.range.of_key(&slice.low, key);
        let mut items: Vec<&Item> = items.filter(|item| after < item.number).collect();
        items.sort_unstable_by_key(|item| item.number);
        return Box::new(items.into_iter());
    }
    let items = slice.range.scan(after);
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
