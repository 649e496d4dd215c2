//! Actions: statements that set and remove properties of a rule's copy.

use super::{
    Parameters, SqlError,
    evaluate::scalar,
    parse::{Expression, Parser, Property},
    short_enough,
};
use crate::servicebus::{filter::Fields, message::Message};

/// An action with its text and parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Action {
    text: String,
    parameters: Parameters,
    statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
enum Statement {
    Set(Property, Expression),
    Remove(Property),
}

impl Action {
    /// Parses statements without parameters.
    ///
    /// # Errors
    /// If one is neither `SET` nor `REMOVE`.
    pub(crate) fn parse(text: &str) -> Result<Self, SqlError> {
        Self::with(text, Parameters::new())
    }

    /// Parses statements; a semicolon may stand behind each.
    ///
    /// # Errors
    /// If one is neither `SET` nor `REMOVE`, or names a parameter that has no value.
    pub(crate) fn with(text: &str, parameters: Parameters) -> Result<Self, SqlError> {
        let tokens = short_enough(text)?;
        let mut parser = Parser::new(&tokens, &parameters);
        let mut statements = Vec::new();
        while !parser.is_at_end() {
            statements.push(statement(&mut parser)?);
            parser.mark(";");
        }
        Ok(Self { text: text.to_owned(), parameters, statements })
    }

    /// The text it was parsed from.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The parameters that it was parsed with.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The message as the action of this rule leaves it: each statement sees what those before it
    /// did, and `RuleName` says which rule it was.
    pub(crate) fn apply(&self, message: &Message, fields: &Fields, rule: &str) -> Message {
        let mut fields = fields.clone();
        for statement in &self.statements {
            statement.run(&mut fields);
        }
        fields.set_user("RuleName", rule.to_owned().into());
        fields.write(message)
    }
}

impl Statement {
    /// Changes the properties.
    fn run(&self, fields: &mut Fields) {
        match self {
            Self::Set(Property::System(property), expression) => {
                let text = scalar(expression, fields).text();
                fields.set_system(*property, text);
            }
            Self::Set(Property::User(name), expression) => {
                let value = scalar(expression, fields).into_value(fields.user(name));
                fields.set_user(name, value);
            }
            Self::Remove(Property::System(property)) => fields.set_system(*property, None),
            Self::Remove(Property::User(name)) => fields.remove_user(name),
        }
    }
}

/// `SET property = expression` or `REMOVE property`.
fn statement(parser: &mut Parser<'_>) -> Result<Statement, SqlError> {
    if parser.word("set") {
        let property = parser.property()?;
        parser.require("=")?;
        return Ok(Statement::Set(property, parser.expression()?));
    }
    if parser.word("remove") {
        return Ok(Statement::Remove(parser.property()?));
    }
    Err(parser.wrong("expected SET or REMOVE"))
}
