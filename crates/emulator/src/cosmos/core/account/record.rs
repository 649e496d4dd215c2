//! How the account is stored: its databases, and how many numbers it has given out.

use super::{Account, Database, Shared};
use crate::{
    cosmos::core::{
        container::{Container, removal},
        rid::DatabaseRid,
        throughput::Throughput,
    },
    store::{BadRow, Change, Journal, Rows, Table, decode_with, encode, encode_with, key},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
};

/// The name of the count of numbers given out.
const MADE: &str = "cosmos.made";

/// The offer stands behind it, if there is one.
#[derive(Serialize, Deserialize)]
struct DatabaseRow {
    name: String,
    changed: i64,
}

impl Account {
    /// The account as it was stored; from now on the journal is told of everything.
    pub(crate) fn load(rows: &Rows, journal: &Journal) -> Result<Self, BadRow> {
        let made = rows.meta(MADE)?.unwrap_or(0);
        let mut databases = BTreeMap::new();
        rows.each(Table::Databases, |at, row| {
            let (DatabaseRow { name, changed }, offer) = decode_with(row)?;
            let number = key::read_one(at)?;
            let (rid, throughput) = (DatabaseRid(number), read_offer(offer)?);
            let database = Database { rid, changed, throughput, containers: BTreeMap::new() };
            databases.insert(number, (name, database));
            Ok(())
        })?;
        for mut container in containers(rows)?.into_values() {
            let owner = databases.get_mut(&container.rid().database.0);
            let (_, owner) =
                owner.ok_or_else(|| BadRow("a container is in no database".to_owned()))?;
            container.keep_in(journal);
            let id = container.shape().id.clone();
            owner.containers.insert(id, Arc::new(Mutex::new(container)));
        }
        let databases = databases.into_values().collect();
        Ok(Self { databases, made, journal: journal.clone() })
    }
}

/// All containers with their items.
fn containers(rows: &Rows) -> Result<BTreeMap<u32, Container>, BadRow> {
    let mut containers = BTreeMap::new();
    rows.each(Table::Containers, |at, row| {
        let number = key::read_one(at)?;
        containers.insert(number, Container::from_row(number, row)?);
        Ok(())
    })?;
    let missing = || BadRow("there are rows of no container".to_owned());
    rows.each(Table::Positions, |at, row| {
        let (container, range) = key::read_two(at)?;
        containers.get_mut(&container).ok_or_else(missing)?.restore_position(range, row)
    })?;
    rows.each(Table::History, |at, row| {
        let (container, change) = at.split_first_chunk().ok_or_else(missing)?;
        let container = containers.get_mut(&u32::from_be_bytes(*container));
        container.ok_or_else(missing)?.restore_change(change, row)
    })?;
    rows.each(Table::Items, |at, row| {
        let (container, number) = key::read_two(at)?;
        containers.get_mut(&container).ok_or_else(missing)?.restore_item(number, row)
    })?;
    Ok(containers)
}

fn read_offer(offer: &[u8]) -> Result<Option<Throughput>, BadRow> {
    if offer.is_empty() {
        return Ok(None);
    }
    let bad = |error: &dyn Display| BadRow(format!("the offer of a database: {error}"));
    let offer = serde_json::from_slice(offer).map_err(|error| bad(&error))?;
    Throughput::of_offer(&offer).map(Some).map_err(|error| bad(&error))
}

/// A database was made, or has another offer.
pub(super) fn made(name: &str, database: &Database, made: u32) -> [Change; 2] {
    let row = DatabaseRow { name: name.to_owned(), changed: database.changed };
    let offer = database.throughput.as_ref().map(|throughput| throughput.content().to_string());
    let row = encode_with(&row, offer.unwrap_or_default().as_bytes());
    let put = Change::Put(Table::Databases, key::one(database.rid.0), row);
    [put, count(made)]
}

/// A number was given out.
pub(super) fn count(made: u32) -> Change {
    Change::Put(Table::Meta, MADE.as_bytes().to_vec(), encode(&made))
}

/// A database was removed.
pub(super) fn removed_database(database: &Database) -> Change {
    Change::Delete(Table::Databases, key::one(database.rid.0))
}

/// A container was removed: whoever holds it still does so for nothing.
pub(super) fn removed(container: &Shared) -> [Change; 4] {
    let mut container = container.lock().unwrap_or_else(PoisonError::into_inner);
    container.forget();
    removal(container.rid().number)
}

/// A database as it is stored.
#[cfg(test)]
pub(in crate::cosmos::core) fn sample_database(
    name: &str,
    number: u32,
    throughput: Option<Throughput>,
) -> Vec<Change> {
    let rid = DatabaseRid(number);
    let database = Database { rid, changed: 0, throughput, containers: BTreeMap::new() };
    made(name, &database, number).to_vec()
}
