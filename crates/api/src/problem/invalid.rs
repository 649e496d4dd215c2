//! One wrong field, parameter or header.

use super::Problem;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// What is wrong with one field, parameter or header.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Invalid {
    /// Its name.
    #[schema(value_type = String, example = "quantity")]
    field: Cow<'static, str>,
    /// What is wrong with it, and what would be right.
    #[schema(value_type = String, example = "must be a whole number from 1 to 1000000")]
    detail: Cow<'static, str>,
}

impl Invalid {
    /// What is wrong with a known field.
    pub(crate) fn new(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }

    /// A field that nobody knows; of a long name only the beginning is said.
    pub(crate) fn unknown(field: &str) -> Self {
        let field: String = field.chars().take(NAME_MAX).collect();
        Self { field: field.into(), detail: "is not known here".into() }
    }

    /// A problem of one entry.
    pub(crate) fn one(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Problem {
        Self::all(vec![Self::new(field, detail)])
    }

    /// A problem of these entries, as far as anybody would read them.
    pub(crate) fn all(mut entries: Vec<Self>) -> Problem {
        entries.truncate(ENTRIES_MAX);
        Problem::Invalid(entries)
    }
}

/// Longer names than any of ours are cut, and more entries than anybody reads are left out: an
/// answer must not be larger than the worst request.
const NAME_MAX: usize = 64;
const ENTRIES_MAX: usize = 100;
