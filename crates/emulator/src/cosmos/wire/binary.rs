//! Bodies in the binary encoding of JSON, as the Rust SDK sends them: decoded to text at the door.
//!
//! A body starts with `0x80`, and each value with a marker:
//!
//! | marker | value |
//! |---|---|
//! | `00`–`1F` | the integer itself |
//! | `20`–`7F`, `80`–`BF`, `C0`–`C6`, `D3`, `DD`–`DF` | texts, see [`texts`] |
//! | `C7`–`CE`, `D7`–`DC` | numbers, see [`numbers`] |
//! | `D0`, `D1`, `D2` | `null`, `false`, `true` |
//! | `E0`–`E7`, `E8`–`EF` | array and object: empty, of one, by length, by length and count |
//! | `F0`–`F3` | arrays of numbers of one type |
//!
//! What a body claims is believed only as far as it has bytes for it, and the text that comes out is
//! bounded: a few bytes can refer to a long text many times.

mod numbers;
mod reader;
mod texts;

use self::reader::{Flaw, Reader};
use crate::cosmos::core::Refusal;
use serde_json::Value;

/// What a body in this encoding starts with; no text of JSON does.
const PREAMBLE: u8 = 0x80;
/// How deep arrays and objects may nest: as deep as in text.
const DEPTH_MAX: usize = 127;
/// The longest text that comes out: twice what the largest batch or item has.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Whether a body is in the binary encoding.
pub(super) fn is_binary(body: &[u8]) -> bool {
    body.first() == Some(&PREAMBLE)
}

/// The text of a body in the binary encoding.
pub(super) fn to_text(body: &[u8]) -> Result<String, Refusal> {
    let mut decoder = Decoder { reader: Reader::new(body, 1), text: String::new() };
    match decoder.value(0).and_then(|()| decoder.reader.check_end()) {
        Ok(()) => Ok(decoder.text),
        Err(Flaw::TooLong) => Err(Refusal::TooLarge(format!(
            "the binary body stands for more than {TEXT_BYTES_MAX} bytes of text"
        ))),
        Err(flaw) => Err(Refusal::Bad(format!("the binary body cannot be read: {flaw}"))),
    }
}

/// Reads values and writes their text.
struct Decoder<'b> {
    reader: Reader<'b>,
    text: String,
}

impl Decoder<'_> {
    fn value(&mut self, depth: usize) -> Result<(), Flaw> {
        let at = self.reader.at();
        let marker = self.reader.byte()?;
        match marker {
            0x00..=0x1F => self.put(&marker.to_string()),
            0xC7..=0xCE | 0xD7..=0xDC => {
                let number = numbers::read(&mut self.reader, marker, at)?;
                self.put(&number)
            }
            0xD0 => self.put("null"),
            0xD1 => self.put("false"),
            0xD2 => self.put("true"),
            0xE0..=0xE7 => self.container(marker & 7, (at, depth), Brackets::Array),
            0xE8..=0xEF => self.container(marker & 7, (at, depth), Brackets::Object),
            0xF0 => self.numbers(1),
            0xF1 => self.numbers(2),
            0xF2 => self.rows_of_numbers(1),
            0xF3 => self.rows_of_numbers(2),
            _ => self.string(marker, at),
        }
    }

    fn string(&mut self, marker: u8, at: usize) -> Result<(), Flaw> {
        let text = texts::read(&mut self.reader, marker, at)?;
        self.put(&Value::from(text).to_string())
    }

    fn container(
        &mut self,
        form: u8,
        (at, depth): (usize, usize),
        brackets: Brackets,
    ) -> Result<(), Flaw> {
        if DEPTH_MAX <= depth {
            return Err(Flaw::Wrong { what: "it is nested too deep", at });
        }
        let (end, count) = self.bounds(form)?;
        let (open, close) = brackets.texts();
        self.put(open)?;
        let mut members = 0;
        while end.map_or(members < 1, |end| self.reader.at() < end) {
            if 0 < members {
                self.put(",")?;
            }
            if brackets == Brackets::Object {
                self.name()?;
            }
            self.value(depth + 1)?;
            members += 1;
        }
        let ends_elsewhere = end.is_some_and(|end| end != self.reader.at());
        if ends_elsewhere || count.is_some_and(|count| count != members) {
            return Err(Flaw::Wrong { what: "length or count are not those of its members", at });
        }
        self.put(close)
    }

    /// Where an array or object ends, and how many members it has, as far as it says so.
    fn bounds(&mut self, form: u8) -> Result<(Option<usize>, Option<usize>), Flaw> {
        let width = match form {
            0 => return Ok((Some(self.reader.at()), None)),
            1 => return Ok((None, None)),
            2 | 5 => 1,
            3 | 6 => 2,
            _ => 4,
        };
        let length = self.reader.length(width)?;
        let count = if 5 <= form { Some(self.reader.length(width)?) } else { None };
        Ok((Some(self.reader.end_of(length)?), count))
    }

    fn name(&mut self) -> Result<(), Flaw> {
        let at = self.reader.at();
        let marker = self.reader.byte()?;
        self.string(marker, at)?;
        self.put(":")
    }

    /// An array of numbers of one type, its count in `width` bytes.
    fn numbers(&mut self, width: usize) -> Result<(), Flaw> {
        let (at, marker) = (self.reader.at(), self.reader.byte()?);
        let count = self.reader.length(width)?;
        self.row(marker, at, count)
    }

    /// An array of such arrays, which all have the same type and count.
    fn rows_of_numbers(&mut self, width: usize) -> Result<(), Flaw> {
        let at = self.reader.at();
        let row = self.reader.byte()?;
        if row != if width == 1 { 0xF0 } else { 0xF1 } {
            return Err(Flaw::Marker { marker: row, at });
        }
        let (at, marker) = (self.reader.at(), self.reader.byte()?);
        let (each, rows) = (self.reader.length(width)?, self.reader.length(width)?);
        self.put("[")?;
        for turn in 0..rows {
            if 0 < turn {
                self.put(",")?;
            }
            self.row(marker, at, each)?;
        }
        self.put("]")
    }

    fn row(&mut self, marker: u8, at: usize, count: usize) -> Result<(), Flaw> {
        if !matches!(marker, 0xCD | 0xCE | 0xD7..=0xDC) {
            return Err(Flaw::Marker { marker, at });
        }
        self.put("[")?;
        for turn in 0..count {
            if 0 < turn {
                self.put(",")?;
            }
            let number = numbers::read(&mut self.reader, marker, at)?;
            self.put(&number)?;
        }
        self.put("]")
    }

    fn put(&mut self, text: &str) -> Result<(), Flaw> {
        if TEXT_BYTES_MAX < self.text.len() + text.len() {
            return Err(Flaw::TooLong);
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// What stands around the members.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Array,
    Object,
}

impl Brackets {
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Array => ("[", "]"),
            Self::Object => ("{", "}"),
        }
    }
}

#[cfg(test)]
mod tests;
