//! Rows as they are stored: keys that sort like their numbers, values in postcard's form.

use super::journal::Table;
use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// All tables have this form.
pub(super) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// A row, or a whole table, that does not read as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRow(pub(crate) String);

/// Everything that was stored when the emulator started.
pub(crate) struct Rows(Option<ReadTransaction>);

impl Rows {
    /// What `database` holds.
    pub(super) fn of(database: &Database) -> Result<Self, BadRow> {
        Ok(Self(Some(database.begin_read().map_err(BadRow::because)?)))
    }

    /// Hands over the rows of a table, in the order of their keys, each with the numbers that its
    /// key begins with and the text behind them.
    ///
    /// # Errors
    /// If a row does not read, or `take` does not understand it.
    pub(crate) fn each(
        &self,
        table: Table,
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), BadRow>,
    ) -> Result<(), BadRow> {
        let Some(transaction) = &self.0 else { return Ok(()) };
        let rows = match transaction.open_table(definition(table)) {
            Ok(rows) => rows,
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(BadRow::because(error)),
        };
        for row in rows.iter().map_err(BadRow::because)? {
            let (key, value) = row.map_err(BadRow::because)?;
            take(key.value(), value.value())?;
        }
        Ok(())
    }

    /// A single value, if it was ever stored.
    ///
    /// # Errors
    /// If it does not read.
    pub(crate) fn meta<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, BadRow> {
        let mut found = None;
        self.each(Table::Meta, |key, value| {
            if key == name.as_bytes() {
                found = Some(decode(value)?);
            }
            Ok(())
        })?;
        Ok(found)
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
    }
}

impl BadRow {
    fn because(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// The definition of a table.
pub(super) const fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

/// A value as it is stored.
pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    // What is stored are numbers, texts, bytes and lists of them: none of them fails to encode.
    postcard::to_stdvec(value).unwrap_or_default()
}

/// A value that was stored.
///
/// # Errors
/// If the bytes are not such a value.
pub(crate) fn decode<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, BadRow> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(BadRow::because)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(BadRow("a row has bytes behind its end".to_owned()))
    }
}

/// A value with bytes behind it, as it is stored.
pub(crate) fn encode_with(value: &impl Serialize, bytes: &[u8]) -> Vec<u8> {
    let mut row = encode(value);
    row.extend_from_slice(bytes);
    row
}

/// A value that was stored with bytes behind it.
///
/// # Errors
/// If it does not begin with such a value.
pub(crate) fn decode_with<'a, T: serde::Deserialize<'a>>(
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), BadRow> {
    postcard::take_from_bytes(bytes).map_err(BadRow::because)
}

/// Keys: numbers of fixed width, so that they sort as bytes, and texts behind them.
pub(crate) mod key {
    use super::BadRow;

    /// The key of something with a number.
    pub(crate) fn one(number: u32) -> Vec<u8> {
        number.to_be_bytes().to_vec()
    }

    /// The key of something with a number in something with a number.
    pub(crate) fn two(owner: u32, number: u64) -> Vec<u8> {
        [&owner.to_be_bytes()[..], &number.to_be_bytes()].concat()
    }

    /// The key of something with a name in something with a number.
    pub(crate) fn named(owner: u32, name: &str) -> Vec<u8> {
        [&owner.to_be_bytes()[..], name.as_bytes()].concat()
    }

    /// Reads the key of something with a number.
    pub(crate) fn read_one(key: &[u8]) -> Result<u32, BadRow> {
        let bytes = key.try_into().map_err(|_| bad())?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// Reads the key of something with a number in something with a number.
    pub(crate) fn read_two(key: &[u8]) -> Result<(u32, u64), BadRow> {
        let (owner, number) = key.split_first_chunk().ok_or_else(bad)?;
        let number = number.try_into().map_err(|_| bad())?;
        Ok((u32::from_be_bytes(*owner), u64::from_be_bytes(number)))
    }

    /// Reads the key of something with a name in something with a number.
    pub(crate) fn read_named(key: &[u8]) -> Result<(u32, &str), BadRow> {
        let (owner, name) = key.split_first_chunk().ok_or_else(bad)?;
        let name = std::str::from_utf8(name).map_err(|_| bad())?;
        Ok((u32::from_be_bytes(*owner), name))
    }

    fn bad() -> BadRow {
        BadRow("a key has another form than its table's".to_owned())
    }
}
