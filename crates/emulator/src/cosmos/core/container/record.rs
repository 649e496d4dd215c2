//! How a container is stored: what has changed since it was last said, and the way back.
//!
//! | table | key | row |
//! |---|---|---|
//! | containers | number | definition, offer, ranges |
//! | positions | number, range | the range's LSN, the counters at that time, where its history begins |
//! | history | number, range, LSN, turn | one change, for all versions and deletes |
//! | items | number, item | where it lies, its versions, its body |
//!
//! Nothing says what a step has changed: ranges note which items were put or removed, and the rest
//! is compared with what was last stored.

use super::{Container, Counters, Range};
use crate::{
    cosmos::core::{
        epk::Epk,
        history::{self, ChangeId, History, HistoryRow, Restored},
        item::{Item, Place},
        meter::Meter,
        rid::{ContainerRid, DatabaseRid},
        shape::Shape,
        split::Splitting,
        throughput::Throughput,
    },
    store::{BadRow, Change, Journal, Table, decode, decode_with, encode, encode_with, key},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

/// What the journal was last told.
#[derive(Debug, Default)]
pub(super) struct Stored {
    journal: Journal,
    /// The definition's version, how many ranges were made, the offer, the split under way.
    definition: Option<(u64, u32, Option<Throughput>, Option<Splitting>)>,
    /// Each range with its LSN and the version of its history.
    lsns: Vec<(u32, u64, u64)>,
    /// Items touched in ranges that are gone.
    pub(super) moved: BTreeSet<u64>,
    /// Changes of the history that came or went in ranges that are gone.
    pub(super) moved_history: BTreeSet<ChangeId>,
}

#[derive(Serialize, Deserialize)]
struct ContainerRow {
    database: u32,
    definition: String,
    changed: i64,
    version: u64,
    /// `null` if it shares its database's.
    offer: String,
    ranges_made: u32,
    ranges: Vec<RangeRow>,
    /// A split under way: of which range, and until when.
    splitting: Option<(u32, i64)>,
}

#[derive(Serialize, Deserialize)]
struct RangeRow {
    id: u32,
    low: Vec<u8>,
    high: Vec<u8>,
    axis: (u64, u64),
    parents: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct PositionRow {
    lsn: u64,
    items: u64,
    writes: u64,
    history: Option<HistoryRow>,
}

/// The item's body stands behind it.
#[derive(Serialize, Deserialize)]
struct ItemRow<'a> {
    epk: Vec<u8>,
    key: &'a str,
    id: &'a str,
    version: u64,
    at: i64,
    change: (u64, u32),
    expires: Option<i64>,
    #[serde(borrow)]
    uniques: Vec<&'a str>,
    indexed: u32,
}

impl Container {
    /// From now on the journal is told of everything.
    pub(crate) fn keep_in(&mut self, journal: &Journal) {
        if journal.is_on() {
            self.stored.journal = journal.clone();
            self.record();
            self.append();
        }
    }

    /// The container is removed: nothing of it is stored any more.
    pub(crate) fn forget(&mut self) {
        self.stored.journal = Journal::default();
    }

    /// Tells the journal what has changed since the last call, as one unit.
    pub(crate) fn append(&mut self) {
        if self.stored.journal.is_on() {
            let changes = self.take_changes();
            self.stored.journal.append(changes);
        }
    }

    /// Lets all ranges note what is touched.
    pub(in crate::cosmos::core) fn record(&mut self) {
        if self.stored.journal.is_on() {
            self.ranges.iter_mut().for_each(Range::record);
        }
    }

    /// Notes items that are to be stored anew.
    pub(in crate::cosmos::core) fn touch(&mut self, items: impl IntoIterator<Item = u64>) {
        self.stored.moved.extend(items);
    }

    /// Lets the ranges note what is touched, without a journal.
    #[cfg(test)]
    pub(in crate::cosmos::core) fn record_for_test(&mut self) {
        self.stored.journal = Journal::on();
        self.record();
    }

    /// Tells everything anew.
    #[cfg(test)]
    pub(in crate::cosmos::core) fn retell(&mut self) -> Vec<Change> {
        let items = self.ranges.iter().flat_map(|range| range.scan(0));
        self.stored.moved = items.map(|(_, item)| item.number).collect();
        self.stored.definition = None;
        self.stored.lsns.clear();
        let histories = self.ranges.iter_mut().filter_map(|range| range.history.as_mut());
        self.stored.moved_history = histories.flat_map(History::retell).collect();
        self.take_changes()
    }

    /// What has changed since the last call.
    pub(in crate::cosmos::core) fn take_changes(&mut self) -> Vec<Change> {
        let number = self.rid.number;
        let mut changes = Vec::new();
        for range in &mut self.ranges {
            let touched = range.take_touched();
            changes.extend(touched.into_iter().map(|item| item_change(number, range, item)));
        }
        for item in std::mem::take(&mut self.stored.moved) {
            let mut there = self.ranges.iter().filter(|range| range.numbered(item).is_some());
            let range = there.next().or(self.ranges.first());
            changes.extend(range.map(|range| item_change(number, range, item)));
        }
        self.history_changes(&mut changes);
        self.position_changes(&mut changes);
        let known = self.stored.definition.as_ref();
        let is_known = known.is_some_and(|(version, ranges_made, offer, splitting)| {
            (*version, *ranges_made, offer, splitting)
                == (self.version, self.ranges_made, &self.throughput, &self.splitting)
        });
        if !is_known {
            let row = encode(&self.to_row());
            changes.push(Change::Put(Table::Containers, key::one(number), row));
            let (version, ranges_made) = (self.version, self.ranges_made);
            self.stored.definition =
                Some((version, ranges_made, self.throughput.clone(), self.splitting));
        }
        changes
    }

    /// Adds where the ranges stand, as far as it is news.
    fn position_changes(&mut self, changes: &mut Vec<Change>) {
        let now = || self.ranges.iter().map(position);
        if now().eq(self.stored.lsns.iter().copied()) {
            return;
        }
        let Counters { items, writes } = self.counters;
        let at = |range: u32| key::two(self.rid.number, range.into());
        let before = std::mem::replace(&mut self.stored.lsns, now().collect());
        let gone = before.iter().filter(|(id, ..)| self.ranges.iter().all(|it| it.id != *id));
        changes.extend(gone.map(|(range, ..)| Change::Delete(Table::Positions, at(*range))));
        for range in self.ranges.iter().filter(|range| !before.contains(&position(range))) {
            let history = range.history.as_ref().map(History::to_row);
            let row = encode(&PositionRow { lsn: range.lsn, items, writes, history });
            changes.push(Change::Put(Table::Positions, at(range.id), row));
        }
    }

    /// Adds what has come to the histories and what has gone.
    fn history_changes(&mut self, changes: &mut Vec<Change>) {
        let mut touched = std::mem::take(&mut self.stored.moved_history);
        let histories = || self.ranges.iter().filter_map(|range| range.history.as_ref());
        let number = self.rid.number;
        changes.extend(std::mem::take(&mut touched).into_iter().map(|id| {
            history::change(number, id, histories().find_map(|history| history.change(id)))
        }));
        for history in self.ranges.iter_mut().filter_map(|range| range.history.as_mut()) {
            let touched = history.take_touched().into_iter();
            changes.extend(touched.map(|id| history::change(number, id, history.change(id))));
        }
    }

    fn to_row(&self) -> ContainerRow {
        let ranges = self.ranges.iter().map(|range| RangeRow {
            id: range.id,
            low: range.low.bytes().to_vec(),
            high: range.high.bytes().to_vec(),
            axis: range.axis,
            parents: range.parents.clone(),
        });
        ContainerRow {
            database: self.rid.database.0,
            definition: Value::Object(self.shape.echo()).to_string(),
            changed: self.changed,
            version: self.version,
            offer: json!(self.throughput.as_ref().map(Throughput::content)).to_string(),
            ranges_made: self.ranges_made,
            ranges: ranges.collect(),
            splitting: self.splitting.map(Splitting::to_row),
        }
    }

    /// A container as it was stored, without its items and positions.
    pub(in crate::cosmos::core) fn from_row(number: u32, row: &[u8]) -> Result<Self, BadRow> {
        let ContainerRow {
            database,
            definition,
            changed,
            version,
            offer,
            ranges_made,
            ranges,
            splitting,
        } = decode(row)?;
        let bad = |error: &dyn std::fmt::Display| BadRow(format!("container {number}: {error}"));
        let definition = serde_json::from_str(&definition).map_err(|error| bad(&error))?;
        let offer: Option<Value> = serde_json::from_str(&offer).map_err(|error| bad(&error))?;
        let throughput = offer.as_ref().map(Throughput::of_offer).transpose();
        let ranges = ranges.into_iter().map(|RangeRow { id, low, high, axis, parents }| {
            let (low, high) = (Epk::from_bytes(&low), Epk::from_bytes(&high));
            let mut range = Range::new(id, low, high, axis);
            range.parents = parents;
            range
        });
        Ok(Self {
            shape: Shape::parse(definition).map_err(|error| bad(&error))?,
            rid: ContainerRid { database: DatabaseRid(database), number },
            changed,
            version,
            counters: Counters::default(),
            ranges: ranges.collect(),
            ranges_made,
            splitting: splitting.map(Splitting::from_row),
            meter: Meter::default(),
            throughput: throughput.map_err(|error| bad(&error))?,
            stored: Stored::default(),
        })
    }

    /// Sets where a range stands.
    pub(in crate::cosmos::core) fn restore_position(
        &mut self,
        id: u64,
        row: &[u8],
    ) -> Result<(), BadRow> {
        let PositionRow { lsn, items, writes, history } = decode(row)?;
        let Counters { items: items_before, writes: writes_before } = self.counters;
        self.counters =
            Counters { items: items.max(items_before), writes: writes.max(writes_before) };
        let range = self.ranges.iter_mut().find(|range| u64::from(range.id) == id);
        let range = range.ok_or_else(|| BadRow(format!("there is no range {id}")))?;
        range.lsn = lsn;
        range.history = history.map(|row| History::from_row(range.id, row));
        Ok(())
    }

    /// Puts a change of the history back.
    pub(in crate::cosmos::core) fn restore_change(
        &mut self,
        key: &[u8],
        row: &[u8],
    ) -> Result<(), BadRow> {
        let change = Restored::read(key, row)?;
        let index = self.index_at(change.epk());
        let history = self.ranges.get_mut(index).and_then(|range| range.history.as_mut());
        let missing = || BadRow("a change is in the history of no range".to_owned());
        history.ok_or_else(missing)?.restore(change);
        Ok(())
    }

    /// Puts an item back.
    pub(in crate::cosmos::core) fn restore_item(
        &mut self,
        number: u64,
        row: &[u8],
    ) -> Result<(), BadRow> {
        let (row, body) = decode_with(row)?;
        let ItemRow { epk, key, id, version, at, change, expires, uniques, indexed } = row;
        let place = Place { epk: Epk::from_bytes(&epk), key: key.into(), id: id.into() };
        let index = self.index_at(&place.epk);
        let range = self.ranges.get_mut(index);
        let range = range.ok_or_else(|| BadRow("an item lies in no range".to_owned()))?;
        let uniques = uniques.into_iter().map(Box::from).collect();
        let body = Bytes::copy_from_slice(body);
        let item = Item { number, version, at, change, expires, uniques, indexed, body };
        range.put(&Arc::new(place), Some(item));
        Ok(())
    }
}

/// Everything of a container that is removed.
pub(in crate::cosmos::core) fn removal(number: u32) -> [Change; 4] {
    let key = key::one(number);
    [
        Change::Delete(Table::Containers, key.clone()),
        Change::Clear(Table::Positions, key.clone()),
        Change::Clear(Table::History, key.clone()),
        Change::Clear(Table::Items, key),
    ]
}

/// Where a range stands, as far as it is compared.
fn position(range: &Range) -> (u32, u64, u64) {
    (range.id, range.lsn, range.history.as_ref().map_or(0, History::version))
}

/// What has become of an item.
fn item_change(container: u32, range: &Range, number: u64) -> Change {
    let at = key::two(container, number);
    let Some((place, item)) = range.numbered(number) else {
        return Change::Delete(Table::Items, at);
    };
    let Place { epk, key, id } = &**place;
    let Item { number: _, version, at: written, change, expires, uniques, indexed, body } = item;
    let row = ItemRow {
        epk: epk.bytes().to_vec(),
        key,
        id,
        version: *version,
        at: *written,
        change: *change,
        expires: *expires,
        uniques: uniques.iter().map(|unique| &**unique).collect(),
        indexed: *indexed,
    };
    Change::Put(Table::Items, at, encode_with(&row, body))
}
