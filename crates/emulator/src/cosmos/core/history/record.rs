//! How a history is stored: each change under the range that wrote it, and where knowledge begins.

use super::{Change, Deed, Floor, History};
use crate::{
    cosmos::core::{epk::Epk, item::Place},
    store::{self, BadRow, Table, decode_with, encode_with},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, mem, sync::Arc};

/// Names a change within its container: the range that wrote it, the transaction, its turn there.
pub(in crate::cosmos::core) type ChangeId = (u32, u64, u32);

/// How long changes are kept, and where knowledge of them begins.
#[derive(Serialize, Deserialize)]
pub(in crate::cosmos::core) struct HistoryRow {
    retention: i64,
    floors: Vec<(Vec<u8>, Vec<u8>, u64)>,
}

/// The document stands behind it.
#[derive(Serialize, Deserialize)]
struct ChangeRow<'a> {
    at: i64,
    epk: Vec<u8>,
    key: &'a str,
    id: &'a str,
    deed: DeedRow,
}

#[derive(Serialize, Deserialize)]
enum DeedRow {
    Created,
    Replaced(u64),
    Deleted(u64),
    Expired(u64),
}

impl History {
    /// Notes from now on which changes come and go, in the range of this number.
    pub(in crate::cosmos::core) fn record(&mut self) {
        self.touched.get_or_insert_default();
    }

    /// The changes that came or went since the last call.
    pub(in crate::cosmos::core) fn take_touched(&mut self) -> BTreeSet<ChangeId> {
        self.touched.as_mut().map(mem::take).unwrap_or_default()
    }

    /// Grows when retention or floors change.
    pub(in crate::cosmos::core) fn version(&self) -> u64 {
        self.version
    }

    /// Retention and floors as they are stored.
    pub(in crate::cosmos::core) fn to_row(&self) -> HistoryRow {
        let floor = |floor: &Floor| {
            let Floor { low, high, lsn } = floor;
            (low.bytes().to_vec(), high.bytes().to_vec(), *lsn)
        };
        HistoryRow { retention: self.retention, floors: self.floors.iter().map(floor).collect() }
    }

    /// A history as it was stored, without its changes.
    pub(in crate::cosmos::core) fn from_row(range: u32, row: HistoryRow) -> Self {
        let HistoryRow { retention, floors } = row;
        let floors = floors.into_iter().map(|(low, high, lsn)| Floor {
            low: Epk::from_bytes(&low),
            high: Epk::from_bytes(&high),
            lsn,
        });
        let mut history = Self::new(retention, (Epk::first(), Epk::end()), 0);
        history.floors = floors.collect();
        history.range = range;
        history
    }

    /// What has become of a change.
    pub(in crate::cosmos::core) fn change(&self, id: ChangeId) -> Option<Vec<u8>> {
        let first = self.changes.partition_point(|change| change.lsn < id.1);
        let change = self.changes.range(first..).find(|change| id == change.name())?;
        let Change { lsn: _, at, place, deed, body, origin: _ } = change;
        let Place { epk, key, id } = &**place;
        let deed = match *deed {
            Deed::Created => DeedRow::Created,
            Deed::Replaced(lsn) => DeedRow::Replaced(lsn),
            Deed::Deleted(lsn) => DeedRow::Deleted(lsn),
            Deed::Expired(lsn) => DeedRow::Expired(lsn),
        };
        let row = ChangeRow { at: *at, epk: epk.bytes().to_vec(), key, id, deed };
        Some(encode_with(&row, body))
    }

    /// Puts a change back; changes of a range come in order.
    pub(in crate::cosmos::core) fn restore(&mut self, change: Restored) {
        let Restored(change) = change;
        self.bytes += change.bytes();
        let behind = self.changes.partition_point(|known| known.lsn <= change.lsn);
        self.changes.insert(behind, change);
    }

    /// Tells everything anew.
    #[cfg(test)]
    pub(in crate::cosmos::core) fn retell(&mut self) -> BTreeSet<ChangeId> {
        self.changes.iter().map(Change::name).collect()
    }
}

/// A change that was stored.
pub(in crate::cosmos::core) struct Restored(Change);

impl Restored {
    /// Reads it.
    pub(in crate::cosmos::core) fn read(key: &[u8], row: &[u8]) -> Result<Self, BadRow> {
        let (range, lsn, turn) = read_key(key)?;
        let (ChangeRow { at, epk, key, id, deed }, body) = decode_with(row)?;
        let place = Place { epk: Epk::from_bytes(&epk), key: key.into(), id: id.into() };
        let deed = match deed {
            DeedRow::Created => Deed::Created,
            DeedRow::Replaced(lsn) => Deed::Replaced(lsn),
            DeedRow::Deleted(lsn) => Deed::Deleted(lsn),
            DeedRow::Expired(lsn) => Deed::Expired(lsn),
        };
        let (place, body) = (Arc::new(place), Bytes::copy_from_slice(body));
        Ok(Self(Change { lsn, at, place, deed, body, origin: (range, turn) }))
    }

    /// Where it lies.
    pub(in crate::cosmos::core) fn epk(&self) -> &Epk {
        &self.0.place.epk
    }
}

/// What the journal is told of a change.
pub(in crate::cosmos::core) fn change(
    container: u32,
    id: ChangeId,
    row: Option<Vec<u8>>,
) -> store::Change {
    let (range, lsn, turn) = id;
    let parts = [&range.to_be_bytes()[..], &lsn.to_be_bytes(), &turn.to_be_bytes()];
    let key = [&container.to_be_bytes()[..], &parts.concat()].concat();
    match row {
        Some(row) => store::Change::Put(Table::History, key, row),
        None => store::Change::Delete(Table::History, key),
    }
}

/// Reads what stands behind the container in a key.
fn read_key(key: &[u8]) -> Result<ChangeId, BadRow> {
    let bad = || BadRow("a change of the history has no such key".to_owned());
    let (range, rest) = key.split_first_chunk().ok_or_else(bad)?;
    let (lsn, rest) = rest.split_first_chunk().ok_or_else(bad)?;
    let turn = rest.try_into().map_err(|_| bad())?;
    Ok((u32::from_be_bytes(*range), u64::from_be_bytes(*lsn), u32::from_be_bytes(turn)))
}
