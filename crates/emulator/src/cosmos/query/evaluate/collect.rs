//! WHERE, SELECT, DISTINCT, TOP and OFFSET: what becomes of the rows.
//!
//! The order in which clauses take effect: WHERE drops rows; GROUP BY and aggregates fold them;
//! SELECT makes values; ORDER BY sorts them; DISTINCT drops repeats; OFFSET, LIMIT and TOP cut.
//! Where nothing has to be sorted or folded, rows are asked for only until there are enough.

use super::aggregate::Groups;
use super::order::Sorted;
use super::rows::{self, Flow};
use super::{Context, Datum, Scope};
use crate::cosmos::query::ast::{Bound, Name, Select, Shape};
use crate::cosmos::query::error::QueryError;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Takes the rows of one SELECT and makes its values of them.
pub(super) struct Collector<'s> {
    select: &'s Select,
    context: &'s Context<'s>,
    window: Window,
    seen: HashSet<String>,
    into: Into<'s>,
}

/// Where the rows go.
enum Into<'s> {
    /// Straight into the result.
    Values(Vec<Value>),
    /// By way of ORDER BY.
    Sorted(Sorted<'s>),
    /// Into groups, one value each.
    Groups(Groups<'s>),
    /// Nowhere: only whether there is one matters.
    Found(bool),
}

/// Which of the values are wanted.
struct Window {
    skip: usize,
    take: usize,
}

/// Whether a subquery has any row.
pub(super) fn exists(select: &Select, scope: &Scope<'_>) -> Result<bool, QueryError> {
    let mut collector = Collector::new(select, scope)?;
    if let Into::Values(_) = collector.into {
        collector.into = Into::Found(false);
    }
    let _flow = rows::sources(&select.sources, scope, &mut collector)?;
    match collector.into {
        Into::Found(found) => Ok(found),
        Into::Values(_) | Into::Sorted(_) | Into::Groups(_) => Ok(!collector.finish()?.is_empty()),
    }
}

impl<'s> Collector<'s> {
    pub(super) fn new(select: &'s Select, scope: &Scope<'s>) -> Result<Self, QueryError> {
        let window = Window::of(select, scope)?;
        let into = match &select.grouping {
            Some(grouping) => Into::Groups(Groups::new(&select.group_by, grouping)),
            None if !select.order_by.is_empty() => {
                let wanted = window.skip.saturating_add(window.take);
                // DISTINCT drops rows only after they are sorted, so all of them are needed.
                let wanted = if select.distinct { usize::MAX } else { wanted };
                Into::Sorted(Sorted::new(&select.order_by, wanted))
            }
            None => Into::Values(Vec::new()),
        };
        let seen = HashSet::new();
        Ok(Self { select, context: scope.context, window, seen, into })
    }

    /// One row of the sources.
    pub(super) fn row(&mut self, scope: &Scope<'_>) -> Flow {
        self.context.charge(1, self.select.offset)?;
        if !scope.satisfies(self.select.filter.as_ref())? {
            return Ok(ControlFlow::Continue(()));
        }
        match &mut self.into {
            Into::Groups(groups) => groups.row(scope)?,
            Into::Sorted(sorted) => sorted.row(scope, &self.select.shape)?,
            Into::Found(found) => {
                // What a VALUE leaves undefined is no row.
                *found = project(&self.select.shape, scope)?.is_some();
                return Ok(if *found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
            }
            Into::Values(_) => return self.value(scope),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// A row that goes straight into the result.
    fn value(&mut self, scope: &Scope<'_>) -> Flow {
        let Into::Values(values) = &mut self.into else { return Ok(ControlFlow::Continue(())) };
        let wanted = self.window.skip.saturating_add(self.window.take);
        if wanted <= values.len() {
            return Ok(ControlFlow::Break(()));
        }
        let value = project(&self.select.shape, scope)?;
        let new = value.filter(|value| !self.select.distinct || self.seen.insert(canonical(value)));
        if let Some(value) = new {
            values.push(scope.own(value)?);
        }
        // Told at once, so that the next row is not even fetched.
        Ok(if wanted <= values.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// The values in order, of which the window shows a part.
    pub(super) fn finish(self) -> Result<Vec<Value>, QueryError> {
        let Self { select, context, window, mut seen, into } = self;
        let mut values = match into {
            Into::Values(values) => values,
            Into::Sorted(sorted) => sorted.finish(),
            Into::Groups(groups) => groups.finish(context)?,
            Into::Found(_) => Vec::new(),
        };
        if select.distinct && (select.grouping.is_some() || !select.order_by.is_empty()) {
            values.retain(|value| seen.insert(canonical(value)));
        }
        if 0 < window.skip || window.take < values.len() {
            values = values.into_iter().skip(window.skip).take(window.take).collect();
        }
        Ok(values)
    }
}

impl Window {
    fn of(select: &Select, scope: &Scope<'_>) -> Result<Self, QueryError> {
        let (skip, limit) = match &select.window {
            Some(window) => (rows_of(&window.offset, scope)?, rows_of(&window.limit, scope)?),
            None => (0, usize::MAX),
        };
        let top = select.top.as_ref().map_or(Ok(usize::MAX), |top| rows_of(top, scope))?;
        Ok(Self { skip, take: limit.min(top) })
    }
}

fn rows_of(bound: &Bound, scope: &Scope<'_>) -> Result<usize, QueryError> {
    let number = match bound {
        Bound::Number(number) => Some(*number),
        Bound::Parameter(name) => scope.parameter(name)?.as_u64(),
    };
    let number = match (number, bound) {
        (Some(number), _) => number,
        (None, Bound::Parameter(Name { text, offset })) => {
            let what = format!("the parameter '{text}' is not a number of rows");
            return Err(QueryError::invalid(*offset, what));
        }
        (None, Bound::Number(_)) => 0,
    };
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

/// What the SELECT clause makes of a row.
pub(super) fn project<'e>(shape: &'e Shape, scope: &Scope<'e>) -> Result<Datum<'e>, QueryError> {
    match shape {
        Shape::Star => Ok(scope.frame.map(|frame| Cow::Borrowed(frame.value))),
        Shape::Value(expr) => scope.scalar(expr),
        Shape::Fields(fields) => {
            let mut object = Map::new();
            for field in fields {
                if let Some(value) = scope.scalar(&field.expr)? {
                    object.insert(field.name.clone(), scope.own(value)?);
                }
            }
            Ok(Some(Cow::Owned(Value::Object(object))))
        }
    }
}

/// A text that is the same for equal values: numbers are written by their value.
pub(in crate::cosmos::query) fn canonical(value: &Value) -> String {
    fn write(value: &Value, text: &mut String) {
        match value {
            Value::Number(number) => {
                let plain = number.as_f64().filter(|_| !number.is_i64());
                let plain = plain.and_then(super::operators::number);
                text.push_str(&plain.as_ref().unwrap_or(value).to_string());
            }
            Value::Array(items) => {
                text.push('[');
                for item in items {
                    write(item, text);
                    text.push(',');
                }
                text.push(']');
            }
            Value::Object(fields) => {
                text.push('{');
                for (name, field) in fields {
                    text.push_str(&Value::from(name.as_str()).to_string());
                    text.push(':');
                    write(field, text);
                    text.push(',');
                }
                text.push('}');
            }
            Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
        }
    }
    let mut text = String::new();
    write(value, &mut text);
    text
}
