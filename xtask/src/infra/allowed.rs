//! What this project's Bicep may say: a list of our own, in `allowed.json`.
//!
//! A resource type at a version has a shape. Shapes are JSON: an object names its properties, with
//! `!` behind those that must be there and `*` for any name; a list holds the shape of its
//! elements; a word is a type, `duration` (ISO 8601), or texts (and `true`, `false`) in `|` that are the
//! only values.

use super::types::Type;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The whole list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    /// By `type@version`.
    pub(crate) resources: BTreeMap<String, Shape>,
    /// What each function returns.
    pub(crate) functions: BTreeMap<String, String>,
    /// Names by id.
    pub(crate) roles: BTreeMap<String, String>,
    /// Settings that the Functions host reads.
    pub(crate) host_settings: Vec<String>,
    /// Settings that must not be set, and why.
    pub(crate) unset: BTreeMap<String, String>,
}

/// What a value may be.
#[derive(Debug, Deserialize)]
#[serde(from = "Value")]
pub(crate) enum Shape {
    Any,
    Is(Type),
    /// A text like `PT5M`.
    Duration,
    /// One of these, as they are written in Bicep without quotes.
    OneOf(Vec<String>),
    Each(Box<Self>),
    Object(Vec<Field>),
}

/// A property of an object.
#[derive(Debug)]
pub(crate) struct Field {
    /// `*` for any.
    pub(crate) name: String,
    pub(crate) is_required: bool,
    pub(crate) shape: Shape,
}

impl Allowed {
    /// The list that was compiled in.
    pub(crate) fn load() -> Result<Self> {
        serde_json::from_str(include_str!("allowed.json")).context("allowed.json is wrong")
    }
}

impl From<Value> for Shape {
    fn from(value: Value) -> Self {
        match value {
            Value::String(word) => Self::word(&word),
            Value::Array(mut of) => Self::Each(Box::new(of.pop().map_or(Self::Any, Self::from))),
            Value::Object(fields) => Self::Object(fields.into_iter().map(Field::from).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Any,
        }
    }
}

impl Shape {
    fn word(word: &str) -> Self {
        match word {
            "any" => Self::Any,
            "duration" => Self::Duration,
            word => match Type::written(word) {
                Some(of) => Self::Is(of),
                None => Self::OneOf(word.split('|').map(str::to_owned).collect()),
            },
        }
    }
}

impl From<(String, Value)> for Field {
    fn from((name, shape): (String, Value)) -> Self {
        let bare = name.strip_suffix('!').map(str::to_owned);
        let is_required = bare.is_some();
        Self { name: bare.unwrap_or(name), is_required, shape: shape.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_reads_as_it_is_meant() {
        let text = r#"{"a!": "string", "b": ["x|y"], "*": {"c": "true"}}"#;
        let shape: Shape = serde_json::from_str(text).unwrap();
        let Shape::Object(fields) = shape else { panic!("an object") };
        let named = |name: &str| fields.iter().find(|field| field.name == name).unwrap();
        assert!(named("a").is_required && matches!(named("a").shape, Shape::Is(Type::String)));
        assert!(!named("b").is_required && matches!(named("b").shape, Shape::Each(_)));
        assert!(matches!(named("*").shape, Shape::Object(_)));
    }

    #[test]
    fn the_list_that_is_compiled_in_reads() {
        assert!(!Allowed::load().unwrap().resources.is_empty());
    }
}
