//! One transaction: operations on items of one partition key, under one LSN, all or none.

use super::charge;
use super::document::Document;
use super::item::{Item, Place, etag};
use super::operation::{Conditions, Done, Operation, Outcome, Refused};
use super::patch::Patch;
use super::range::Range;
use super::refusal::Refusal;
use super::rid::ContainerRid;
use super::shape::Shape;
use super::{document, epk::Epk, key::PartitionKey};
use bytes::Bytes;
use std::sync::Arc;

/// What numbers a container has given out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Items created.
    pub(super) items: u64,
    /// Writes done.
    pub(super) writes: u64,
}

/// What a transaction belongs to.
pub(super) struct Ground<'c> {
    /// The container's definition.
    pub(super) shape: &'c Shape,
    /// The container's resource id.
    pub(super) rid: ContainerRid,
    /// The container's counters.
    pub(super) counters: &'c mut Counters,
    /// The range that holds the key.
    pub(super) range: &'c mut Range,
}

/// An open transaction.
pub(super) struct Writer<'c> {
    ground: Ground<'c>,
    key: &'c PartitionKey,
    epk: Epk,
    key_text: Arc<str>,
    at: i64,
    lsn: u64,
    /// The counters as they were.
    before: Counters,
    undo: Vec<(Arc<Place>, Option<Item>)>,
}

impl<'c> Writer<'c> {
    /// Opens a transaction on the items of `key`, which lie at `epk`.
    pub(super) fn new(ground: Ground<'c>, key: &'c PartitionKey, epk: Epk, at: i64) -> Self {
        let (lsn, before) = (ground.range.lsn + 1, *ground.counters);
        Self { ground, key, epk, key_text: key.text().into(), at, lsn, before, undo: Vec::new() }
    }

    /// Does one operation; later ones see it.
    pub(super) fn apply(&mut self, operation: &Operation<'_>) -> Outcome {
        match operation {
            Operation::Create(document, conditions) => self.create(document, conditions),
            Operation::Upsert(document, conditions) => self.upsert(document, conditions),
            Operation::Replace(id, document, conditions) => self.replace(id, document, conditions),
            Operation::Patch(id, patch, conditions) => self.patch(id, patch, conditions),
            Operation::Delete(id, conditions) => self.delete(id, conditions),
            Operation::Read(id, conditions) => self.read(id, conditions),
        }
    }

    /// Removes whatever has this partition key.
    pub(super) fn delete_all(&mut self) {
        let range = &mut *self.ground.range;
        let own = range.of_key(&self.epk, &self.key_text);
        let places: Vec<_> = own.map(|placed| Arc::clone(&placed.place)).collect();
        for place in places {
            let before = range.put(&place, None);
            self.undo.push((place, before));
        }
    }

    /// Keeps what was done.
    pub(super) fn commit(self) {
        if !self.undo.is_empty() {
            self.ground.range.end_transaction((self.lsn, self.at), &self.undo);
        }
    }

    /// Takes back what was done.
    pub(super) fn roll_back(mut self) {
        while let Some((place, before)) = self.undo.pop() {
            self.ground.range.put(&place, before);
        }
        *self.ground.counters = self.before;
    }

    fn create(&mut self, document: &Document<'_>, conditions: &Conditions) -> Outcome {
        let place = self.place_of(document)?;
        if let Some(there) = self.ground.range.get(&place) {
            conditions.check_match(&there.etag())?;
            return Err(taken(&place).into());
        }
        self.store(&place, document, None)
    }

    fn upsert(&mut self, document: &Document<'_>, conditions: &Conditions) -> Outcome {
        let place = self.place_of(document)?;
        let there = self.ground.range.get(&place).map(|item| (item.number, item.etag()));
        let Some((number, etag)) = there else {
            if conditions.if_match.as_deref().is_some_and(|wanted| wanted != "*") {
                return Err(Refusal::Precondition("there is no item to match".to_owned()).into());
            }
            return self.store(&place, document, None);
        };
        conditions.check_match(&etag)?;
        if conditions.is_known(&etag) {
            return Err(Refusal::Precondition("the item matches If-None-Match".to_owned()).into());
        }
        self.store(&place, document, Some(number))
    }

    /// The document may have another id than the item: the item then goes by that one, if it is free.
    fn replace(&mut self, id: &str, document: &Document<'_>, conditions: &Conditions) -> Outcome {
        let place = self.place_of(document)?;
        let from = self.place(id);
        let item = self.existing(&from)?;
        conditions.check_match(&item.etag())?;
        let number = item.number;
        if from != place {
            if self.ground.range.get(&place).is_some() {
                return Err(taken(&place).into());
            }
            let before = self.ground.range.put(&from, None);
            self.undo.push((from, before));
        }
        self.store(&place, document, Some(number))
    }

