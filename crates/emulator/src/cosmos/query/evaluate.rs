//! What a query yields. Pure: documents in, values out; nothing is copied that is not built anew.
//!
//! A value is borrowed from a document, a parameter or the text for as long as it can be. Names
//! are looked up in frames on the stack, so that a row costs no allocation.

use super::ast::{Expr, Name, Select};
use super::error::QueryError;
use super::functions::Patterns;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::{Cell, RefCell, RefMut};

mod aggregate;
mod collect;
pub(super) mod compare;
mod like;
pub(super) mod operators;
mod order;
mod rows;
mod scalar;

pub(super) use collect::canonical;

/// A value, or undefined.
pub(super) type Datum<'e> = Option<Cow<'e, Value>>;

/// Runs a whole query over the documents of the container, within so many steps of work.
pub(super) fn outermost<'a>(
    select: &Select,
    parameters: &Map<String, Value>,
    documents: impl Iterator<Item = &'a Value>,
    work_max: u64,
) -> Result<Vec<Value>, QueryError> {
    let left = Cell::new(work_max);
    let context = Context { parameters, left, patterns: RefCell::new(Patterns::default()) };
    let scope = Scope { context: &context, frame: None, held: &[] };
    rows::container(select, &scope, &mut { documents })
}

/// What is the same throughout one evaluation.
pub(super) struct Context<'e> {
    parameters: &'e Map<String, Value>,
    /// Steps that may still be taken.
    left: Cell<u64>,
    patterns: RefCell<Patterns>,
}

impl Context<'_> {
    /// Counts work, so that no query runs or grows without end.
    pub(super) fn charge(&self, work: u64, offset: usize) -> Result<(), QueryError> {
        if let Some(left) = self.left.get().checked_sub(work) {
            self.left.set(left);
            return Ok(());
        }
        Err(QueryError::limit(offset, "the query takes too many rows or builds too much"))
    }

    /// The regular expressions compiled so far.
    pub(super) fn patterns(&self) -> RefMut<'_, Patterns> {
        self.patterns.borrow_mut()
    }
}

/// The names at hand, as a chain of frames on the stack, and what the group at hand holds.
#[derive(Clone, Copy)]
struct Scope<'e> {
    context: &'e Context<'e>,
    frame: Option<&'e Frame<'e>>,
    held: &'e [Option<Value>],
}

/// One name and its value.
struct Frame<'e> {
    name: Option<&'e str>,
    value: &'e Value,
    outer: Option<&'e Self>,
}

impl<'e> Scope<'e> {
    fn variable(&self, name: &str) -> Datum<'e> {
        let mut frame = self.frame;
        while let Some(here) = frame {
            if here.name == Some(name) {
                return Some(Cow::Borrowed(here.value));
            }
            frame = here.outer;
        }
        None
    }

    fn parameter(&self, name: &Name) -> Result<&'e Value, QueryError> {
        self.context.parameters.get(&name.text).ok_or_else(|| {
            let what = format!("the parameter '{}' has no value", name.text);
            QueryError::invalid(name.offset, what)
        })
    }

    /// Whether the expression is true: not false, not undefined, not anything else.
    fn satisfies(&self, filter: Option<&'e Expr>) -> Result<bool, QueryError> {
        let Some(filter) = filter else { return Ok(true) };
        Ok(self.scalar(filter)?.as_deref() == Some(&Value::Bool(true)))
    }

    /// Takes a value over, copying it if it is part of something else.
    fn own(&self, value: Cow<'e, Value>) -> Result<Value, QueryError> {
        self.context.charge(weight(&value), 0)?;
        Ok(value.into_owned())
    }
}

/// What it costs to build a value: ten for itself and all it holds, one for four bytes of text.
pub(super) fn weight(value: &Value) -> u64 {
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => length(text.len() / 4),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.values().map(weight).sum(),
    };
    10 + inner
}

/// What it costs to look at a value as a whole.
fn extent(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => length(text.len() / 32),
        Value::Array(items) => length(items.len()),
        Value::Object(fields) => length(fields.len()),
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
