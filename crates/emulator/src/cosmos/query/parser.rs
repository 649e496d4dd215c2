//! From tokens to a [`Select`]: recursive descent, one token ahead.

use super::ast::Select;
use super::error::QueryError;
use super::lexer::{Kind, Token, is_word, tokens};
use super::limits::{DEPTH_MAX, ITEMS_MAX};

mod clauses;
mod expressions;
mod primary;

pub(super) use expressions::OPERATORS;

/// Parses a whole text as one query.
pub(super) fn select(text: &str) -> Result<Select, QueryError> {
    let tokens = tokens(text)?;
    let mut parser = Parser::new(&tokens, text.len());
    let select = parser.select()?;
    parser.end()?;
    Ok(select)
}

/// Parses a patch condition: `FROM …` with a WHERE, and no SELECT.
pub(super) fn condition(text: &str) -> Result<Select, QueryError> {
    let tokens = tokens(text)?;
    let mut parser = Parser::new(&tokens, text.len());
    let select = parser.condition()?;
    parser.end()?;
    Ok(select)
}

/// A position among the tokens of one text.
struct Parser<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    depth: usize,
    end: Token<'t>,
}

impl<'t> Parser<'t> {
    fn new(tokens: &'t [Token<'t>], length: usize) -> Self {
        let end = Token { kind: Kind::End, offset: length, text: "" };
        Self { tokens, at: 0, depth: 0, end }
    }

    fn peek(&self) -> &Token<'t> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token<'t> {
        self.tokens.get(self.at + by).unwrap_or(&self.end)
    }

    fn offset(&self) -> usize {
        self.peek().offset
    }

    fn advance(&mut self) {
        self.at += 1;
    }

    /// Whether the next token is this keyword, in any case.
    fn at_word(&self, keyword: &str) -> bool {
        self.ahead_is_word(0, keyword)
    }

    fn ahead_is_word(&self, by: usize, keyword: &str) -> bool {
        matches!(self.ahead(by).kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn ahead_is_symbol(&self, by: usize, symbol: &str) -> bool {
        matches!(self.ahead(by).kind, Kind::Symbol(found) if found == symbol)
    }

    /// Takes the keyword if it is next.
    fn word(&mut self, keyword: &str) -> bool {
        let found = self.at_word(keyword);
        self.at += usize::from(found);
        found
    }

    /// Takes the symbol if it is next.
    fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.ahead_is_symbol(0, symbol);
        self.at += usize::from(found);
        found
    }

    fn need_word(&mut self, keyword: &str) -> Result<(), QueryError> {
        if self.word(keyword) { Ok(()) } else { Err(self.unexpected(keyword)) }
    }

    fn need_symbol(&mut self, symbol: &str) -> Result<(), QueryError> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.unexpected(&format!("'{symbol}'"))) }
    }

    /// A name that is no keyword.
    fn name(&mut self, what: &str) -> Result<String, QueryError> {
        match self.peek().kind {
            Kind::Word(word) if !is_keyword(word) => {
                self.advance();
                Ok(word.to_owned())
            }
            Kind::Word(word) => {
                let what = format!("the keyword '{word}' where {what} was expected");
                Err(QueryError::syntax(self.offset(), what))
            }
            Kind::Parameter(_) | Kind::Number(_) | Kind::Text(_) | Kind::Symbol(_) | Kind::End => {
                Err(self.unexpected(what))
            }
        }
    }

    /// Entries with commas between them.
    fn list<T>(
        &mut self,
        mut entry: impl FnMut(&mut Self) -> Result<T, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        let mut entries = vec![entry(self)?];
        while self.symbol(",") {
            if ITEMS_MAX <= entries.len() {
                let what = format!("a list of more than {ITEMS_MAX} entries");
                return Err(QueryError::limit(self.offset(), what));
            }
            entries.push(entry(self)?);
        }
        Ok(entries)
    }

    /// Runs a rule one level further down; the one place where recursion is bounded.
    fn nested<T>(
        &mut self,
        rule: impl FnOnce(&mut Self) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        if DEPTH_MAX <= self.depth {
            let what = format!("nesting deeper than {DEPTH_MAX} levels");
            return Err(QueryError::limit(self.offset(), what));
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        result
    }

    fn end(&self) -> Result<(), QueryError> {
        if self.peek().kind == Kind::End { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    /// The next token is not what the rule needs.
    fn unexpected(&self, expected: &str) -> QueryError {
        let token = self.peek();
        let found = match token.kind {
            Kind::End => "the end of the text".to_owned(),
            Kind::Word(_)
            | Kind::Parameter(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::Symbol(_) => {
                format!("'{}'", token.text)
            }
        };
        QueryError::syntax(token.offset, format!("{found} where {expected} was expected"))
    }
}

/// Whether a text can stand as a name: a word that is no keyword.
pub(super) fn is_name(text: &str) -> bool {
    is_word(text) && !is_keyword(text)
}

/// Whether a word is reserved: it can be neither an alias nor, after a dot, a property.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

const KEYWORDS: [&str; 29] = [
    "AND",
    "ARRAY",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "DESC",
    "DISTINCT",
    "ESCAPE",
    "EXISTS",
    "FALSE",
    "FROM",
    "GROUP",
    "IN",
    "JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "OFFSET",
    "OR",
    "ORDER",
    "SELECT",
    "TOP",
    "TRUE",
    "UDF",
    "UNDEFINED",
    "VALUE",
    "WHERE",
];
