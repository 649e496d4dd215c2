//! Equality, order within a type, and the order of types.
//!
//! | operands | `=` `!=` `IN` | `<` `<=` `>` `>=` `BETWEEN` |
//! |---|---|---|
//! | one is undefined | undefined | undefined |
//! | two types, neither null | undefined | undefined |
//! | null and another type | false, true | undefined |
//! | two nulls, booleans, numbers or texts | by value | by value |
//! | two arrays or objects | by content | undefined |
//!
//! The service's documents call the third row undefined as well; but `c.x != null` is in wide use,
//! is what Entity Framework writes, and does find what is not null.

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// Whether two values are the same, numbers by their value (`1` is `1.0`).
pub(in crate::cosmos::query) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            numbers(left, right) == Some(Ordering::Equal)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, left)| right.get(name).is_some_and(|right| equal(left, right)))
        }
        (left, right) => left == right,
    }
}

/// `=`: undefined between values of two types, unless one is null.
pub(super) fn equality(left: Option<&Value>, right: Option<&Value>) -> Option<bool> {
    let (left, right) = (left?, right?);
    let comparable = rank(left) == rank(right) || left.is_null() || right.is_null();
    comparable.then(|| equal(left, right))
}

/// `<` and its kin: undefined between two types, and for arrays and objects.
pub(super) fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    match (left?, right?) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => numbers(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (_, _) => None,
    }
}

/// The order of ORDER BY: undefined, null, booleans, numbers, texts, arrays, objects.
pub(in crate::cosmos::query) fn total(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let ranks = left.map_or(0, rank).cmp(&right.map_or(0, rank));
    ranks.then_with(|| match (left, right) {
        (Some(Value::Array(left)), Some(Value::Array(right))) => left
            .iter()
            .zip(right)
            .map(|(left, right)| total(Some(left), Some(right)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| left.len().cmp(&right.len())),
        (Some(Value::Object(left)), Some(Value::Object(right))) => left
            .iter()
            .zip(right)
            .map(|((name, left), (other, right))| {
                name.cmp(other).then_with(|| total(Some(left), Some(right)))
            })
            .find(|order| order.is_ne())
            .unwrap_or_else(|| left.len().cmp(&right.len())),
        (left, right) => order(left, right).unwrap_or(Ordering::Equal),
    })
}

/// The place of a value's type in the order of types; undefined has 0.
pub(super) fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 1,
        Value::Bool(_) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

fn numbers(left: &Number, right: &Number) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        return Some(left.cmp(&right));
    }
    left.as_f64()?.partial_cmp(&right.as_f64()?)
}