    fn patch(&mut self, id: &str, patch: &Patch, conditions: &Conditions) -> Outcome {
        let place = self.place(id);
        let item = self.existing(&place)?;
        conditions.check_match(&item.etag())?;
        let (number, body) = (item.number, item.body.clone());
        if !patch.holds(&body)? {
            return Err(
                Refusal::Precondition("the patch condition does not hold".to_owned()).into()
            );
        }
        let mut document = Document::parse(&body)?;
        patch.apply(&mut document, &self.ground.shape.key)?;
        self.store(&place, &document, Some(number))
    }

    fn delete(&mut self, id: &str, conditions: &Conditions) -> Outcome {
        let place = self.place(id);
        let item = self.existing(&place)?;
        conditions.check_match(&item.etag())?;
        let charge = charge::create(item.body.len(), item.indexed);
        let before = self.ground.range.put(&place, None);
        self.undo.push((place, before));
        Ok(Done { status: 204, etag: None, body: None, item_lsn: self.lsn, charge })
    }

    fn read(&self, id: &str, conditions: &Conditions) -> Outcome {
        let place = self.place(id);
        let item = self.existing(&place)?;
        let etag = item.etag();
        let known = conditions.is_known(&etag);
        Ok(Done {
            status: if known { 304 } else { 200 },
            body: (!known).then(|| item.body.clone()),
            item_lsn: item.change.0,
            charge: charge::read(item.body.len()),
            etag: Some(etag),
        })
    }

    fn existing(&self, place: &Arc<Place>) -> Result<&Item, Refused> {
        let item = self.ground.range.get(place);
        item.ok_or_else(|| Refusal::NotFound(format!("an item with id '{}'", place.id)).into())
    }

    fn place(&self, id: &str) -> Arc<Place> {
        let (epk, key) = (self.epk.clone(), Arc::clone(&self.key_text));
        Arc::new(Place { epk, key, id: id.into() })
    }

    /// Where a document belongs, if it belongs to this transaction's partition key.
    fn place_of(&self, document: &Document<'_>) -> Result<Arc<Place>, Refusal> {
        let id = document.id()?;
        if self.ground.shape.key.of(document) != *self.key {
            return Err(Refusal::KeyMismatch);
        }
        Ok(self.place(&id))
    }

    /// Puts a document: a new item, or the next version of the one with this number.
    fn store(
        &mut self,
        place: &Arc<Place>,
        document: &Document<'_>,
        number: Option<u64>,
    ) -> Outcome {
        let item = self.item(document, number)?;
        let (charge, status) = match number {
            Some(_) => (charge::replace(item.body.len(), item.indexed), 200),
            None => (charge::create(item.body.len(), item.indexed), 201),
        };
        let done = Done {
            status,
            etag: Some(item.etag()),
            body: Some(item.body.clone()),
            item_lsn: self.lsn,
            charge,
        };
        let range = &mut *self.ground.range;
        let own = range.get(place).map_or(&[][..], |item| &item.uniques);
        let others = item.uniques.iter().filter(|unique| !own.contains(unique));
        if others.into_iter().any(|unique| range.is_taken(&place.key, unique)) {
            return Err(Refusal::Conflict(
                "another item of the partition key has the same unique key".to_owned(),
            )
            .into());
        }
        let before = range.put(place, Some(item));
        self.undo.push((Arc::clone(place), before));
        Ok(done)
    }

    fn item(&mut self, document: &Document<'_>, number: Option<u64>) -> Result<Item, Refusal> {
        let Ground { shape, rid, counters, .. } = &mut self.ground;
        let expires = shape.expiry(document, self.at)?;
        counters.writes += 1;
        let number = number.unwrap_or_else(|| {
            counters.items += 1;
            counters.items
        });
        let body = document.render(&system(*rid, number, counters.writes, self.at));
        if document::BYTES_MAX < body.len() {
            return Err(Refusal::TooLarge(format!(
                "the item has {} bytes, and at most {} are taken",
                body.len(),
                document::BYTES_MAX
            )));
        }
        let uniques = shape.uniques(document).into_iter().map(String::into_boxed_str).collect();
        let turn = u32::try_from(self.undo.len()).unwrap_or(u32::MAX);
        Ok(Item {
            number,
            version: counters.writes,
            at: self.at,
            change: (self.lsn, turn),
            expires,
            uniques,
            indexed: shape.indexing.indexed(document),
            body: Bytes::from(body),
        })
    }
}

fn taken(place: &Place) -> Refusal {
    Refusal::Conflict(format!("an item with id '{}' exists already", place.id))
}

/// The properties that the service sets.
fn system(rid: ContainerRid, number: u64, version: u64, at: i64) -> String {
    let own = rid.document(number);
    let link = rid.link();
    let etag = etag(version, at);
    let etag = etag.trim_matches('"');
    format!(
        r#""_rid":"{own}","_self":"{link}docs/{own}/","_etag":"\"{etag}\"","_attachments":"attachments/","_ts":{at}"#
    )
}
