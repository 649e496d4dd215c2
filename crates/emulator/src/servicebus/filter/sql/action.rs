//! Actions: statements that set and remove application properties of a rule's copy.

use super::{
    SqlError,
    evaluate::{Scalar, scalar},
    parse::{Expression, Parser, Property},
    short_enough,
};
use crate::servicebus::{
    filter::Fields,
    message::{Message, edit_application_properties},
};
use serde_amqp::Value;

/// An action with its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Action {
    text: String,
    statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
enum Statement {
    Set(String, Expression),
    Remove(String),
}

impl Action {
    /// Parses statements divided by semicolons.
    ///
    /// # Errors
    /// If one is not `SET` or `REMOVE` of an application property.
    pub(crate) fn parse(text: &str) -> Result<Self, SqlError> {
        let tokens = short_enough(text)?;
        let mut parser = Parser::new(&tokens);
        let mut statements = Vec::new();
        while !parser.is_at_end() {
            statements.push(statement(&mut parser)?);
            if !parser.is_at_end() {
                parser.require(";")?;
            }
        }
        Ok(Self { text: text.to_owned(), statements })
    }

    /// The text it was parsed from.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The message as the action leaves it. What it reads is the message as it came.
    pub(crate) fn apply(&self, message: &Message, fields: &Fields) -> Message {
        let edits = self.statements.iter().map(|statement| match statement {
            Statement::Remove(name) => (name.clone(), None),
            Statement::Set(name, expression) => {
                (name.clone(), Some(to_value(scalar(expression, fields))))
            }
        });
        edit_application_properties(message, edits)
    }
}

/// `SET name = expression` or `REMOVE name`.
fn statement(parser: &mut Parser<'_>) -> Result<Statement, SqlError> {
    if parser.word("set") {
        let name = user_property(parser)?;
        parser.require("=")?;
        return Ok(Statement::Set(name, parser.expression()?));
    }
    if parser.word("remove") {
        return Ok(Statement::Remove(user_property(parser)?));
    }
    Err(parser.wrong("expected SET or REMOVE"))
}

/// The name of an application property.
fn user_property(parser: &mut Parser<'_>) -> Result<String, SqlError> {
    match parser.property()? {
        Property::User(name) => Ok(name),
        Property::System(_) => Err(parser.wrong("system properties cannot be changed")),
    }
}

/// A value as an application property.
fn to_value(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(truth) => Value::Bool(truth),
        Scalar::Integer(number) => Value::Long(number),
        Scalar::Decimal(number) => Value::from(number),
        Scalar::Text(text) => Value::String(text),
    }
}
