//! What operators join: literals, paths, calls, objects, arrays, subqueries.
//!
//! ```text
//! primary  base ( .name | [expr] )*
//! base     number | text | @parameter | null | true | false | undefined | alias
//!          | FUNCTION ( expr, … ) | EXISTS ( query ) | ARRAY ( query )
//!          | ( expr ) | ( query ) | [ expr, … ] | { name : expr, … }
//! ```
//!
//! As in the service, a keyword is no name after a dot: `c.value` is written `c["value"]`.

use super::Parser;
use crate::cosmos::query::ast::{Aggregate, Call, Expr, Name, Step};
use crate::cosmos::query::error::QueryError;
use crate::cosmos::query::functions;
use crate::cosmos::query::lexer::Kind;
use crate::cosmos::query::limits::ITEMS_MAX;
use serde_json::Value;

impl Parser<'_> {
    /// One operand with the steps of its path.
    pub(super) fn primary(&mut self) -> Result<Expr, QueryError> {
        let base = self.base()?;
        self.path(base)
    }

    fn base(&mut self) -> Result<Expr, QueryError> {
        let offset = self.offset();
        let base = match self.peek().kind.clone() {
            Kind::Number(number) => Expr::Literal(Value::Number(number)),
            Kind::Text(text) => Expr::Literal(Value::String(text)),
            Kind::Parameter(name) => Expr::Parameter(Name { text: name.to_owned(), offset }),
            Kind::Word(word) => return self.word_expr(word, offset),
            Kind::Symbol("(") => return self.parenthesis(),
            Kind::Symbol("[") => return self.array(),
            Kind::Symbol("{") => return self.object(),
            Kind::Symbol(_) | Kind::End => return Err(self.unexpected("an expression")),
        };
        self.advance();
        Ok(base)
    }

    /// An expression that begins with a word: a constant, a call, a subquery or an alias.
    fn word_expr(&mut self, word: &str, offset: usize) -> Result<Expr, QueryError> {
        let upper = word.to_ascii_uppercase();
        let opens = self.ahead_is_symbol(1, "(");
        let constant = match upper.as_str() {
            "TRUE" => Expr::Literal(Value::Bool(true)),
            "FALSE" => Expr::Literal(Value::Bool(false)),
            "NULL" => Expr::Literal(Value::Null),
            "UNDEFINED" => Expr::Undefined,
            "UDF" => return Err(QueryError::unsupported(offset, "user-defined functions")),
            "EXISTS" if opens => return Ok(Expr::Exists(self.subquery()?)),
            "ARRAY" if opens => return Ok(Expr::Gather(self.subquery()?)),
            _ if opens => return self.call(&upper, word, offset),
            _ => {
                let text = self.name("an expression")?;
                return Ok(Expr::Variable(Name { text, offset }));
            }
        };
        self.advance();
        Ok(constant)
    }

    /// `WORD(SELECT …)`
    fn subquery(&mut self) -> Result<Box<crate::cosmos::query::ast::Select>, QueryError> {
        self.advance();
        self.need_symbol("(")?;
        let select = self.select()?;
        self.need_symbol(")")?;
        Ok(Box::new(select))
    }

    fn call(&mut self, upper: &str, word: &str, offset: usize) -> Result<Expr, QueryError> {
        if super::is_keyword(word) {
            return Err(self.unexpected("an expression"));
        }
        self.advance();
        self.advance();
        let arguments =
            if self.ahead_is_symbol(0, ")") { Vec::new() } else { self.list(Self::expr)? };
        self.need_symbol(")")?;
        if let Some(aggregate) = aggregate(upper) {
            return one(arguments, word, offset)
                .map(|of| Expr::Aggregate(aggregate, Box::new(of), offset));
        }
        let function = functions::find(upper)
            .ok_or_else(|| QueryError::unsupported(offset, format!("function '{word}'")))?;
        function.check(arguments.len(), offset)?;
        Ok(Expr::Call(Call { function, arguments, offset }))
    }

    /// `(expression)` or `(SELECT …)`
    fn parenthesis(&mut self) -> Result<Expr, QueryError> {
        self.advance();
        let inner = if self.at_word("SELECT") {
            Expr::Single(Box::new(self.select()?))
        } else {
            self.expr()?
        };
        self.need_symbol(")")?;
        Ok(inner)
    }

    fn array(&mut self) -> Result<Expr, QueryError> {
        self.advance();
        let items = if self.ahead_is_symbol(0, "]") { Vec::new() } else { self.list(Self::expr)? };
        self.need_symbol("]")?;
        Ok(Expr::Array(items))
    }

    fn object(&mut self) -> Result<Expr, QueryError> {
        self.advance();
        let fields = if self.ahead_is_symbol(0, "}") {
            Vec::new()
        } else {
            self.list(|parser| {
                let name = parser.field_name()?;
                parser.need_symbol(":")?;
                Ok((name, parser.expr()?))
            })?
        };
        self.need_symbol("}")?;
        Ok(Expr::Object(fields))
    }

    fn field_name(&mut self) -> Result<String, QueryError> {
        let name = match &self.peek().kind {
            Kind::Text(text) => text.clone(),
            Kind::Word(word) => (*word).to_owned(),
            Kind::Parameter(_) | Kind::Number(_) | Kind::Symbol(_) | Kind::End => {
                return Err(self.unexpected("a field's name"));
            }
        };
        self.advance();
        Ok(name)
    }

    /// `.name`, `["name"]`, `[0]` and `[expression]`, any number of them.
    pub(super) fn path(&mut self, base: Expr) -> Result<Expr, QueryError> {
        let mut steps = Vec::new();
        loop {
            if self.symbol(".") {
                steps.push(Step::Field(self.name("a property")?));
            } else if self.symbol("[") {
                steps.push(step(self.expr()?));
                self.need_symbol("]")?;
            } else if steps.is_empty() {
                return Ok(base);
            } else {
                return Ok(Expr::Path(Box::new(base), steps));
            }
            if ITEMS_MAX < steps.len() {
                let what = format!("a path of more than {ITEMS_MAX} steps");
                return Err(QueryError::limit(self.offset(), what));
            }
        }
    }
}

/// What stands between brackets, decided here where it is constant.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are decided by row")]
fn step(key: Expr) -> Step {
    match key {
        Expr::Literal(Value::String(name)) => Step::Field(name),
        Expr::Literal(Value::Number(number)) => {
            match number.as_u64().and_then(|index| usize::try_from(index).ok()) {
                Some(index) => Step::Index(index),
                None => Step::Computed(Expr::Literal(Value::Number(number))),
            }
        }
        key => Step::Computed(key),
    }
}

fn aggregate(upper: &str) -> Option<Aggregate> {
    match upper {
        "AVG" => Some(Aggregate::Avg),
        "COUNT" => Some(Aggregate::Count),
        "MAX" => Some(Aggregate::Max),
        "MIN" => Some(Aggregate::Min),
        "SUM" => Some(Aggregate::Sum),
        _ => None,
    }
}

/// The only argument.
fn one(arguments: Vec<Expr>, word: &str, offset: usize) -> Result<Expr, QueryError> {
    let count = arguments.len();
    let mut arguments = arguments.into_iter();
    let only = arguments.next().filter(|_| arguments.next().is_none());
    only.ok_or_else(|| {
        let what = format!("{word} with {count} arguments; it takes 1");
        QueryError::invalid(offset, what)
    })
}
