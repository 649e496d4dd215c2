//! A container: its definition, its ranges, and the way to the range that holds a key.

mod record;

pub(super) use record::removal;

use super::epk::Epk;
use super::history::{History, RETENTION_DEFAULT};
use super::index::Index;
use super::item::etag;
use super::key::PartitionKey;
use super::meter::Meter;
use super::operation::{Operation, Outcome};
use super::range::Range;
use super::refusal::Refusal;
use super::rid::ContainerRid;
use super::scope::Scope;
use super::session;
use super::shape::Shape;
use super::split::Splitting;
use super::throughput::Throughput;
use super::writer::{Counters, Ground, Writer};
use crate::cosmos::query::Requirement;
use serde_json::{Value, json};

/// A container of items.
#[derive(Debug)]
pub(crate) struct Container {
    shape: Shape,
    rid: ContainerRid,
    changed: i64,
    version: u64,
    counters: Counters,
    ranges: Vec<Range>,
    ranges_made: u32,
    pub(super) splitting: Option<Splitting>,
    /// What was asked of it.
    pub(crate) meter: Meter,
    /// What its offer says; it has none if it shares its database's.
    pub(crate) throughput: Option<Throughput>,
    stored: record::Stored,
}

/// Where a range stands: what answers say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The range's id.
    pub(crate) range: u32,
    /// Its last transaction.
    pub(crate) lsn: u64,
    /// The session token.
    pub(crate) session: String,
}

/// The width of the axis that splits divide: the hashes of 32 bits.
const AXIS: (u64, u64) = (0, 1 << 32);

impl Container {
    /// An empty container, of as many ranges as its throughput asks for.
    pub(crate) fn new(
        definition: Value,
        rid: ContainerRid,
        throughput: Option<Throughput>,
        at: i64,
    ) -> Result<Self, Refusal> {
        let shape = Shape::parse(definition)?;
        let count = throughput.as_ref().map_or(1, Throughput::ranges);
        let ranges = first_ranges(&shape, count);
        Ok(Self {
            shape,
            rid,
            changed: at,
            version: 1,
            counters: Counters::default(),
            ranges_made: ranges.last().map_or(0, |last| last.id + 1),
            ranges,
            splitting: None,
            meter: Meter::default(),
            throughput,
            stored: record::Stored::default(),
        })
    }

    /// Its definition, as it stands now.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Its resource id.
    pub(crate) fn rid(&self) -> ContainerRid {
        self.rid
    }

    /// The id of the item of this number.
    pub(crate) fn id_of(&self, number: u64) -> Option<String> {
        let mut found = self.ranges.iter().filter_map(|range| range.numbered(number));
        found.next().map(|(place, _)| place.id.to_string())
    }

    /// Takes a new definition; its TTL also counts for the items that are there.
    pub(crate) fn replace(&mut self, definition: Value, at: i64) -> Result<(), Refusal> {
        self.purge(at);
        self.shape = self.shape.replaced_by(definition)?;
        self.ranges.iter_mut().for_each(|range| range.set_expiries(&self.shape));
        self.ranges.iter_mut().for_each(Range::drop_index);
        if self.shape.retention.is_some() {
            self.keep_history(at);
        }
        self.version += 1;
        self.changed = at;
        Ok(())
    }

    /// Does one operation on an item of this partition key.
    pub(crate) fn perform(
        &mut self,
        key: &PartitionKey,
        operation: &Operation<'_>,
        at: i64,
    ) -> Outcome {
        let mut writer = self.writer(key, at)?;
        let outcome = writer.apply(operation);
        match outcome {
            Ok(_) => writer.commit(),
            Err(_) => writer.roll_back(),
        }
        outcome
    }

    /// Removes all items of a partition key, in one transaction.
    pub(crate) fn delete_key(&mut self, key: &PartitionKey, at: i64) -> Result<(), Refusal> {
        let mut writer = self.writer(key, at)?;
        writer.delete_all();
        writer.commit();
        Ok(())
    }

