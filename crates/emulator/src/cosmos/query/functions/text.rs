//! Functions of texts. Positions and lengths count characters, from 0.

use super::{Function, array, flag, result, text, whole};
use crate::cosmos::query::evaluate::{Context, Datum};
use crate::cosmos::query::limits::{BUILT_BYTES_MAX, REPLICATE_MAX};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("STARTSWITH", 2, 3, |given| test(given, |text, part| text.starts_with(part))),
    Function::new("ENDSWITH", 2, 3, |given| test(given, |text, part| text.ends_with(part))),
    Function::new("CONTAINS", 2, 3, |given| test(given, |text, part| text.contains(part))),
    Function::new("STRINGEQUALS", 2, 3, |given| test(given, |text, part| text == part)),
    Function::new("LENGTH", 1, 1, |given| result(text(given, 0)?.chars().count())),
    Function::new("LOWER", 1, 1, |given| result(text(given, 0)?.to_lowercase())),
    Function::new("UPPER", 1, 1, |given| result(text(given, 0)?.to_uppercase())),
    Function::new("REVERSE", 1, 1, |given| {
        result(text(given, 0)?.chars().rev().collect::<String>())
    }),
    Function::new("TRIM", 1, 2, |given| trim(given, true, true)),
    Function::new("LTRIM", 1, 2, |given| trim(given, true, false)),
    Function::new("RTRIM", 1, 2, |given| trim(given, false, true)),
    Function::new("INDEX_OF", 2, 3, index_of),
    Function::new("SUBSTRING", 3, 3, |given| {
        slice(text(given, 0)?, whole(given, 1)?, whole(given, 2)?)
    }),
    Function::new("LEFT", 2, 2, |given| slice(text(given, 0)?, 0, whole(given, 1)?)),
    Function::new("RIGHT", 2, 2, right),
    Function::new("STRINGSPLIT", 2, 2, split),
    Function::careful("STRINGJOIN", 2, 2, join),
    Function::careful("CONCAT", 2, usize::MAX, concat),
    Function::careful("REPLACE", 3, 3, replace),
    Function::careful("REPLICATE", 2, 2, replicate),
];

/// A question about two texts; the third argument says whether to ignore case.
fn test<'e>(given: &[Datum<'e>], holds: fn(&str, &str) -> bool) -> Datum<'e> {
    let (text, part) = (text(given, 0)?, text(given, 1)?);
    result(if flag(given, 2)? {
        holds(&text.to_lowercase(), &part.to_lowercase())
    } else {
        holds(text, part)
    })
}

/// Without blanks, or without the characters of the second argument.
fn trim<'e>(given: &[Datum<'e>], start: bool, end: bool) -> Datum<'e> {
    let whole = text(given, 0)?;
    let unwanted = if given.len() < 2 { None } else { Some(text(given, 1)?) };
    let drop = |c: char| unwanted.map_or(c.is_whitespace(), |unwanted| unwanted.contains(c));
    let rest = if start { whole.trim_start_matches(drop) } else { whole };
    result(if end { rest.trim_end_matches(drop) } else { rest })
}

/// Where the part begins, at or after a start; −1 if nowhere.
fn index_of<'e>(given: &[Datum<'e>]) -> Datum<'e> {
    let (whole_text, part) = (text(given, 0)?, text(given, 1)?);
    let start = if given.len() < 3 { 0 } else { usize::try_from(whole(given, 2)?).unwrap_or(0) };
    let rest = after(whole_text, start);
    match rest.find(part) {
        Some(at) => {
            let skipped = rest.get(..at)?.chars().count();
            result(start + skipped)
        }
        None => result(-1),
    }
}

/// A stretch of a text; what lies outside it is empty.
fn slice<'e>(text: &str, start: i64, length: i64) -> Datum<'e> {
    let (Ok(start), Ok(length)) = (usize::try_from(start), usize::try_from(length)) else {
        return result("");
    };
    result(after(text, start).chars().take(length).collect::<String>())
}

fn right<'e>(given: &[Datum<'e>]) -> Datum<'e> {
    let whole_text = text(given, 0)?;
    let length = usize::try_from(whole(given, 1)?).unwrap_or(0);
    let skipped = whole_text.chars().count().saturating_sub(length);
    result(after(whole_text, skipped))
}

/// What follows so many characters.
fn after(text: &str, characters: usize) -> &str {
    let at = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    text.get(at..).unwrap_or_default()
}

fn split<'e>(given: &[Datum<'e>]) -> Datum<'e> {
    let (whole_text, by) = (text(given, 0)?, text(given, 1)?);
    if by.is_empty() {
        return result(vec![whole_text]);
    }
    result(whole_text.split(by).collect::<Vec<_>>())
}

fn join<'e>(given: &[Datum<'e>], _: &Context<'_>) -> Result<Datum<'e>, String> {
    let Some((parts, between)) = array(given, 0).zip(text(given, 1)) else { return Ok(None) };
    let parts: Option<Vec<_>> = parts.iter().map(serde_json::Value::as_str).collect();
    let Some(parts) = parts else { return Ok(None) };
    let separators = between.len().saturating_mul(parts.len().saturating_sub(1));
    let total = parts.iter().map(|part| part.len()).sum::<usize>().saturating_add(separators);
    room(total)?;
    Ok(result(parts.join(between)))
}

fn concat<'e>(given: &[Datum<'e>], _: &Context<'_>) -> Result<Datum<'e>, String> {
    let parts: Option<Vec<_>> = (0..given.len()).map(|index| text(given, index)).collect();
    let Some(parts) = parts else { return Ok(None) };
    room(parts.iter().map(|part| part.len()).sum())?;
    Ok(result(parts.concat()))
}

fn replace<'e>(given: &[Datum<'e>], _: &Context<'_>) -> Result<Datum<'e>, String> {
    let texts = text(given, 0).zip(text(given, 1)).zip(text(given, 2));
    let Some(((whole_text, old), new)) = texts else { return Ok(None) };
    if old.is_empty() {
        return Ok(result(whole_text));
    }
    let times = whole_text.matches(old).count();
    room(times.saturating_mul(new.len()).saturating_add(whole_text.len()))?;
    Ok(result(whole_text.replace(old, new)))
}

/// A text several times over; nothing for more often than the service does it.
fn replicate<'e>(given: &[Datum<'e>], _: &Context<'_>) -> Result<Datum<'e>, String> {
    let Some((part, times)) = text(given, 0).zip(whole(given, 1)) else { return Ok(None) };
    let times = usize::try_from(times).ok().filter(|times| *times <= REPLICATE_MAX);
    let Some(times) = times else { return Ok(None) };
    room(part.len().saturating_mul(times))?;
    Ok(result(part.repeat(times)))
}

/// Whether a text of so many bytes may be built.
pub(super) fn room(bytes: usize) -> Result<(), String> {
    if bytes <= BUILT_BYTES_MAX {
        return Ok(());
    }
    Err(format!("a text of {bytes} bytes; {BUILT_BYTES_MAX} are allowed"))
}
