//! The fields of a JSON object, taken one by one, with every wrong one said at once.
//!
//! A field goes by its name or by the same with a capital first (`orderId`, `OrderId`).

mod parameters;

pub(crate) use parameters::Parameters;

use crate::problem::{Invalid, Problem};
use domain::Key;
use domain::value::Quantity;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// Reads a string field.
pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(value: &Value) -> Result<T, String> {
    let text = value.as_str().ok_or("must be a string")?;
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// Reads the field of a quantity.
pub(crate) fn quantity(value: &Value) -> Result<Quantity, String> {
    let number = value.as_number().ok_or("must be a number")?;
    // What is no integer at all is as far outside as the smallest one.
    let given = number.as_i128().unwrap_or(i128::MIN);
    Quantity::try_from(given).map_err(|error| error.to_string())
}

/// Reads the id in a path.
pub(crate) fn path_id(segment: &str) -> Result<Key, Problem> {
    match percent_decode_str(segment).decode_utf8() {
        Ok(id) => {
            id.parse().map_err(|error: domain::key::KeyError| Invalid::one("id", error.to_string()))
        }
        Err(_) => Err(Invalid::one("id", "is not UTF-8")),
    }
}

/// What is left of an object, and what was wrong so far.
#[derive(Debug)]
pub(crate) struct Fields {
    left: Vec<(String, Value)>,
    wrong: Vec<Invalid>,
}

impl Fields {
    /// Reads an object. What is no JSON is malformed; JSON of another kind is invalid.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let malformed = |detail: String| Problem::Malformed { detail };
        let mut reader = serde_json::Deserializer::from_slice(body);
        let read = reader.deserialize_map(Pairs).and_then(|left| reader.end().map(|()| left));
        let left = match read {
            Ok(left) => left,
            Err(error) if error.is_data() => {
                serde_json::from_slice::<Value>(body)
                    .map_err(|error| malformed(error.to_string()))?;
                return Err(Invalid::one("body", "must be a JSON object"));
            }
            Err(error) => return Err(malformed(error.to_string())),
        };
        match repeated(&left) {
            Some(name) => Err(malformed(format!("the field {name:?} is given more than once"))),
            None => Ok(Self { left, wrong: Vec::new() }),
        }
    }

    /// Takes a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.take(name) {
            Some(value) => self.keep(name, read(&value)),
            None => self.keep(name, Err("is missing".into())),
        }
    }

    /// Takes a field that may be left out, or be `null`.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(name).filter(|value| !value.is_null())?;
        self.keep(name, read(&value))
    }

    /// Takes a header that may be left out, as if it were a field.
    pub(crate) fn header<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
        headers: &HeaderMap,
    ) -> Option<T> {
        let mut lines = headers.get_all(name).iter();
        let read = match (lines.next()?.to_str(), lines.next()) {
            (Ok(text), None) => text.parse().map_err(|error: T::Err| error.to_string()),
            (Err(_), None) => Err("must be visible ASCII characters".into()),
            (_, Some(_)) => Err("is given more than once".into()),
        };
        self.keep(name, read)
    }

    /// What was made of the fields, if all was right: nothing wrong, and nothing left. `made` is
    /// there unless something was wrong.
    pub(crate) fn finish<T>(self, made: Option<T>) -> Result<T, Problem> {
        let Self { left, mut wrong } = self;
        wrong.extend(left.iter().map(|(name, _)| Invalid::unknown(name)));
        made.filter(|_| wrong.is_empty()).ok_or_else(|| Invalid::all(wrong))
    }

    fn keep<T>(&mut self, name: &'static str, read: Result<T, String>) -> Option<T> {
        read.map_err(|detail| self.wrong.push(Invalid::new(name, detail))).ok()
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        let mut taken = None;
        while let Some(at) = self.left.iter().position(|(given, _)| is_name(given, name)) {
            let (given, value) = self.left.remove(at);
            if taken.replace(value).is_some() {
                let detail = format!("is given twice, once as {given}");
                self.wrong.push(Invalid::new(name, detail));
            }
        }
        taken
    }
}

/// Whether `given` is `name`, or the same with a capital first.
fn is_name(given: &str, name: &str) -> bool {
    given.len() == name.len()
        && given
            .get(..1)
            .is_some_and(|first| name.get(..1).is_some_and(|own| first.eq_ignore_ascii_case(own)))
        && given.get(1..) == name.get(1..)
}

fn repeated(pairs: &[(String, Value)]) -> Option<&str> {
    let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.array_windows().find(|[one, next]| one == next).map(|[name, _]| *name)
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_body_is_too_strange_to_be_read_or_refused(body: Vec<u8>) {
            drop(Fields::parse(&body).and_then(|fields| fields.finish(Some(()))));
        }

        #[test]
        fn every_field_is_taken_or_said_to_be_unknown(names in btree_set(".{0,6}", 0..110)) {
            let object: serde_json::Map<_, _> =
                names.iter().map(|name| (name.clone(), Value::from(1))).collect();
            let body = serde_json::to_vec(&object).unwrap();
            let Err(Problem::Invalid(unknown)) = Fields::parse(&body).unwrap().finish(Some(())) else {
                prop_assert!(names.is_empty());
                return Ok(());
            };
            prop_assert_eq!(unknown.len(), names.len().min(100));
        }

        #[test]
        fn whole_numbers_in_bounds_are_quantities_and_no_others(given: i64) {
            let is_in_bounds = (1..=i64::from(Quantity::MAX)).contains(&given);
            prop_assert_eq!(quantity(&Value::from(given)).is_ok(), is_in_bounds);
        }
    }
}
