//! What type a value has.

use super::{Function, result};
use crate::cosmos::query::evaluate::Datum;
use serde_json::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("IS_DEFINED", 1, 1, |given| is(given, |_| true)),
    Function::new("IS_NULL", 1, 1, |given| is(given, Value::is_null)),
    Function::new("IS_BOOL", 1, 1, |given| is(given, Value::is_boolean)),
    Function::new("IS_NUMBER", 1, 1, |given| is(given, Value::is_number)),
    // A JSON number is always finite.
    Function::new("IS_FINITE_NUMBER", 1, 1, |given| is(given, Value::is_number)),
    Function::new("IS_INTEGER", 1, 1, |given| is(given, is_integer)),
    Function::new("IS_STRING", 1, 1, |given| is(given, Value::is_string)),
    Function::new("IS_ARRAY", 1, 1, |given| is(given, Value::is_array)),
    Function::new("IS_OBJECT", 1, 1, |given| is(given, Value::is_object)),
    Function::new("IS_PRIMITIVE", 1, 1, |given| {
        is(given, |value| !value.is_array() && !value.is_object())
    }),
];

/// Undefined has no type: the answer is false.
fn is<'e>(given: &[Datum<'e>], test: fn(&Value) -> bool) -> Datum<'e> {
    result(given.first()?.as_deref().is_some_and(test))
}

/// Whole, and within 64 bits.
fn is_integer(value: &Value) -> bool {
    const EDGE: f64 = 9_223_372_036_854_775_808.0;
    let whole = |double: f64| double.fract() == 0.0 && (-EDGE..EDGE).contains(&double);
    value.is_i64() || (!value.is_u64() && value.as_f64().is_some_and(whole))
}
