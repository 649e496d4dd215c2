//! Texts in all their forms.
//!
//! | marker | text |
//! |---|---|
//! | `20`–`3F` | one that everybody knows ([`KNOWN`]) |
//! | `40`–`67` | one of a dictionary that no request carries: refused |
//! | `71`–`74` | base64 (standard, then for URLs), kept as the bytes it stands for |
//! | `75`–`77` | a GUID in lower case, in upper case, in quotes |
//! | `78`–`7A` | of 16 characters, four bits each: hex digits, or those of dates |
//! | `7B`–`7F` | of 4, 5, 6 and 7 bits a character, behind a first one except in the last two |
//! | `80`–`BF`, `C0`–`C2` | UTF-8, the length in the marker, or in 1, 2 or 4 bytes |
//! | `C3`–`C6` | the same as one before, by its offset in 1 to 4 bytes |
//! | `D3`, `DD`–`DF` | a GUID, and bytes: JSON knows neither, so they become text |

use super::reader::{Flaw, Reader};
use base64::Engine as _;
use base64::prelude::{
    BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD,
};

/// The texts that have a marker of their own, from `20` on.
const KNOWN: [&str; 32] = [
    "$s",
    "$t",
    "$v",
    "_attachments",
    "_etag",
    "_rid",
    "_self",
    "_ts",
    "attachments/",
    "coordinates",
    "geometry",
    "GeometryCollection",
    "id",
    "url",
    "Value",
    "label",
    "LineString",
    "link",
    "MultiLineString",
    "MultiPoint",
    "MultiPolygon",
    "name",
    "Name",
    "Type",
    "Point",
    "Polygon",
    "properties",
    "type",
    "value",
    "Feature",
    "FeatureCollection",
    "_id",
];
const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";
const DATES: &[u8; 16] = b" 0123456789:-.TZ";

/// The text whose marker has been read at `at`.
pub(super) fn read(reader: &mut Reader<'_>, marker: u8, at: usize) -> Result<String, Flaw> {
    match marker {
        0xC3..=0xC6 => {
            let target = reader.length(usize::from(marker - 0xC2))?;
            let mut there = reader.elsewhere(target);
            let marker = there.byte()?;
            if matches!(marker, 0xC3..=0xC6 | 0xD3 | 0xDD..=0xDF) {
                return Err(Flaw::Wrong { what: "a reference leads to none of the texts", at });
            }
            own(&mut there, marker, target)
        }
        _ => own(reader, marker, at),
    }
}

/// A text that stands where it is read.
fn own(reader: &mut Reader<'_>, marker: u8, at: usize) -> Result<String, Flaw> {
    match marker {
        0x20..=0x3F => {
            let known = KNOWN.get(usize::from(marker - 0x20));
            known.map(|text| (*text).to_owned()).ok_or(Flaw::Marker { marker, at })
        }
        0x40..=0x67 => {
            Err(Flaw::Wrong { what: "a text of a dictionary, which no request carries", at })
        }
        0x71 => base64(reader, 1, at, Alphabet::Standard),
        0x72 => base64(reader, 2, at, Alphabet::Standard),
        0x73 => base64(reader, 1, at, Alphabet::Url),
        0x74 => base64(reader, 2, at, Alphabet::Url),
        0x75 => Ok(guid(&nibbles(&reader.array::<16>()?, LOWER_HEX))),
        0x76 => Ok(guid(&nibbles(&reader.array::<16>()?, UPPER_HEX))),
        0x77 => Ok(format!("\"{}\"", guid(&nibbles(&reader.array::<16>()?, LOWER_HEX)))),
        0x78 => of_sixteen(reader, LOWER_HEX, at),
        0x79 => of_sixteen(reader, UPPER_HEX, at),
        0x7A => of_sixteen(reader, DATES, at),
        0x7B => packed(reader, 4, (1, true), at),
        0x7C => packed(reader, 5, (1, true), at),
        0x7D => packed(reader, 6, (1, true), at),
        0x7E => packed(reader, 7, (1, false), at),
        0x7F => packed(reader, 7, (2, false), at),
        0x80..=0xBF => utf8(reader, usize::from(marker & 0x7F), at),
        0xC0 => prefixed(reader, 1).and_then(|bytes| checked(bytes, at)),
        0xC1 => prefixed(reader, 2).and_then(|bytes| checked(bytes, at)),
        0xC2 => prefixed(reader, 4).and_then(|bytes| checked(bytes, at)),
        0xD3 => Ok(guid_value(reader.array()?)),
        0xDD => prefixed(reader, 1).map(|bytes| BASE64_STANDARD.encode(bytes)),
        0xDE => prefixed(reader, 2).map(|bytes| BASE64_STANDARD.encode(bytes)),
        0xDF => prefixed(reader, 4).map(|bytes| BASE64_STANDARD.encode(bytes)),
        _ => Err(Flaw::Marker { marker, at }),
    }
}

