//! Patch conditions: `from c where c.state = 'pending'`.

use super::ast::Select;
use super::error::QueryError;
use super::limits::WORK_MAX;
use super::{check, evaluate, parser};
use serde_json::{Map, Value};

/// The condition of a patch, under whatever alias it was written.
#[derive(Debug, Clone)]
pub struct Condition {
    select: Select,
}

impl Condition {
    /// Reads the condition; it has a FROM, and usually a WHERE.
    ///
    /// # Errors
    /// Where the text is no condition.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut select = parser::condition(text)?;
        check::outermost(&mut select)?;
        Ok(Self { select })
    }

    /// Whether the document satisfies it; undefined is not yes.
    ///
    /// # Errors
    /// Where the condition asks for a parameter, or for more work than one query may take.
    pub fn holds(&self, document: &Value) -> Result<bool, QueryError> {
        let parameters = Map::new();
        let document = std::iter::once(document);
        let matches = evaluate::outermost(&self.select, &parameters, document, WORK_MAX)?;
        Ok(!matches.is_empty())
    }
}
