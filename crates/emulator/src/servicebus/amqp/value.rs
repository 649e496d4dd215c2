//! Reading and writing whole AMQP values: the rare frames, management bodies, outcomes.
//!
//! Lists are written in full length, trailing nulls included: `azure-servicebus` up to 7.14
//! indexes into them and fails on shorter ones.

use super::{
    condition::{self, Problem},
    scan::{self, Malformed},
};
use bytes::{BufMut, BytesMut};
use serde_amqp::{
    Value,
    described::Described,
    descriptor::Descriptor,
    primitives::{OrderedMap, Symbol, Timestamp},
};

/// What stands for a field that a list leaves out.
pub(crate) static NULL: Value = Value::Null;

/// Decodes the value at the start of `bytes`; returns it with its length.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Value, usize), Malformed> {
    let length = scan::check(bytes)?;
    let value = bytes.get(..length).ok_or(Malformed)?;
    let value = serde_amqp::from_slice(value).map_err(|_| Malformed)?;
    Ok((value, length))
}

/// Appends `value`, encoded.
pub(crate) fn encode(value: &Value, into: &mut BytesMut) {
    // Writing a value into memory cannot fail; a null keeps the stream sound if it ever does.
    match serde_amqp::to_vec(value) {
        Ok(bytes) => into.put_slice(&bytes),
        Err(_) => into.put_u8(0x40),
    }
}

/// A list behind a numeric descriptor.
pub(crate) fn described(code: u64, fields: Vec<Value>) -> Value {
    let descriptor = Descriptor::Code(code);
    Value::Described(Box::new(Described { descriptor, value: Value::List(fields) }))
}

/// A string value.
pub(crate) fn string(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

/// A symbol value.
pub(crate) fn symbol(text: &str) -> Value {
    Value::Symbol(Symbol::from(text))
}

/// An instant, as AMQP counts it.
pub(crate) fn timestamp(instant: jiff::Timestamp) -> Value {
    Value::Timestamp(Timestamp::from_milliseconds(instant.as_millisecond()))
}

/// A map from its pairs.
pub(crate) fn map(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::Map(pairs.into_iter().collect::<OrderedMap<_, _>>())
}

/// A map with string keys.
pub(crate) fn named<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    map(pairs.into_iter().map(|(key, value)| (string(key), value)))
}

/// Field `index` of a list; null if the list is shorter.
pub(crate) fn at(fields: &[Value], index: usize) -> &Value {
    fields.get(index).unwrap_or(&NULL)
}

/// Field `index` of a list, an unsigned integer that must be there.
pub(crate) fn due(fields: &[Value], index: usize, what: &str) -> Result<u32, Problem> {
    uint_or_null(fields, index, what)?
        .ok_or_else(|| Problem::new(condition::DECODE, format!("The {what} is missing.")))
}

/// Field `index` of a list, an unsigned integer if it is there.
pub(crate) fn uint_or_null(
    fields: &[Value],
    index: usize,
    what: &str,
) -> Result<Option<u32>, Problem> {
    let field = at(fields, index);
    let number = field.uint();
    if number.is_none() && *field != Value::Null {
        let words = format!("The {what} is no unsigned integer.");
        return Err(Problem::new(condition::DECODE, words));
    }
    Ok(number)
}

/// Questions asked of a value whose type the peer chose.
pub(crate) trait Ask {
    /// The text of a string or symbol.
    fn text(&self) -> Option<&str>;
    /// Any integer that fits.
    fn integer(&self) -> Option<i64>;
    /// Any integer that fits 32 bits, unsigned.
    fn uint(&self) -> Option<u32>;
    /// A boolean.
    fn flag(&self) -> Option<bool>;
    /// The bytes of a binary.
    fn binary(&self) -> Option<&[u8]>;
    /// The instant of a timestamp.
    fn instant(&self) -> Option<jiff::Timestamp>;
    /// The bytes of a UUID.
    fn uuid(&self) -> Option<[u8; 16]>;
    /// The elements of a list or array.
    fn elements(&self) -> Option<&[Value]>;
    /// The entry of a map whose key is this string or symbol.
    fn entry(&self, key: &str) -> &Value;
    /// The map, if it is one.
    fn pairs(&self) -> Option<&OrderedMap<Value, Value>>;
    /// The value without its descriptor.
    fn bare(&self) -> &Value;
    /// The numeric descriptor.
    fn code(&self) -> Option<u64>;
}

#[expect(clippy::wildcard_enum_match_arm, reason = "each question is about a few of all types")]
impl Ask for Value {
    fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Symbol(symbol) => Some(symbol.as_str()),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match *self {
            Self::Ubyte(number) => Some(number.into()),
            Self::Ushort(number) => Some(number.into()),
            Self::Uint(number) => Some(number.into()),
            Self::Ulong(number) => i64::try_from(number).ok(),
            Self::Byte(number) => Some(number.into()),
            Self::Short(number) => Some(number.into()),
            Self::Int(number) => Some(number.into()),
            Self::Long(number) => Some(number),
            _ => None,
        }
    }

    fn uint(&self) -> Option<u32> {
        self.integer().and_then(|number| u32::try_from(number).ok())
    }

    fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    fn binary(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn instant(&self) -> Option<jiff::Timestamp> {
        match self {
            Self::Timestamp(at) => jiff::Timestamp::from_millisecond(at.milliseconds()).ok(),
            _ => None,
        }
    }

    fn uuid(&self) -> Option<[u8; 16]> {
        match self {
            Self::Uuid(uuid) => Some(*uuid.as_inner()),
            _ => None,
        }
    }

    fn elements(&self) -> Option<&[Value]> {
        match self {
            Self::List(elements) => Some(elements),
            Self::Array(elements) => Some(&elements.0),
            _ => None,
        }
    }

    fn entry(&self, key: &str) -> &Value {
        let Some(pairs) = self.pairs() else { return &NULL };
        pairs.iter().find(|(name, _)| name.text() == Some(key)).map_or(&NULL, |(_, value)| value)
    }

    fn pairs(&self) -> Option<&OrderedMap<Value, Value>> {
        match self {
            Self::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    fn bare(&self) -> &Value {
        match self {
            Self::Described(described) => &described.value,
            _ => self,
        }
    }

    fn code(&self) -> Option<u64> {
        match self {
            Self::Described(described) => match described.descriptor {
                Descriptor::Code(code) => Some(code),
                Descriptor::Name(_) => None,
            },
            _ => None,
        }
    }
}