/// Bytes behind their length.
fn prefixed<'b>(reader: &mut Reader<'b>, width: usize) -> Result<&'b [u8], Flaw> {
    let length = reader.length(width)?;
    reader.take(length)
}

fn utf8(reader: &mut Reader<'_>, length: usize, at: usize) -> Result<String, Flaw> {
    checked(reader.take(length)?, at)
}

fn checked(bytes: &[u8], at: usize) -> Result<String, Flaw> {
    let text = std::str::from_utf8(bytes);
    text.map(str::to_owned).map_err(|_| Flaw::Wrong { what: "the text is not UTF-8", at })
}

/// Which characters stand for 62 and 63.
#[derive(Clone, Copy)]
enum Alphabet {
    Standard,
    Url,
}

/// Groups of four characters; then how many `=` end the last, or the complement of how many lack.
fn base64(
    reader: &mut Reader<'_>,
    width: usize,
    at: usize,
    alphabet: Alphabet,
) -> Result<String, Flaw> {
    let characters = reader.length(width)? * 4;
    let padding = reader.byte()?;
    let is_padded = padding <= 2;
    let lacking = usize::from(if is_padded { padding } else { !padding });
    let wrong = Flaw::Wrong { what: "the base64 has another length than it says", at };
    let significant = characters.checked_sub(lacking).ok_or(wrong)?;
    let bytes = reader.take(significant * 3 / 4)?;
    let text = match (alphabet, is_padded) {
        (Alphabet::Standard, true) => BASE64_STANDARD.encode(bytes),
        (Alphabet::Standard, false) => BASE64_STANDARD_NO_PAD.encode(bytes),
        (Alphabet::Url, true) => BASE64_URL_SAFE.encode(bytes),
        (Alphabet::Url, false) => BASE64_URL_SAFE_NO_PAD.encode(bytes),
    };
    let expected = if is_padded { characters } else { significant };
    if text.len() == expected { Ok(text) } else { Err(wrong) }
}

/// Two characters a byte, the low half first.
fn nibbles(bytes: &[u8], of: &[u8; 16]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte & 0xF, byte >> 4]);
    halves.filter_map(|half| of.get(usize::from(half)).copied()).map(char::from).collect()
}

fn of_sixteen(reader: &mut Reader<'_>, of: &[u8; 16], at: usize) -> Result<String, Flaw> {
    let length = reader.length(1)?;
    let bytes = reader.take(length.div_ceil(2))?;
    let is_odd = length % 2 == 1;
    if is_odd && bytes.last().is_some_and(|last| *last >> 4 != 0) {
        return Err(Flaw::Wrong { what: "the text has more characters than it says", at });
    }
    let mut text = nibbles(bytes, of);
    text.truncate(length);
    Ok(text)
}

/// So many bits a character, the lowest first, counted from a first one where there is one.
fn packed(
    reader: &mut Reader<'_>,
    bits: usize,
    (width, has_first): (usize, bool),
    at: usize,
) -> Result<String, Flaw> {
    let length = reader.length(width)?;
    let first = if has_first { reader.byte()? } else { 0 };
    let bytes = reader.take((length * bits).div_ceil(8))?;
    let byte = |at: usize| bytes.get(at).copied().map_or(0, u16::from);
    let character = |turn: usize| {
        let (at, shift) = (turn * bits / 8, turn * bits % 8);
        let window = (byte(at) | (byte(at + 1) << 8)) >> shift;
        let low = u8::try_from(window & ((1 << bits) - 1)).ok()?;
        first.checked_add(low).filter(u8::is_ascii).map(char::from)
    };
    let text = (0..length).map(character).collect::<Option<String>>();
    text.ok_or(Flaw::Wrong { what: "the text has characters that are not ASCII", at })
}

/// Puts the dashes in.
fn guid(digits: &str) -> String {
    let mut text = String::with_capacity(36);
    for (at, digit) in digits.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// The first three groups are numbers, whose lowest byte comes first.
fn guid_value(mut bytes: [u8; 16]) -> String {
    let (numbers, _) = bytes.split_at_mut(8);
    let (first, others) = numbers.split_at_mut(4);
    first.reverse();
    others.chunks_mut(2).for_each(<[u8]>::reverse);
    guid(&bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).map(hex).collect::<String>())
}

fn hex(half: u8) -> char {
    LOWER_HEX.get(usize::from(half)).copied().map_or('0', char::from)
}
