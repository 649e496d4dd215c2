//! Walks encoded AMQP values without building them: where one ends, and whether it is sound.
//!
//! Every byte from a socket passes [`check`] before `serde_amqp` sees it, so nesting and counts
//! are bounded whatever a peer sends.

/// Deepest nesting taken; what the SDKs send stays below ten, and Python's decoder stops at 64.
const DEPTH_MAX: u8 = 32;

/// Most elements of an array whose elements take no bytes at all.
const EMPTY_ELEMENTS_MAX: usize = 256;

/// Bytes that are not an AMQP value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed AMQP value")]
pub(crate) struct Malformed;

/// The length of the value at the start of `bytes`, constructor included, without looking inside.
pub(crate) fn skip(bytes: &[u8]) -> Result<usize, Malformed> {
    let constructor = constructor(bytes, DEPTH_MAX)?;
    let code = *bytes.get(constructor - 1).ok_or(Malformed)?;
    let body = bytes.get(constructor..).ok_or(Malformed)?;
    let length = constructor + body_len(code, body)?;
    if length <= bytes.len() { Ok(length) } else { Err(Malformed) }
}

/// The length of the value at the start of `bytes`, after checking everything inside it.
pub(crate) fn check(bytes: &[u8]) -> Result<usize, Malformed> {
    check_within(bytes, DEPTH_MAX)
}

/// The length of a value, after checking it down to `depth` levels.
fn check_within(bytes: &[u8], depth: u8) -> Result<usize, Malformed> {
    let constructor = constructor(bytes, depth)?;
    let code = *bytes.get(constructor - 1).ok_or(Malformed)?;
    let body = bytes.get(constructor..).ok_or(Malformed)?;
    Ok(constructor + check_body(code, body, depth)?)
}

/// The length of a constructor: a format code, behind a descriptor if it is a described type.
fn constructor(bytes: &[u8], depth: u8) -> Result<usize, Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    match bytes.split_first() {
        Some((0, rest)) => {
            let descriptor = check_within(rest, depth)?;
            let rest = rest.get(descriptor..).ok_or(Malformed)?;
            Ok(1 + descriptor + constructor(rest, depth)?)
        }
        Some(_) => Ok(1),
        None => Err(Malformed),
    }
}

/// The length of what follows a format code, after checking it.
fn check_body(code: u8, body: &[u8], depth: u8) -> Result<usize, Malformed> {
    let length = body_len(code, body)?;
    let inside = body.get(..length).ok_or(Malformed)?;
    match code {
        0xc0 | 0xc1 => check_elements(code, inside, 1, depth)?,
        0xd0 | 0xd1 => check_elements(code, inside, 4, depth)?,
        0xe0 => check_array(inside, 1, depth)?,
        0xf0 => check_array(inside, 4, depth)?,
        0x56 if inside.first().is_none_or(|byte| 1 < *byte) => return Err(Malformed),
        _ => {}
    }
    Ok(length)
}

/// Checks the elements of a list or map: as many as it says, and nothing behind them.
fn check_elements(code: u8, inside: &[u8], width: usize, depth: u8) -> Result<(), Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    let count = number(inside.get(width..).ok_or(Malformed)?, width)?;
    let mut rest = inside.get(2 * width..).ok_or(Malformed)?;
    if rest.len() < count || (code & 1 == 1 && count % 2 == 1) {
        return Err(Malformed);
    }
    for _ in 0..count {
        let length = check_within(rest, depth)?;
        rest = rest.get(length..).ok_or(Malformed)?;
    }
    if rest.is_empty() { Ok(()) } else { Err(Malformed) }
}

/// Checks the elements of an array, which share one constructor.
fn check_array(inside: &[u8], width: usize, depth: u8) -> Result<(), Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    let count = number(inside.get(width..).ok_or(Malformed)?, width)?;
    let elements = inside.get(2 * width..).ok_or(Malformed)?;
    if elements.is_empty() && count == 0 {
        return Ok(());
    }
    let constructor = constructor(elements, depth)?;
    let code = *elements.get(constructor - 1).ok_or(Malformed)?;
    let mut rest = elements.get(constructor..).ok_or(Malformed)?;
    if rest.len() < count && EMPTY_ELEMENTS_MAX < count {
        return Err(Malformed);
    }
    for _ in 0..count {
        let length = check_body(code, rest, depth)?;
        rest = rest.get(length..).ok_or(Malformed)?;
    }
    if rest.is_empty() { Ok(()) } else { Err(Malformed) }
}

/// The bytes that follow format code `code`, size prefixes included.
fn body_len(code: u8, body: &[u8]) -> Result<usize, Malformed> {
    Ok(match code {
        0x40..=0x45 => 0,
        0x50..=0x56 => 1,
        0x60 | 0x61 => 2,
        0x70..=0x74 => 4,
        0x80..=0x84 => 8,
        0x94 | 0x98 => 16,
        0xa0 | 0xa1 | 0xa3 | 0xc0 | 0xc1 | 0xe0 => 1 + number(body, 1)?,
        0xb0 | 0xb1 | 0xb3 | 0xd0 | 0xd1 | 0xf0 => 4 + number(body, 4)?,
        _ => return Err(Malformed),
    })
}

/// An unsigned number in network order.
fn number(bytes: &[u8], width: usize) -> Result<usize, Malformed> {
    let bytes = bytes.get(..width).ok_or(Malformed)?;
    Ok(bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_amqp::Value;

    #[test]
    fn a_list_is_as_long_as_it_says() {
        let bytes = [0xc0, 3, 2, 0x40, 0x41, 0xff];
        assert_eq!((skip(&bytes), check(&bytes)), (Ok(5), Ok(5)));
    }

    #[test]
    fn a_described_value_includes_its_descriptor() {
        assert_eq!(check(&[0, 0x53, 0x24, 0x45]), Ok(4));
    }

    #[test]
    fn nesting_is_bounded() {
        let mut bytes = vec![0x45];
        for _ in 0..60 {
            let size = u8::try_from(bytes.len() + 1).unwrap();
            bytes = [vec![0xc0, size, 1], bytes].concat();
        }
        assert_eq!(check(&bytes), Err(Malformed));
        assert_eq!(check(&vec![0; 1_000_000]), Err(Malformed));
    }

    #[test]
    fn a_count_beyond_the_bytes_is_refused() {
        assert_eq!(check(&[0xd0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff]), Err(Malformed));
        assert_eq!(check(&[0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(length) = check(&bytes) {
                prop_assert!(length <= bytes.len());
                prop_assert_eq!(skip(&bytes), Ok(length));
                let _ = serde_amqp::from_slice::<Value>(&bytes[..length]);
            }
        }
    }
}
