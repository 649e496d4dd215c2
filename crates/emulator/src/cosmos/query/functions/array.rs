//! Functions of arrays and sets, and choices among values.

use super::{Function, array, flag, result, text, value, whole};
use crate::cosmos::query::evaluate::{Datum, canonical, compare::equal};
use serde_json::{Map, Value};
use std::collections::HashSet;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ARRAY_LENGTH", 1, 1, |given| result(array(given, 0)?.len())),
    Function::new("ARRAY_CONCAT", 2, usize::MAX, |given| {
        let arrays: Option<Vec<_>> = (0..given.len()).map(|index| array(given, index)).collect();
        result(arrays?.concat())
    }),
    Function::new("ARRAY_SLICE", 2, 3, slice),
    Function::new("ARRAY_CONTAINS", 2, 3, contains),
    Function::new("ARRAY_CONTAINS_ANY", 2, usize::MAX, |given| {
        let items = texts(array(given, 0)?);
        result(given.iter().skip(1).flatten().any(|wanted| items.contains(&canonical(wanted))))
    }),
    Function::new("ARRAY_CONTAINS_ALL", 2, usize::MAX, |given| {
        let items = texts(array(given, 0)?);
        let has = |wanted: &Value| items.contains(&canonical(wanted));
        result(given.iter().skip(1).all(|wanted| wanted.as_deref().is_some_and(has)))
    }),
    Function::new("SETINTERSECT", 2, 2, |given| {
        let (left, right) = (array(given, 0)?, texts(array(given, 1)?));
        result(set(left.iter().filter(|item| right.contains(&canonical(item)))))
    }),
    Function::new("SETUNION", 2, 2, |given| {
        result(set(array(given, 0)?.iter().chain(array(given, 1)?)))
    }),
    Function::new("SETDIFFERENCE", 2, 2, |given| {
        let (left, right) = (array(given, 0)?, texts(array(given, 1)?));
        result(set(left.iter().filter(|item| !right.contains(&canonical(item)))))
    }),
    Function::new("OBJECTTOARRAY", 1, 3, object_to_array),
    Function::new("CHOOSE", 2, usize::MAX, |given| {
        // The first choice is number 1, and stands right after the number.
        given.get(usize::try_from(whole(given, 0)?).ok().filter(|index| 0 < *index)?)?.clone()
    }),
    Function::new("IIF", 3, 3, |given| {
        let yes = value(given, 0)?.as_bool()?;
        given.get(if yes { 1 } else { 2 })?.clone()
    }),
];

/// A stretch of an array; a negative start counts from its end.
fn slice<'e>(given: &[Datum<'e>]) -> Datum<'e> {
    let (items, start) = (array(given, 0)?, whole(given, 1)?);
    let length = if given.len() < 3 { i64::MAX } else { whole(given, 2)? };
    let distance = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
    let start = if start < 0 { items.len().saturating_sub(distance) } else { distance };
    let length = usize::try_from(length).unwrap_or(0);
    result(items.iter().skip(start).take(length).cloned().collect::<Vec<_>>())
}

/// Whether a value is in an array; with `true`, an object need only be part of an element.
fn contains<'e>(given: &[Datum<'e>]) -> Datum<'e> {
    let (items, wanted) = (array(given, 0)?, value(given, 1)?);
    let partial = flag(given, 2)?;
    let fits = |item| equal(item, wanted) || (partial && covers(item, wanted));
    result(items.iter().any(fits))
}

/// Whether an object has all that another has.
fn covers(item: &Value, wanted: &Value) -> bool {
    let (Some(item), Some(wanted)) = (item.as_object(), wanted.as_object()) else { return false };
    wanted.iter().all(|(name, wanted)| {
        item.get(name).is_some_and(|item| equal(item, wanted) || covers(item, wanted))
    })
}

/// The values as texts, to look others up among them.
fn texts(items: &[Value]) -> HashSet<String> {
    items.iter().map(canonical).collect()
}

/// Each value once, in order of appearance.
fn set<'v>(items: impl Iterator<Item = &'v Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    let fresh = items.filter(|item| seen.insert(canonical(item)));
    fresh.cloned().collect()
}

/// `{"a": 1}` as `[{"k": "a", "v": 1}]`, under other names if they are given.
fn object_to_array<'e>(given: &[Datum<'e>]) -> Datum<'e> {
    let object = value(given, 0)?.as_object()?;
    let key = if given.len() < 2 { "k" } else { text(given, 1)? };
    let of = if given.len() < 3 { "v" } else { text(given, 2)? };
    let pair = |(name, value): (&String, &Value)| {
        let pair = [(key.to_owned(), Value::from(name.as_str())), (of.to_owned(), value.clone())];
        Value::Object(Map::from_iter(pair))
    };
    result(object.iter().map(pair).collect::<Vec<_>>())
}
