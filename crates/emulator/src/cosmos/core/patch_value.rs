//! One edit of a patch, at a path of a document.

use super::document::Document;
use super::refusal::Refusal;
use serde_json::{Map, Number, Value};

/// What happens at the path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Edit {
    /// Puts a value; in an array it goes before the position.
    Add(Value),
    /// Puts a value; in an array it goes to the position.
    Set(Value),
    /// Puts a value where one is.
    Replace(Value),
    /// Removes a value.
    Remove,
    /// Adds to a number, which starts as zero.
    Increment(Number),
}

/// Edits the document at a path.
pub(super) fn edit(
    document: &mut Document<'_>,
    path: &[String],
    edit: &Edit,
) -> Result<(), Refusal> {
    let Some((first, rest)) = path.split_first() else { return Err(nowhere(path)) };
    let Some((last, between)) = rest.split_last() else {
        return edit_top(document, first, edit);
    };
    let mut top = top_value(document, first, path)?;
    let mut parent = &mut top;
    for part in between {
        parent = step(parent, part).ok_or_else(|| nowhere(path))?;
    }
    match parent {
        Value::Object(members) => edit_object(members, last, edit, path)?,
        Value::Array(items) => edit_array(items, last, edit, path)?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(nowhere(path));
        }
    }
    document.set(first, top.to_string());
    Ok(())
}

/// Takes the value at a path out of the document.
pub(super) fn take(document: &mut Document<'_>, path: &[String]) -> Result<Value, Refusal> {
    let value = document.at(path).ok_or_else(|| nowhere(path))?;
    edit(document, path, &Edit::Remove)?;
    Ok(value)
}

/// A property of the document itself, which keeps its place among the others.
fn edit_top(document: &mut Document<'_>, name: &str, edit: &Edit) -> Result<(), Refusal> {
    let path = [name.to_owned()];
    let mut members = Map::new();
    if document.raw(name).is_some() {
        members.insert(name.to_owned(), top_value(document, name, &path)?);
    }
    edit_object(&mut members, name, edit, &path)?;
    match members.remove(name) {
        Some(value) => document.set(name, value.to_string()),
        None => {
            document.remove(name);
        }
    }
    Ok(())
}

fn edit_object(
    members: &mut Map<String, Value>,
    name: &str,
    edit: &Edit,
    path: &[String],
) -> Result<(), Refusal> {
    match edit {
        Edit::Add(value) | Edit::Set(value) => {
            members.insert(name.to_owned(), value.clone());
        }
        Edit::Replace(value) => {
            let place = members.get_mut(name).ok_or_else(|| nowhere(path))?;
            *place = value.clone();
        }
        Edit::Remove => {
            members.remove(name).ok_or_else(|| nowhere(path))?;
        }
        Edit::Increment(by) => {
            let sum = increased(members.get(name), by, path)?;
            members.insert(name.to_owned(), sum);
        }
    }
    Ok(())
}

fn edit_array(
    items: &mut Vec<Value>,
    part: &str,
    edit: &Edit,
    path: &[String],
) -> Result<(), Refusal> {
    let at = if part == "-" { Some(items.len()) } else { part.parse::<usize>().ok() };
    let at = at.filter(|at| *at <= items.len()).ok_or_else(|| nowhere(path))?;
    match (edit, items.get_mut(at)) {
        (Edit::Add(value), _) | (Edit::Set(value), None) => items.insert(at, value.clone()),
        (Edit::Set(value) | Edit::Replace(value), Some(place)) => *place = value.clone(),
        (Edit::Remove, Some(_)) => {
            items.remove(at);
        }
        (Edit::Increment(by), Some(place)) => *place = increased(Some(place), by, path)?,
        (Edit::Replace(_) | Edit::Remove | Edit::Increment(_), None) => return Err(nowhere(path)),
    }
    Ok(())
}

fn increased(value: Option<&Value>, by: &Number, path: &[String]) -> Result<Value, Refusal> {
    let number = match value {
        None => return Ok(Value::Number(by.clone())),
        Some(Value::Number(number)) => number,
        Some(_) => {
            let path = path.join("/");
            return Err(Refusal::Bad(format!("/{path} is no number and cannot be incremented")));
        }
    };
    let whole = number.as_i64().zip(by.as_i64()).and_then(|(a, b)| a.checked_add(b));
    let sum = match whole {
        Some(sum) => Some(Number::from(sum)),
        None => number.as_f64().zip(by.as_f64()).and_then(|(a, b)| Number::from_f64(a + b)),
    };
    let sum = sum.ok_or_else(|| Refusal::Bad("the sum is no number".to_owned()))?;
    Ok(Value::Number(sum))
}

fn top_value(document: &Document<'_>, name: &str, path: &[String]) -> Result<Value, Refusal> {
    let raw = document.raw(name).ok_or_else(|| nowhere(path))?;
    serde_json::from_str(raw).map_err(|_| nowhere(path))
}

fn step<'v>(value: &'v mut Value, part: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(part),
        Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn nowhere(path: &[String]) -> Refusal {
    Refusal::Bad(format!("the patch path /{} leads nowhere in the item", path.join("/")))
}
