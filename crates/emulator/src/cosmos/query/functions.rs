//! The built-in functions, found by name.
//!
//! | file | what is there |
//! |---|---|
//! | `types` | `IS_DEFINED`, `IS_NULL`, … |
//! | `text` | searching, cutting and building texts |
//! | `convert` | `ToString`, `StringToNumber`, … |
//! | `array` | arrays, sets, `ObjectToArray`, `CHOOSE`, `IIF` |
//! | `math` | doubles, and 64-bit integers (`INTADD`, …) |
//! | `regex` | `RegexMatch` |
//!
//! A function sees its arguments as they are, undefined ones too, and answers undefined where
//! they are of the wrong type. What depends on the clock or on chance is not supported.

use super::error::QueryError;
use super::evaluate::{Context, Datum};
use serde_json::Value;
use std::borrow::Cow;

mod array;
mod convert;
mod math;
mod regex;
mod text;
mod types;

pub(super) use regex::Patterns;

/// A built-in function.
pub(super) struct Function {
    /// In capitals.
    pub(super) name: &'static str,
    least: usize,
    most: usize,
    apply: Apply,
}

/// Makes a result of arguments; their number has been checked.
enum Apply {
    /// Always ends well.
    Plain(for<'e> fn(&[Datum<'e>]) -> Datum<'e>),
    /// May be asked for too much, or for nonsense.
    Careful(for<'e> fn(&[Datum<'e>], &Context<'_>) -> Result<Datum<'e>, String>),
}

impl Function {
    const fn new(
        name: &'static str,
        least: usize,
        most: usize,
        apply: for<'e> fn(&[Datum<'e>]) -> Datum<'e>,
    ) -> Self {
        Self { name, least, most, apply: Apply::Plain(apply) }
    }

    const fn careful(
        name: &'static str,
        least: usize,
        most: usize,
        apply: for<'e> fn(&[Datum<'e>], &Context<'_>) -> Result<Datum<'e>, String>,
    ) -> Self {
        Self { name, least, most, apply: Apply::Careful(apply) }
    }

    /// Whether it takes so many arguments.
    pub(super) fn check(&self, arguments: usize, offset: usize) -> Result<(), QueryError> {
        let Self { name, least, most, .. } = self;
        let takes = match (*least, *most) {
            (least, most) if (least..=most).contains(&arguments) => return Ok(()),
            (least, most) if least == most => format!("{least}"),
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) => format!("{least} to {most}"),
        };
        let what = format!("{name} with {arguments} arguments; it takes {takes}");
        Err(QueryError::invalid(offset, what))
    }

    /// The result for these arguments.
    pub(super) fn apply<'e>(
        &self,
        arguments: &[Datum<'e>],
        context: &Context<'_>,
        offset: usize,
    ) -> Result<Datum<'e>, QueryError> {
        match self.apply {
            Apply::Plain(apply) => Ok(apply(arguments)),
            Apply::Careful(apply) => apply(arguments, context)
                .map_err(|what| QueryError::invalid(offset, format!("{}: {what}", self.name))),
        }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The function of this name, which is in capitals.
pub(super) fn find(upper: &str) -> Option<&'static Function> {
    let tables = [
        types::FUNCTIONS,
        text::FUNCTIONS,
        convert::FUNCTIONS,
        array::FUNCTIONS,
        math::FUNCTIONS,
        regex::FUNCTIONS,
    ];
    tables.into_iter().flatten().find(|known| known.name == upper)
}

/// Argument number `index`, unless it is undefined.
fn value<'a>(given: &'a [Datum<'_>], index: usize) -> Option<&'a Value> {
    given.get(index)?.as_deref()
}

/// Argument number `index` if it is a text.
fn text<'a>(given: &'a [Datum<'_>], index: usize) -> Option<&'a str> {
    value(given, index)?.as_str()
}

/// Argument number `index` if it is an array.
fn array<'a>(given: &'a [Datum<'_>], index: usize) -> Option<&'a [Value]> {
    value(given, index)?.as_array().map(Vec::as_slice)
}

/// Argument number `index` as a whole number, its fraction dropped.
fn whole(given: &[Datum<'_>], index: usize) -> Option<i64> {
    let number = value(given, index)?.as_number()?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates, which is what is wanted")]
    number.as_i64().or_else(|| number.as_f64().map(|double| double as i64))
}

/// An optional flag: false if it is not given, nothing if it is no boolean.
fn flag(given: &[Datum<'_>], index: usize) -> Option<bool> {
    if given.len() <= index { Some(false) } else { value(given, index)?.as_bool() }
}

/// A new value as a result.
#[expect(clippy::unnecessary_wraps, reason = "what every function returns")]
fn result<'e>(value: impl Into<Value>) -> Datum<'e> {
    Some(Cow::Owned(value.into()))
}
