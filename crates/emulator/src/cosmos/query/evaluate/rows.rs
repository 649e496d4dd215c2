//! FROM and JOIN: the rows of a query, one at a time, as frames on the stack.
//!
//! Under the frames of the aliases lies one with the name by which FROM calls the container; a
//! path from there is then like any other (`FROM c.home`, `k IN c.kids`), and `FROM root r` binds
//! `r` above it. The check has seen to it that only FROM itself can look that deep.

use super::collect::Collector;
use super::{Frame, Scope};
use crate::cosmos::query::ast::{Collection, Select, Source};
use crate::cosmos::query::check::container_name;
use crate::cosmos::query::error::QueryError;
use serde_json::Value;
use std::ops::ControlFlow;

/// Whether more rows are wanted.
pub(super) type Flow = Result<ControlFlow<()>, QueryError>;

/// Runs a query whose first source is the container.
pub(super) fn container(
    select: &Select,
    scope: &Scope<'_>,
    documents: &mut dyn Iterator<Item = &Value>,
) -> Result<Vec<Value>, QueryError> {
    let mut collector = Collector::new(select, scope)?;
    let Some((first, joins)) = select.sources.split_first() else {
        let _flow = collector.row(scope)?;
        return collector.finish();
    };
    match &first.collection {
        Collection::Path(path) => {
            let name = container_name(path);
            for document in documents {
                let frame = Frame { name, value: document, outer: scope.frame };
                let scope = Scope { frame: Some(&frame), ..*scope };
                if source(first, joins, &scope, &mut collector)?.is_break() {
                    break;
                }
            }
        }
        Collection::Subquery(inner) => {
            let values = container(inner, scope, documents)?;
            let _flow = bind_all(first, &values, joins, scope, &mut collector)?;
        }
    }
    collector.finish()
}

/// Runs a subquery: its sources are values of the row around it.
pub(super) fn correlated(select: &Select, scope: &Scope<'_>) -> Result<Vec<Value>, QueryError> {
    let mut collector = Collector::new(select, scope)?;
    let _flow = sources(&select.sources, scope, &mut collector)?;
    collector.finish()
}

/// The rows of the sources that are left; without any, the row is complete.
pub(super) fn sources(left: &[Source], scope: &Scope<'_>, collector: &mut Collector<'_>) -> Flow {
    match left.split_first() {
        Some((first, joins)) => source(first, joins, scope, collector),
        None => collector.row(scope),
    }
}

fn source(
    source: &Source,
    joins: &[Source],
    scope: &Scope<'_>,
    collector: &mut Collector<'_>,
) -> Flow {
    match &source.collection {
        Collection::Path(path) => {
            let value = scope.scalar(path)?;
            let values = match value.as_deref() {
                None => &[],
                Some(Value::Array(elements)) if source.each => elements.as_slice(),
                Some(_) if source.each => &[],
                Some(value) => std::slice::from_ref(value),
            };
            bind_all(source, values, joins, scope, collector)
        }
        // Its values are rows, whether it stands after `IN` or alone.
        Collection::Subquery(select) => {
            bind_all(source, &correlated(select, scope)?, joins, scope, collector)
        }
    }
}

/// Binds the alias to each value in turn, and goes on to the joins.
fn bind_all(
    source: &Source,
    values: &[Value],
    joins: &[Source],
    scope: &Scope<'_>,
    collector: &mut Collector<'_>,
) -> Flow {
    for value in values {
        let frame = Frame { name: source.alias.as_deref(), value, outer: scope.frame };
        let scope = Scope { frame: Some(&frame), ..*scope };
        if sources(joins, &scope, collector)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
