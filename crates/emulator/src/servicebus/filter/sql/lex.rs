//! Tokens.

use super::SqlError;

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) position: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name or keyword as written.
    Word(String),
    /// A name in brackets or double quotes: never a keyword.
    Quoted(String),
    /// A string constant.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Decimal(f64),
    /// An operator or a punctuation mark.
    Mark(&'static str),
}

/// Longer ones first, so that none is taken for its beginning.
const MARKS: [&str; 17] =
    ["<>", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",", ".", ";"];

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SqlError> {
    let mut tokens = Vec::new();
    let mut position = 0;
    while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or_default();
        if first.is_whitespace() {
            position += first.len_utf8();
            continue;
        }
        let (kind, length) = token(rest, first).map_err(|what| SqlError { what, position })?;
        tokens.push(Token { kind, position });
        position += length;
    }
    Ok(tokens)
}

/// The token at the start of `rest`, and its length.
fn token(rest: &str, first: char) -> Result<(Kind, usize), String> {
    match first {
        '\'' => quoted(rest, '\'').map(|(text, length)| (Kind::Text(text), length)),
        '"' => quoted(rest, '"').map(|(text, length)| (Kind::Quoted(text), length)),
        '[' => quoted(rest, ']').map(|(text, length)| (Kind::Quoted(text), length)),
        '0'..='9' => number(rest),
        _ if is_name(first) => {
            let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
            Ok((Kind::Word(rest.get(..length).unwrap_or_default().to_owned()), length))
        }
        _ => {
            let mark = MARKS.into_iter().find(|mark| rest.starts_with(mark));
            mark.map(|mark| (Kind::Mark(mark), mark.len()))
                .ok_or_else(|| format!("unexpected '{first}'"))
        }
    }
}

/// Whether a letter may stand in a name.
fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '@' | '#' | '$')
}

/// Text up to `end`, which is doubled where it is meant.
fn quoted(rest: &str, end: char) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != end {
            text.push(letter);
        } else if letters.next_if(|(_, next)| *next == end).is_some() {
            text.push(end);
        } else {
            return Ok((text, at + 1));
        }
    }
    Err(format!("a closing {end} is missing"))
}

/// A number, and its length.
fn number(rest: &str) -> Result<(Kind, usize), String> {
    let mut length = 0;
    let mut before = ' ';
    for letter in rest.chars() {
        let sign = matches!(letter, '+' | '-') && matches!(before, 'e' | 'E');
        if !(letter.is_ascii_digit() || matches!(letter, '.' | 'e' | 'E') || sign) {
            break;
        }
        before = letter;
        length += 1;
    }
    let digits = rest.get(..length).unwrap_or_default();
    if let Ok(number) = digits.parse() {
        return Ok((Kind::Integer(number), length));
    }
    let number = digits.parse().map_err(|_| format!("'{digits}' is not a number"))?;
    Ok((Kind::Decimal(number), length))
}
