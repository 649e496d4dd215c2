//! `RegexMatch`, by a crate whose time is linear in the text, whatever the pattern.

use super::{Function, result, text};
use crate::cosmos::query::evaluate::{Context, Datum};
use crate::cosmos::query::limits::{PATTERN_BYTES_MAX, PATTERNS_MAX};
use regex::{Regex, RegexBuilder};
use std::collections::HashMap;

pub(super) const FUNCTIONS: &[Function] = &[Function::careful("REGEXMATCH", 2, 3, regex_match)];

/// Compiled patterns, by their modifiers and text.
#[derive(Default)]
pub(in crate::cosmos::query) struct Patterns(HashMap<(String, String), Regex>);

impl Patterns {
    fn get(&mut self, pattern: &str, modifiers: &str) -> Result<&Regex, String> {
        let key = (modifiers.to_owned(), pattern.to_owned());
        if PATTERNS_MAX <= self.0.len() && !self.0.contains_key(&key) {
            self.0.clear();
        }
        match self.0.entry(key) {
            std::collections::hash_map::Entry::Occupied(ready) => Ok(ready.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => {
                Ok(place.insert(compile(pattern, modifiers)?))
            }
        }
    }
}

fn regex_match<'e>(given: &[Datum<'e>], context: &Context<'_>) -> Result<Datum<'e>, String> {
    let modifiers = if given.len() < 3 { Some("") } else { text(given, 2) };
    let texts = text(given, 0).zip(text(given, 1)).zip(modifiers);
    let Some(((whole, pattern), modifiers)) = texts else { return Ok(None) };
    let mut patterns = context.patterns();
    Ok(result(patterns.get(pattern, modifiers)?.is_match(whole)))
}

/// The modifiers are those of the service: `m`, `s`, `i` and `x`.
fn compile(pattern: &str, modifiers: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
    for modifier in modifiers.chars() {
        match modifier {
            'm' => builder.multi_line(true),
            's' => builder.dot_matches_new_line(true),
            'i' => builder.case_insensitive(true),
            'x' => builder.ignore_whitespace(true),
            other => return Err(format!("the modifier {other:?} is not known")),
        };
    }
    let what = |_| format!("the pattern {pattern:?} cannot be read, or is too large");
    builder.build().map_err(what)
}
