//! Which items have which value at a path, so that a query need not look at all of them.
//!
//! A path is indexed from the first query on that asks for it, if the container's policy includes
//! it: what no query asks for costs neither memory nor time. What an index finds is a superset:
//! numbers count as doubles and texts by their first bytes, so the query looks at each item again.

use super::item::Item;
use super::members::Members;
use crate::cosmos::query::{Requirement, Span};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::RangeInclusive;

/// The indexed paths of one range. Items are known by their numbers.
#[derive(Debug, Default)]
pub(super) struct Index {
    paths: Vec<Path>,
}

#[derive(Debug)]
struct Path {
    names: Vec<String>,
    values: BTreeMap<Key, Numbers>,
}

/// A value, as far as an index tells it from others: in the order of queries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Null,
    Bool(bool),
    /// The bits of a double, turned so that they sort as the numbers do.
    Number(u64),
    /// The first bytes of a text.
    Text(Box<[u8]>),
    /// Behind all texts.
    End,
}

/// The items of one value. Most values are rare or frequent: one item takes no room of its own.
#[derive(Debug)]
enum Numbers {
    One(u64),
    Many(BTreeSet<u64>),
}

/// The property by which the service says when an item was written.
const TIME: &str = "_ts";
/// How many paths are indexed at most, for queries that come with ever new ones.
const PATHS_MAX: usize = 32;
/// How much of a text is told apart: enough for ids and times.
const TEXT_BYTES_MAX: usize = 64;
/// Several values are looked up only if they have less than this part of the items: their items
/// are sorted anew for every page, which else costs more than to look at those in between.
const SEVERAL_PART: usize = 16;

impl Index {
    /// An empty index of the same paths.
    pub(super) fn like(other: &Self) -> Self {
        let path = |path: &Path| Path { names: path.names.clone(), values: BTreeMap::new() };
        Self { paths: other.paths.iter().map(path).collect() }
    }

    /// Whether this can be an index's path: of what the service sets, only the time can.
    pub(super) fn may_hold(names: &[String]) -> bool {
        match names {
            [name] => name == TIME || !name.starts_with('_'),
            [first, ..] => !first.starts_with('_'),
            [] => false,
        }
    }

    /// Whether a path is indexed, or cannot be any more.
    pub(super) fn is_settled(&self, names: &[String]) -> bool {
        PATHS_MAX <= self.paths.len() || self.path(names).is_some()
    }

    /// Indexes a path from now on, beginning with these items.
    pub(super) fn open<'i>(&mut self, names: &[String], items: impl Iterator<Item = &'i Item>) {
        let mut path = Path { names: names.to_vec(), values: BTreeMap::new() };
        for item in items {
            if let Some(key) = path.key(item, &Members::of(&item.body)) {
                path.add(key, item.number);
            }
        }
        self.paths.push(path);
    }

    /// Notes an item.
    pub(super) fn add(&mut self, item: &Item) {
        self.each_key(item, Path::add);
    }

    /// Forgets an item.
    pub(super) fn remove(&mut self, item: &Item) {
        self.each_key(item, |path, key, number| path.remove(&key, number));
    }

    /// Of these requirements, the one that fewest of `all` items meet; none if looking at all of
    /// them costs no more.
    pub(super) fn narrowest<'q>(
        &self,
        wanted: &'q [Requirement],
        all: usize,
    ) -> Option<&'q Requirement> {
        let mut fewest = (all, None);
        for requirement in wanted {
            let Some(path) = self.path(&requirement.path) else { continue };
            if let Some(count) = path.count(requirement, fewest.0, all / SEVERAL_PART) {
                fewest = (count, Some(requirement));
            }
        }
        fewest.1
    }

    /// The numbers behind `after` of the items that may meet a requirement, in order.
    pub(super) fn behind(
        &self,
        requirement: &Requirement,
        after: u64,
    ) -> Box<dyn Iterator<Item = u64> + '_> {
        let Some(path) = self.path(&requirement.path) else { return Box::new(iter::empty()) };
        let mut lists = path.lists(requirement);
        let (Some(first), second) = (lists.next(), lists.next()) else {
            return Box::new(iter::empty());
        };
        let Some(second) = second else { return first.behind(after) };
        let all = [first, second].into_iter().chain(lists);
        // What several spans share is found once.
        let numbers: BTreeSet<u64> = all.flat_map(|list| list.behind(after)).collect();
        Box::new(numbers.into_iter())
    }

    fn path(&self, names: &[String]) -> Option<&Path> {
        self.paths.iter().find(|path| path.names == names)
    }

    fn each_key(&mut self, item: &Item, mut change: impl FnMut(&mut Path, Key, u64)) {
        if self.paths.is_empty() {
            return;
        }
        let members = Members::of(&item.body);
        for path in &mut self.paths {
            if let Some(key) = path.key(item, &members) {
                change(path, key, item.number);
            }
        }
    }
}

