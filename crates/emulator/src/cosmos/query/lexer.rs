//! From bytes to tokens: words, parameters, numbers, texts and symbols, each with its position.
//!
//! Positions are bytes, and every cut is made at a character's edge; nothing is indexed unchecked.

use super::error::QueryError;
use super::limits::TEXT_BYTES_MAX;
use serde_json::Number;

mod literal;

/// One token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) offset: usize,
    /// As it was written, for error messages.
    pub(super) text: &'t str,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'t> {
    /// A name or a keyword; which of the two depends on where it stands.
    Word(&'t str),
    /// `@name`, with its `@`.
    Parameter(&'t str),
    /// A number that JSON can express.
    Number(Number),
    /// The content of a quoted text, escapes resolved.
    Text(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// Nothing is left.
    End,
}

/// Cuts a text into tokens; the last is always [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, QueryError> {
    if TEXT_BYTES_MAX < text.len() {
        let what = format!("a query of {} bytes; {TEXT_BYTES_MAX} are allowed", text.len());
        return Err(QueryError::limit(TEXT_BYTES_MAX, what));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::with_capacity(text.len() / 4);
    loop {
        let token = lexer.next()?;
        let ended = token.kind == Kind::End;
        tokens.push(token);
        if ended {
            return Ok(tokens);
        }
    }
}

/// A position in the text.
struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Result<Token<'t>, QueryError> {
        self.skip_blanks()?;
        let offset = self.at;
        let kind = match self.peek() {
            None => Kind::End,
            Some('@') => self.parameter()?,
            Some('\'' | '"') => Kind::Text(self.quoted()?),
            Some(c) if c.is_ascii_digit() => Kind::Number(self.number()?),
            Some('.') if self.rest().get(1..2).is_some_and(is_digit) => {
                Kind::Number(self.number()?)
            }
            Some(c) if is_word_start(c) => Kind::Word(self.word()),
            Some(c) => self.symbol(c)?,
        };
        let text = self.text.get(offset..self.at).unwrap_or_default();
        Ok(Token { kind, offset, text })
    }

    /// Skips white space, `-- to the end of the line` and `/* … */`.
    fn skip_blanks(&mut self) -> Result<(), QueryError> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            if 0 < blank {
                self.at += blank;
            } else if rest.starts_with("--") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| self.fault("a comment without an end"))?;
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn parameter(&mut self) -> Result<Kind<'t>, QueryError> {
        let start = self.at;
        self.at += 1;
        let name = self.word();
        match self.text.get(start..self.at) {
            Some(whole) if !name.is_empty() => Ok(Kind::Parameter(whole)),
            Some(_) | None => Err(QueryError::syntax(start, "'@' without a parameter's name")),
        }
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !is_word_part(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn symbol(&mut self, first: char) -> Result<Kind<'t>, QueryError> {
        let rest = self.rest();
        let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        let symbol = symbol.ok_or_else(|| self.fault(format!("the character {first:?}")))?;
        self.at += symbol.len();
        Ok(Kind::Symbol(symbol))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next character, taken.
    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn fault(&self, what: impl std::fmt::Display) -> QueryError {
        QueryError::syntax(self.at, what)
    }
}

/// Whether the whole text is one word.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(is_word_start) && text.chars().all(is_word_part)
}

fn is_digit(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_word_part(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Longer ones first, so that the first that fits is the right one.
const SYMBOLS: [&str; 31] = [
    ">>>", "!=", "<>", "<=", ">=", "<<", ">>", "||", "??", "(", ")", "[", "]", "{", "}", ",", ".",
    ":", "?", "=", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "~",
];
