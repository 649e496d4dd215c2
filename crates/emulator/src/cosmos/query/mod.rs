//! The SQL dialect of Cosmos DB for NoSQL: parsed, evaluated, planned.
//!
//! Pure: no I/O and no clock. A text becomes tokens (`lexer`), a tree (`parser`), a tree whose
//! names are known (`check`, `grouping`), and with parameters and documents a list of values
//! (`evaluate`). What is not supported is refused by name and position.
//!
//! Not supported: user-defined functions, functions of geometry, of the clock and of chance,
//! full-text and vector search, ORDER BY together with GROUP BY, subqueries beside an aggregate.

mod ast;
mod check;
mod condition;
mod error;
mod evaluate;
mod functions;
mod grouping;
mod lexer;
mod limits;
mod parser;
mod plan;
mod render;
mod requirements;

#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use error::QueryError;
pub use requirements::{Requirement, Span};

use serde_json::{Map, Value};

/// A query that can be evaluated.
#[derive(Debug, Clone)]
pub struct Query {
    select: ast::Select,
}

/// Reads a query; whatever bytes it is made of, this ends, and without a panic.
///
/// # Errors
/// Where the text is no query, or one that goes further than this emulator.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    let mut select = parser::select(text)?;
    check::outermost(&mut select)?;
    Ok(Query { select })
}

impl Query {
    /// All values of the query, in order; what is undefined is left out.
    ///
    /// `parameters` are by name, with the `@`; `documents` come in storage order.
    ///
    /// # Errors
    /// Where a parameter is missing, or the query takes more work than one query may.
    pub fn evaluate<'a>(
        &self,
        parameters: &Map<String, Value>,
        documents: impl Iterator<Item = &'a Value>,
    ) -> Result<Vec<Value>, QueryError> {
        evaluate::outermost(&self.select, parameters, documents, limits::WORK_MAX)
    }

    /// Whether each document yields its values whatever the others are, so that a caller may
    /// evaluate page by page.
    pub fn is_streaming(&self) -> bool {
        let select = &self.select;
        let by_row = matches!(
            select.sources.first().map(|source| &source.collection),
            Some(ast::Collection::Path(_))
        );
        by_row
            && select.grouping.is_none()
            && select.order_by.is_empty()
            && !select.distinct
            && select.top.is_none()
            && select.window.is_none()
    }

    /// The body of the answer to a query plan request, its ranges covering everything.
    ///
    /// `TOP`, `OFFSET` and `LIMIT` that are given as parameters stay `null`; see
    /// [`Query::plan_with`].
    pub fn plan(&self) -> Value {
        self.plan_with(&Map::new())
    }

    /// As [`Query::plan`], with the values of the parameters.
    pub fn plan_with(&self, parameters: &Map<String, Value>) -> Value {
        plan::of(&self.select, parameters)
    }

    /// What every match must satisfy, one by one. Not all there is, but only what must hold.
    pub fn requirements(&self, parameters: &Map<String, Value>) -> Vec<Requirement> {
        requirements::of(&self.select, parameters)
    }
}