    /// Where the ranges of a scope stand; a session token of several is their tokens joined.
    pub(crate) fn stamp(&self, scope: &Scope) -> Result<Stamp, Refusal> {
        if let Scope::Key(key) = scope
            && self.shape.key.is_whole(key)
        {
            let range = self.range_of(key)?;
            return Ok(Stamp { range: range.id, lsn: range.lsn, session: session::token(range) });
        }
        let slices = self.slices(scope)?;
        let tokens = slices.iter().map(|slice| session::token(slice.range));
        let session = tokens.collect::<Vec<_>>().join(",");
        let first = slices.first().map_or((0, 0), |slice| (slice.range.id, slice.range.lsn));
        Ok(Stamp { range: first.0, lsn: first.1, session })
    }

    /// Refuses a session token that is ahead of what this scope holds.
    pub(crate) fn check_session(&self, scope: &Scope, token: &str) -> Result<(), Refusal> {
        let slices = self.slices(scope)?;
        slices.iter().try_for_each(|slice| session::check(slice.range, token))
    }

    /// Its `ETag`, in quotes.
    pub(crate) fn etag(&self) -> String {
        etag(self.version, self.changed)
    }

    /// The definition as `GET …/colls/{id}` answers it.
    pub(crate) fn describe(&self) -> Value {
        let mut echo = self.shape.echo();
        let system = [
            ("_rid", self.rid.text().into()),
            ("_ts", self.changed.into()),
            ("_self", self.rid.link().into()),
            ("_etag", self.etag().into()),
            ("_docs", "docs/".into()),
            ("_sprocs", "sprocs/".into()),
            ("_triggers", "triggers/".into()),
            ("_udfs", "udfs/".into()),
            ("_conflicts", "conflicts/".into()),
        ];
        echo.extend(system.into_iter().map(|(name, value): (_, Value)| (name.to_owned(), value)));
        Value::Object(echo)
    }

    /// The ranges as `GET …/pkranges` answers them, and the `ETag` of that answer.
    pub(crate) fn describe_ranges(&self) -> (Vec<Value>, String) {
        let ranges = self.ranges.iter().map(|range| {
            let own = self.rid.range(range.id);
            let parents: Vec<String> = range.parents.iter().map(u32::to_string).collect();
            json!({
                "_rid": own,
                "id": range.id.to_string(),
                "_etag": etag(u64::from(range.id) + 1, self.changed),
                "minInclusive": range.low.to_string(),
                "maxExclusive": range.high.to_string(),
                "ridPrefix": range.id,
                "_self": format!("{}pkranges/{own}/", self.rid.link()),
                "throughputFraction": 1,
                "status": "online",
                "parents": parents,
                "_ts": self.changed,
                "lsn": range.lsn,
            })
        });
        (ranges.collect(), format!("\"{}\"", self.ranges_made))
    }

    /// Ranges, counts and charges, for tests and the control port.
    pub(crate) fn state(&mut self, now: i64) -> Value {
        self.purge(now);
        let ranges = self.ranges.iter().map(|range| {
            json!({
                "id": range.id.to_string(),
                "minInclusive": range.low.to_string(),
                "maxExclusive": range.high.to_string(),
                "parents": range.parents.iter().map(u32::to_string).collect::<Vec<_>>(),
                "lsn": range.lsn,
                "items": range.len(),
            })
        });
        json!({
            "items": self.ranges.iter().map(Range::len).sum::<usize>(),
            "ranges": ranges.collect::<Vec<_>>(),
            "requests": self.meter.state(),
        })
    }

