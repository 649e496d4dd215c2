//! The SQL dialect of Service Bus rules.
//!
//! Conditions: `AND OR NOT`, comparisons, `+ - * / %`, `IS [NOT] NULL`, `[NOT] IN`, `[NOT] LIKE …
//! [ESCAPE …]`, `EXISTS(p)`, `newid()`, `property(name)`, `@parameters`, `sys.`, `user.`, quoted
//! names, and SQL's three-valued logic: what touches a missing property or mixes types is unknown,
//! and only true takes a message. Actions: `SET p = …` and `REMOVE p`, one after the other. The rest
//! is refused with its position.

mod action;
mod evaluate;
mod lex;
mod parse;
mod scalar;

pub(crate) use action::Action;

use super::Fields;
use parse::Condition;
use serde_amqp::Value;

/// Values that come with a text, under their names such as `@color`.
pub(crate) type Parameters = Vec<(String, Value)>;

/// A condition with its text and parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predicate {
    text: String,
    parameters: Parameters,
    condition: Condition,
}

/// Text that is not a condition or an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at position {position}")]
pub(crate) struct SqlError {
    /// What is wrong.
    pub(crate) what: String,
    /// Where, in bytes from the start.
    pub(crate) position: usize,
}

/// Longest condition or action, as Azure has it.
const LENGTH_MAX: usize = 1_024;

impl Predicate {
    /// Parses a condition without parameters.
    ///
    /// # Errors
    /// If it is not one.
    pub(crate) fn parse(text: &str) -> Result<Self, SqlError> {
        Self::with(text, Parameters::new())
    }

    /// Parses a condition.
    ///
    /// # Errors
    /// If it is not one, or names a parameter that has no value.
    pub(crate) fn with(text: &str, parameters: Parameters) -> Result<Self, SqlError> {
        let condition = parse::condition(&short_enough(text)?, &parameters)?;
        Ok(Self { text: text.to_owned(), parameters, condition })
    }

    /// The text it was parsed from.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The parameters that it was parsed with.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether it is true for a message with these properties.
    pub(crate) fn holds(&self, fields: &Fields) -> bool {
        evaluate::condition(&self.condition, fields) == Some(true)
    }
}

/// The tokens of a text that is not too long.
fn short_enough(text: &str) -> Result<Vec<lex::Token>, SqlError> {
    if LENGTH_MAX < text.chars().count() {
        let what = format!("longer than {LENGTH_MAX} characters");
        return Err(SqlError { what, position: LENGTH_MAX });
    }
    lex::tokens(text)
}
