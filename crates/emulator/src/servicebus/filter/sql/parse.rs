//! From tokens to conditions.

use super::{
    Parameters, SqlError,
    lex::{Kind, Token},
    scalar::Scalar,
};
use crate::servicebus::filter::fields::System;

/// Deepest nesting; a condition has 1,024 characters at most.
const DEPTH_MAX: usize = 64;

/// Something that is true, false or unknown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    IsNull(Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
    Like { text: Box<Expression>, pattern: Box<Expression>, escape: Option<char> },
    Exists(Property),
    Truth(Box<Expression>),
}

/// Something that has a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Constant(Scalar),
    Property(Property),
    /// `property(name)`: the property whose name this comes to.
    Named(Box<Self>),
    NewId,
    Negate(Box<Self>),
    Calculate(&'static str, Box<Self>, Box<Self>),
}

/// A property of the message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Property {
    System(System),
    User(String),
}

impl Property {
    /// The property that a text names; one that Service Bus does not define is an application's.
    pub(super) fn named(text: &str) -> Self {
        let (scope, name) = text.split_once('.').unwrap_or(("", text));
        match (scope.to_ascii_lowercase().as_str(), System::named(name)) {
            ("sys", Some(system)) => Self::System(system),
            ("user", _) => Self::User(name.to_owned()),
            _ => Self::User(text.to_owned()),
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Parses a whole condition.
pub(super) fn condition(tokens: &[Token], parameters: &Parameters) -> Result<Condition, SqlError> {
    let mut parser = Parser::new(tokens, parameters);
    let condition = parser.or()?;
    parser.end()?;
    Ok(condition)
}

/// Walks the tokens.
pub(super) struct Parser<'a> {
    tokens: &'a [Token],
    parameters: &'a Parameters,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// At the first token.
    pub(super) fn new(tokens: &'a [Token], parameters: &'a Parameters) -> Self {
        Self { tokens, parameters, at: 0, depth: 0 }
    }

    /// Whether all tokens are taken.
    pub(super) fn is_at_end(&self) -> bool {
        self.tokens.len() <= self.at
    }

    /// Takes `mark` if it is next.
    pub(super) fn mark(&mut self, mark: &str) -> bool {
        self.take(|kind| matches!(kind, Kind::Mark(found) if *found == mark))
    }

    /// Takes keyword `word` if it is next.
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.take(|kind| matches!(kind, Kind::Word(found) if found.eq_ignore_ascii_case(word)))
    }

    /// Takes `mark`, which must be next.
    pub(super) fn require(&mut self, mark: &str) -> Result<(), SqlError> {
        if self.mark(mark) { Ok(()) } else { Err(self.wrong(&format!("expected '{mark}'"))) }
    }

    /// An error at the next token.
    pub(super) fn wrong(&self, what: &str) -> SqlError {
        let last = self.tokens.last().map_or(0, |token| token.position + 1);
        let position = self.tokens.get(self.at).map_or(last, |token| token.position);
        SqlError { what: what.to_owned(), position }
    }

    /// A sum.
    pub(super) fn expression(&mut self) -> Result<Expression, SqlError> {
        self.depth += 1;
        if DEPTH_MAX < self.depth {
            return Err(self.wrong("nested too deeply"));
        }
        let mut left = self.product()?;
        while let Some(operator) = self.operator(&["+", "-"]) {
            left = Expression::Calculate(operator, Box::new(left), Box::new(self.product()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    /// `name`, `user.name` or `sys.Name`.
    pub(super) fn property(&mut self) -> Result<Property, SqlError> {
        let scope = self.name()?;
        if !self.mark(".") {
            return Ok(Property::User(scope));
        }
        let at = self.at;
        let name = self.name()?;
        match scope.to_ascii_lowercase().as_str() {
            "user" => Ok(Property::User(name)),
            "sys" => System::named(&name).map(Property::System).ok_or_else(|| {
                self.at = at;
                self.wrong(&format!("no system property '{name}'"))
            }),
            _ => Err(self.wrong("a scope is sys or user")),
        }
    }

    /// Checks that all tokens are taken.
    fn end(&self) -> Result<(), SqlError> {
        if self.is_at_end() { Ok(()) } else { Err(self.wrong("unexpected text")) }
    }

    /// Takes the next token if it is wanted.
    fn take(&mut self, wanted: impl FnOnce(&Kind) -> bool) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| wanted(&token.kind));
        self.at += usize::from(found);
        found
    }

    /// Takes one of `marks`, if one is next.
    fn operator(&mut self, marks: &[&'static str]) -> Option<&'static str> {
        marks.iter().copied().find(|mark| self.mark(mark))
    }

    /// Conditions joined by `OR`.
    fn or(&mut self) -> Result<Condition, SqlError> {
        self.depth += 1;
        if DEPTH_MAX < self.depth {
            return Err(self.wrong("nested too deeply"));
        }
        let mut left = self.and()?;
        while self.word("or") {
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Conditions joined by `AND`.
    fn and(&mut self) -> Result<Condition, SqlError> {
        let mut left = self.not()?;
        while self.word("and") {
            left = Condition::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    /// A condition behind any number of `NOT`.
    fn not(&mut self) -> Result<Condition, SqlError> {
        let mut odd = false;
        while self.word("not") {
            odd = !odd;
        }
        let condition = self.simple()?;
        Ok(if odd { Condition::Not(Box::new(condition)) } else { condition })
    }

    /// A condition without `AND`, `OR` or `NOT`, unless in parentheses.
    fn simple(&mut self) -> Result<Condition, SqlError> {
        if self.word("exists") {
            self.require("(")?;
            let property = self.property()?;
            self.require(")")?;
            return Ok(Condition::Exists(property));
        }
        let (start, depth) = (self.at, self.depth);
        let first = match self.in_parentheses() {
            Ok(Some(inner)) => return Ok(inner),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        // What looked like a condition in parentheses may be an expression: `(a + 1) * 2 > b`.
        (self.at, self.depth) = (start, depth);
        let second = self.expression().and_then(|left| self.comparison(left));
        second.map_err(|second| match first {
            Some(first) if second.position < first.position => first,
            Some(_) | None => second,
        })
    }

    /// A condition in parentheses, if that is what comes.
    fn in_parentheses(&mut self) -> Result<Option<Condition>, SqlError> {
        if !self.mark("(") {
            return Ok(None);
        }
        let inner = self.or()?;
        self.require(")")?;
        Ok((!self.goes_on()).then_some(inner))
    }

    /// Whether the next token continues an expression.
    fn goes_on(&self) -> bool {
        match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Mark(mark)) => *mark != ")",
            Some(Kind::Word(word)) => {
                ["is", "in", "like"].iter().any(|it| word.eq_ignore_ascii_case(it))
            }
            Some(_) | None => false,
        }
    }

    /// What follows an expression to make it a condition.
    fn comparison(&mut self, left: Expression) -> Result<Condition, SqlError> {
        let left = Box::new(left);
        if self.word("is") {
            let not = self.word("not");
            if !self.word("null") {
                return Err(self.wrong("expected NULL"));
            }
            return Ok(negated(not, Condition::IsNull(left)));
        }
        let not = self.word("not");
        if self.word("in") {
            return Ok(negated(not, Condition::In(left, self.list()?)));
        }
        if self.word("like") {
            let pattern = Box::new(self.expression()?);
            let escape = self.escape()?;
            return Ok(negated(not, Condition::Like { text: left, pattern, escape }));
        }
        if not {
            return Err(self.wrong("expected IN or LIKE"));
        }
        let Some(operator) = self.operator(&["=", "<>", "!=", "<=", ">=", "<", ">"]) else {
            return Ok(Condition::Truth(left));
        };
        let comparison = match operator {
            "=" => Comparison::Equal,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            ">=" => Comparison::AtLeast,
            _ => Comparison::Unequal,
        };
        Ok(Condition::Compare(comparison, left, Box::new(self.expression()?)))
    }

    /// Expressions in parentheses.
    fn list(&mut self) -> Result<Vec<Expression>, SqlError> {
        self.require("(")?;
        let mut list = vec![self.expression()?];
        while self.mark(",") {
            list.push(self.expression()?);
        }
        self.require(")")?;
        Ok(list)
    }

    /// The character behind `ESCAPE`, if that is next.
    fn escape(&mut self) -> Result<Option<char>, SqlError> {
        if !self.word("escape") {
            return Ok(None);
        }
        let wrong = self.wrong("expected one character");
        let Expression::Constant(Scalar::Text(text)) = self.atom()? else { return Err(wrong) };
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Ok(Some(letter)),
            _ => Err(wrong),
        }
    }

    /// A product.
    fn product(&mut self) -> Result<Expression, SqlError> {
        let mut left = self.factor()?;
        while let Some(operator) = self.operator(&["*", "/", "%"]) {
            left = Expression::Calculate(operator, Box::new(left), Box::new(self.factor()?));
        }
        Ok(left)
    }

    /// A value behind any number of signs.
    fn factor(&mut self) -> Result<Expression, SqlError> {
        let mut minus = false;
        while let Some(sign) = self.operator(&["-", "+"]) {
            minus ^= sign == "-";
        }
        let value = self.atom()?;
        Ok(if minus { Expression::Negate(Box::new(value)) } else { value })
    }

    /// A constant, a parameter, a property, a function, or an expression in parentheses.
    fn atom(&mut self) -> Result<Expression, SqlError> {
        if self.mark("(") {
            let inner = self.expression()?;
            self.require(")")?;
            return Ok(inner);
        }
        let constant = match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Text(text)) => Scalar::Text(text.clone()),
            Some(Kind::Integer(number)) => Scalar::Integer(*number),
            Some(Kind::Decimal(number)) => Scalar::Decimal(*number),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("true") => Scalar::Boolean(true),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("false") => Scalar::Boolean(false),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("null") => Scalar::Null,
            Some(Kind::Word(word)) if word.starts_with('@') => self.parameter(word)?,
            Some(Kind::Word(word)) if self.is_called() => return self.function(word),
            Some(Kind::Word(_) | Kind::Quoted(_)) => {
                return self.property().map(Expression::Property);
            }
            Some(Kind::Mark(_)) | None => return Err(self.wrong("expected a value")),
        };
        self.at += 1;
        Ok(Expression::Constant(constant))
    }

    /// The value that came with the text under this name.
    fn parameter(&self, name: &str) -> Result<Scalar, SqlError> {
        let found = self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = found.map(|(_, value)| Scalar::of(value));
        value.ok_or_else(|| self.wrong(&format!("the parameter '{name}' has no value")))
    }

    /// Whether the next token is the name of a function that is called.
    fn is_called(&self) -> bool {
        let behind = self.tokens.get(self.at + 1).map(|token| &token.kind);
        matches!(behind, Some(Kind::Mark("(")))
    }

    /// The call of a function.
    fn function(&mut self, name: &str) -> Result<Expression, SqlError> {
        let wrong = self.wrong(&format!("the function '{name}' is not supported"));
        self.at += 2;
        let call = match name.to_ascii_lowercase().as_str() {
            "newid" => Expression::NewId,
            "property" | "p" => Expression::Named(Box::new(self.expression()?)),
            _ => return Err(wrong),
        };
        self.require(")")?;
        Ok(call)
    }

    /// A name, quoted or not a keyword.
    fn name(&mut self) -> Result<String, SqlError> {
        let name = match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Word(name)) if !is_keyword(name) => name.clone(),
            Some(Kind::Quoted(name)) => name.clone(),
            Some(_) | None => return Err(self.wrong("expected a property")),
        };
        self.at += 1;
        Ok(name)
    }
}

/// The condition or its opposite.
fn negated(not: bool, condition: Condition) -> Condition {
    if not { Condition::Not(Box::new(condition)) } else { condition }
}

/// Whether a word cannot be a name unless it is quoted.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 11] =
        ["and", "or", "not", "is", "in", "like", "escape", "exists", "null", "true", "false"];
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}