    /// Opens a transaction on the items of a partition key.
    pub(super) fn writer<'c>(
        &'c mut self,
        key: &'c PartitionKey,
        at: i64,
    ) -> Result<Writer<'c>, Refusal> {
        if !self.shape.key.is_whole(key) {
            return Err(Refusal::KeyMismatch);
        }
        let epk = self.shape.key.epk(key);
        let index = self.index_at(&epk);
        let Self { shape, rid, counters, ranges, splitting, .. } = self;
        let range = ranges.get_mut(index).ok_or_else(|| Refusal::RangeGone(epk.to_string()))?;
        Splitting::check(splitting.as_ref(), range)?;
        range.purge(at);
        Ok(Writer::new(Ground { shape, rid: *rid, counters, range }, key, epk, at))
    }

    /// The ranges, in the order of their intervals.
    pub(super) fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// The range of this id, unless it is gone.
    pub(super) fn range(&self, id: u32) -> Result<&Range, Refusal> {
        let range = self.ranges.iter().find(|range| range.id == id);
        let range = range.ok_or_else(|| Refusal::RangeGone(id.to_string()))?;
        Splitting::check(self.splitting.as_ref(), range).map(|()| range)
    }

    /// The range that holds a partition key.
    pub(super) fn range_of(&self, key: &PartitionKey) -> Result<&Range, Refusal> {
        self.range_at(&self.shape.key.epk(key))
    }

    /// The range that holds a point.
    pub(super) fn range_at(&self, epk: &Epk) -> Result<&Range, Refusal> {
        let range = self.ranges.get(self.index_at(epk));
        let range = range.ok_or_else(|| Refusal::RangeGone(epk.to_string()))?;
        Splitting::check(self.splitting.as_ref(), range).map(|()| range)
    }

    /// Removes what has expired.
    pub(super) fn purge(&mut self, now: i64) {
        self.ranges.iter_mut().for_each(|range| range.purge(now));
    }

    /// Indexes what these requirements ask for, where the policy includes it.
    pub(super) fn index_for(&mut self, wanted: &[Requirement]) {
        let Self { shape, ranges, .. } = self;
        let paths = wanted.iter().map(|requirement| &requirement.path);
        for path in paths.filter(|path| Index::may_hold(path) && shape.indexing.allows(path)) {
            for range in &mut *ranges {
                range.index_path(path);
            }
        }
    }

    /// Orders the items of a key that is a scope of its own.
    pub(super) fn order_for(&mut self, scope: &Scope) {
        let Scope::Key(key) = scope else { return };
        if self.shape.key.is_whole(key) {
            let epk = self.shape.key.epk(key);
            let at = self.index_at(&epk);
            if let Some(range) = self.ranges.get_mut(at) {
                range.order_key(&epk, &key.text().into());
            }
        }
    }

    /// Keeps from now on all versions and deletes, if it does not do so already.
    pub(super) fn keep_history(&mut self, now: i64) {
        let retention = self.shape.retention.unwrap_or(RETENTION_DEFAULT);
        self.ranges.iter_mut().for_each(|range| {
            range.keep_history(retention);
            range.purge(now);
        });
    }

    /// An id that no range had before.
    pub(super) fn new_range_id(&mut self) -> u32 {
        let id = self.ranges_made;
        self.ranges_made += 1;
        id
    }

    /// Takes a range out, to be replaced by its children.
    pub(super) fn take_range(&mut self, at: usize) -> Range {
        let mut range = self.ranges.remove(at);
        self.stored.moved.append(&mut range.take_touched());
        let history = range.history.as_mut().map(History::take_touched);
        self.stored.moved_history.extend(history.into_iter().flatten());
        range
    }

    /// Puts ranges in where others were taken out.
    pub(super) fn put_ranges(&mut self, ranges: impl IntoIterator<Item = Range>) {
        self.ranges.extend(ranges.into_iter().map(|mut range| {
            range.history.iter_mut().for_each(|history| history.range = range.id);
            range
        }));
        self.ranges.sort_by(|a, b| a.low.cmp(&b.low));
        self.record();
    }

    fn index_at(&self, epk: &Epk) -> usize {
        self.ranges.partition_point(|range| range.low <= *epk).saturating_sub(1)
    }
}

/// Ranges that divide the axis evenly.
fn first_ranges(shape: &Shape, count: u64) -> Vec<Range> {
    let (from, to) = AXIS;
    let border = |at: u64| from + (to - from) * at / count;
    let epk = |at: u64| match at {
        0 => Epk::first(),
        at if at == count => Epk::end(),
        at => Epk::on_axis(shape.key.version(), border(at)),
    };
    let ranges = (0..count).zip(0..).map(|(at, id)| {
        let axis = (border(at), border(at + 1));
        let mut range = Range::new(id, epk(at), epk(at + 1), axis);
        if let Some(retention) = shape.retention {
            range.keep_history(retention);
        }
        range
    });
    ranges.collect()
}
