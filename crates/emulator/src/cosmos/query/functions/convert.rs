//! From texts to values and back.

use super::{Function, result, text, value};
use crate::cosmos::query::evaluate::{Datum, operators};
use serde_json::Value;
use std::borrow::Cow;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("TOSTRING", 1, 1, |given| {
        let value = value(given, 0)?;
        result(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }),
    Function::new("STRINGTONUMBER", 1, 1, |given| {
        let number = json(given).filter(Value::is_number)?;
        number.as_i64().map_or_else(|| operators::number(number.as_f64()?).map(Cow::Owned), result)
    }),
    Function::new("STRINGTOBOOLEAN", 1, 1, |given| {
        json(given).filter(Value::is_boolean).map(Cow::Owned)
    }),
    Function::new("STRINGTONULL", 1, 1, |given| json(given).filter(Value::is_null).map(Cow::Owned)),
    Function::new("STRINGTOARRAY", 1, 1, |given| {
        json(given).filter(Value::is_array).map(Cow::Owned)
    }),
    Function::new("STRINGTOOBJECT", 1, 1, |given| {
        json(given).filter(Value::is_object).map(Cow::Owned)
    }),
];

/// The JSON that a text holds, blanks around it ignored.
fn json(given: &[Datum<'_>]) -> Option<Value> {
    serde_json::from_str(text(given, 0)?).ok()
}
