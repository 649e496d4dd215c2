//! Numbers and quoted texts.

use super::Lexer;
use crate::cosmos::query::error::QueryError;
use serde_json::Number;

impl Lexer<'_> {
    /// `12`, `1.5`, `.5`, `1e-3`, `0x1F`.
    pub(super) fn number(&mut self) -> Result<Number, QueryError> {
        let start = self.at;
        let rest = self.rest();
        let hexadecimal = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"));
        let number = if let Some(digits) = hexadecimal {
            let length = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
            self.at += 2 + length;
            let digits = digits.get(..length).unwrap_or_default();
            u64::from_str_radix(digits, 16).ok().map(Number::from)
        } else {
            self.at += decimal_length(rest);
            decimal(self.text.get(start..self.at).unwrap_or_default())
        };
        let glued = self.peek().is_some_and(super::is_word_part);
        let written = || self.text.get(start..self.at).unwrap_or_default();
        match number {
            Some(number) if !glued => Ok(number),
            Some(_) | None => Err(QueryError::syntax(start, format!("the number '{}'", written()))),
        }
    }

    /// A text in single or double quotes, with the escapes of JSON and `\'`.
    pub(super) fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let quote = self.take();
        let mut content = String::new();
        loop {
            match self.take() {
                None => return Err(QueryError::syntax(start, "a text without its closing quote")),
                c if c == quote => return Ok(content),
                Some('\\') => content.push(self.escape()?),
                Some(c) => content.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, QueryError> {
        let start = self.at.saturating_sub(1);
        match self.take() {
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some(c @ ('\\' | '/' | '\'' | '"')) => Ok(c),
            Some('u') => {
                self.code_point().ok_or_else(|| QueryError::syntax(start, "a broken \\u escape"))
            }
            Some(_) | None => Err(QueryError::syntax(start, "an unknown escape")),
        }
    }

    /// `XXXX`, or `XXXX\uXXXX` for a pair of surrogates.
    fn code_point(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high);
        }
        let low = (self.take()? == '\\' && self.take()? == 'u').then(|| self.four_digits())??;
        let low = (0xDC00..0xE000).contains(&low).then_some(low)?;
        char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.at += 4;
        all.then(|| u32::from_str_radix(digits, 16).ok())?
    }
}

/// How much of the text belongs to a decimal number.
fn decimal_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count() + from
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if end + 1 + sign < exponent {
            end = exponent;
        }
    }
    end
}

/// The number, an integer where it was written as one and fits.
fn decimal(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}