impl Path {
    /// The value of an item at this path, if it is one that is indexed.
    fn key(&self, item: &Item, members: &Members<'_>) -> Option<Key> {
        let (first, rest) = self.names.split_first()?;
        if first == TIME {
            return Key::of(&Value::from(item.at));
        }
        let raw = members.0.iter().find(|(name, _)| name == first).map(|(_, raw)| raw)?;
        let whole: Value = serde_json::from_str(raw).ok()?;
        let value = rest.iter().try_fold(&whole, |value, name| value.as_object()?.get(name))?;
        Key::of(value)
    }

    fn add(&mut self, key: Key, number: u64) {
        self.values
            .entry(key)
            .and_modify(|numbers| numbers.insert(number))
            .or_insert(Numbers::One(number));
    }

    fn remove(&mut self, key: &Key, number: u64) {
        let emptied = self.values.get_mut(key).is_some_and(|numbers| numbers.remove(number));
        if emptied {
            self.values.remove(key);
        }
    }

    /// How many items may meet a requirement, if fewer than `most`; of several values, if fewer
    /// than `several_max`.
    fn count(&self, requirement: &Requirement, most: usize, several_max: usize) -> Option<usize> {
        let (mut count, mut max) = (0, most);
        for (at, list) in self.lists(requirement).enumerate() {
            if 0 < at {
                max = most.min(several_max);
            }
            count += list.len();
            if max <= count {
                return None;
            }
        }
        Some(count)
    }

    /// The items of each value that may meet a requirement.
    fn lists(&self, requirement: &Requirement) -> impl Iterator<Item = &Numbers> {
        let keys = requirement.spans.iter().filter_map(Key::span);
        let keys = keys.filter(|keys| keys.start() <= keys.end());
        keys.flat_map(|keys| self.values.range(keys)).map(|(_, numbers)| numbers)
    }
}

impl Key {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(number) => {
                // Minus zero is zero.
                let bits = (number.as_f64()? + 0.0).to_bits();
                let negative = bits >> 63 == 1;
                Some(Self::Number(if negative { !bits } else { bits | 1 << 63 }))
            }
            Value::String(text) => {
                let bytes = text.as_bytes();
                Some(Self::Text(bytes.get(..TEXT_BYTES_MAX).unwrap_or(bytes).into()))
            }
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Where the values of a span lie.
    fn span(span: &Span) -> Option<RangeInclusive<Self>> {
        Some(match span {
            Span::Only(value) => Self::of(value)?..=Self::of(value)?,
            Span::Between(low, high) => Self::of(low)?..=Self::of(high)?,
            Span::From(low) => {
                let low = Self::of(low)?;
                let end = low.ends().1;
                low..=end
            }
            Span::To(high) => {
                let high = Self::of(high)?;
                high.ends().0..=high
            }
        })
    }

    /// The first and the last value of this one's type.
    fn ends(&self) -> (Self, Self) {
        match self {
            Self::Null => (Self::Null, Self::Null),
            Self::Bool(_) => (Self::Bool(false), Self::Bool(true)),
            Self::Number(_) => (Self::Number(0), Self::Number(u64::MAX)),
            Self::Text(_) | Self::End => (Self::Text(Box::default()), Self::End),
        }
    }
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(numbers) => numbers.len(),
        }
    }

    fn insert(&mut self, number: u64) {
        match self {
            Self::One(first) => *self = Self::Many(BTreeSet::from([*first, number])),
            Self::Many(numbers) => {
                numbers.insert(number);
            }
        }
    }

    /// Removes one, and says whether none is left.
    fn remove(&mut self, number: u64) -> bool {
        match self {
            Self::One(only) => *only == number,
            Self::Many(numbers) => {
                numbers.remove(&number);
                numbers.is_empty()
            }
        }
    }

    fn behind(&self, after: u64) -> Box<dyn Iterator<Item = u64> + '_> {
        match self {
            Self::One(only) => Box::new(iter::once(*only).filter(move |only| after < *only)),
            Self::Many(numbers) => Box::new(numbers.range(after.saturating_add(1)..).copied()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_sort_as_queries_compare() {
        let long = "x".repeat(TEXT_BYTES_MAX);
        let values = [
            json!(null),
            json!(false),
            json!(true),
            json!(-1e300),
            json!(-2),
            json!(-0.5),
            json!(0),
            json!(0.25),
            json!(3),
            json!(u64::MAX),
            json!(""),
            json!("a"),
            json!(long),
            json!("é"),
        ];
        let keys: Vec<Key> = values.iter().filter_map(Key::of).collect();
        assert_eq!(keys.len(), values.len());
        let mut sorted = keys.clone();
        sorted.sort();
        assert_eq!(sorted, keys);
        assert_eq!(Key::of(&json!(-0.0)), Key::of(&json!(0)));
        assert_eq!(Key::of(&json!(format!("{long}y"))), Key::of(&json!(format!("{long}z"))));
    }
}
