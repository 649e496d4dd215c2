//! Functions of texts. An argument of another type makes the result undefined.

use super::Function;
use crate::cosmos::query::evaluate::Datum;
use serde_json::Value;
use std::borrow::Cow;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("STARTSWITH", 2, 3, |given| test(given, |text, part| text.starts_with(part))),
    Function::new("ENDSWITH", 2, 3, |given| test(given, |text, part| text.ends_with(part))),
    Function::new("CONTAINS", 2, 3, |given| test(given, |text, part| text.contains(part))),
    Function::new("STRINGEQUALS", 2, 3, |given| test(given, |text, part| text == part)),
];

/// A question about two texts; the third argument says whether to ignore case.
fn test<'e>(given: &[Datum<'e>], holds: fn(&str, &str) -> bool) -> Datum<'e> {
    let (text, part) = (given.first()?.as_deref()?.as_str()?, given.get(1)?.as_deref()?.as_str()?);
    let ignore_case = match given.get(2) {
        Some(flag) => flag.as_deref()?.as_bool()?,
        None => false,
    };
    let answer = if ignore_case {
        holds(&text.to_lowercase(), &part.to_lowercase())
    } else {
        holds(text, part)
    };
    Some(Cow::Owned(Value::Bool(answer)))
}
