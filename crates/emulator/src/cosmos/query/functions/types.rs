//! What type a value has.

use super::Function;
use crate::cosmos::query::evaluate::Datum;
use serde_json::Value;
use std::borrow::Cow;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("IS_DEFINED", 1, 1, |given| is(given, |_| true)),
    Function::new("IS_NULL", 1, 1, |given| is(given, Value::is_null)),
    Function::new("IS_BOOL", 1, 1, |given| is(given, Value::is_boolean)),
    Function::new("IS_NUMBER", 1, 1, |given| is(given, Value::is_number)),
    Function::new("IS_STRING", 1, 1, |given| is(given, Value::is_string)),
    Function::new("IS_ARRAY", 1, 1, |given| is(given, Value::is_array)),
    Function::new("IS_OBJECT", 1, 1, |given| is(given, Value::is_object)),
    Function::new("IS_PRIMITIVE", 1, 1, |given| {
        is(given, |value| !value.is_array() && !value.is_object())
    }),
];

/// Undefined has no type: the answer is false.
fn is<'e>(given: &[Datum<'e>], test: fn(&Value) -> bool) -> Datum<'e> {
    let answer = given.first()?.as_deref().is_some_and(test);
    Some(Cow::Owned(Value::Bool(answer)))
}
