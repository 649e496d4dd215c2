//! How the broker is stored: every entity by a number of its own, and under it what it holds.
//!
//! | table | key | row |
//! |---|---|---|
//! | entities | number | what it is, and how it behaves; a topic's subscriptions and their rules |
//! | counts | number | the last sequence number, and what its door has counted |
//! | messages, entries | number, sequence | a message as it was sent; what has become of it |
//! | scheduled | number, sequence | a message that is due later |
//! | sessions | number, session id | the session's state |
//! | seen | number, message id | until when the id counts as a duplicate |
//!
//! Queues, schedules and duplicates note what is touched; [`Broker::take_changes`] looks up what
//! has become of it. Who holds a session, who waits, and the end of a lock are not stored: after a
//! restart nobody holds anything, and a delivery that was not settled has failed.

mod load;
mod provision;
mod rows;

pub(super) use rows::{MessageRow, from_nanos, nanos};

use super::{Broker, Intake, QueueId, Store, Target, Topic, schedule::Schedule};
use crate::store::{Change, Table, encode, key};
use rows::{AboutRow, CountsRow, EntityRow, SubscriptionRow, encode_scheduled};
use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

/// What was touched, with what is to be known of it; nothing unless somebody asks.
#[derive(Debug)]
pub(super) struct Touched<K, V>(Option<BTreeMap<K, V>>);

/// What the journal was last told of an entity.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The entity's number in the store.
    number: u32,
    counts: Option<CountsRow>,
}

/// What the broker notes for the journal.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    is_on: bool,
    /// Entities whose definition is to be stored anew.
    defined: BTreeSet<Target>,
    /// Entities that are gone.
    removed: BTreeSet<u32>,
    /// What configurations have named, if that is news.
    named: Option<BTreeSet<String>>,
    last_number: u32,
    last_lock: u64,
}

/// The name of the number of locks given.
const LOCKS: &str = "servicebus.locks";

impl<K: Ord + Clone, V> Touched<K, V> {
    /// Notes from now on what is touched.
    pub(super) fn record(&mut self) {
        self.0.get_or_insert_default();
    }

    /// Notes that `key` was touched; this is what is to be known.
    pub(super) fn note(&mut self, key: &K, what: V) {
        if let Some(touched) = &mut self.0 {
            touched.insert(key.clone(), what);
        }
    }

    /// The same, unless something is noted of it already.
    pub(super) fn add(&mut self, key: &K, what: V) {
        if let Some(touched) = &mut self.0 {
            touched.entry(key.clone()).or_insert(what);
        }
    }

    /// What was touched since the last call.
    pub(super) fn take(&mut self) -> BTreeMap<K, V> {
        self.0.as_mut().map(mem::take).unwrap_or_default()
    }
}

impl<K, V> Default for Touched<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl Broker {
    /// Notes from now on what changes, beginning with everything that is there.
    pub(crate) fn record(&mut self) {
        self.recorder.is_on = true;
        for at in 0..self.queues.len() {
            self.define(Target::Queue(QueueId(at)));
        }
        for at in 0..self.topics.len() {
            self.define(Target::Topic(super::TopicId(at)));
        }
    }

    /// Notes that an entity is new, or is defined in another way than before.
    ///
    /// Whatever adds an entity or changes its settings, rules or subscriptions calls this. For a
    /// subscription, call it for its queue and for its topic.
    pub(super) fn define(&mut self, target: Target) {
        let Recorder { is_on, defined, last_number, .. } = &mut self.recorder;
        if !*is_on {
            return;
        }
        let told = match target {
            Target::Queue(id) => self.queues.get_mut(id.0).map(|store| {
                store.queue.record();
                store.intake.record();
                &mut store.told
            }),
            Target::Topic(id) => self.topics.get_mut(id.0).map(|topic| {
                topic.schedule.touched().record();
                topic.intake.record();
                &mut topic.told
            }),
        };
        if let Some(told) = told {
            if told.number == 0 {
                *last_number += 1;
                told.number = *last_number;
            }
            defined.insert(target);
        }
    }

    /// Notes that an entity is gone, with all that it held.
    pub(super) fn undefine(&mut self, target: Target) {
        let told = match target {
            Target::Queue(id) => self.queues.get_mut(id.0).map(|store| &mut store.told),
            Target::Topic(id) => self.topics.get_mut(id.0).map(|topic| &mut topic.told),
        };
        let number = told.map_or(0, |told| mem::take(told).number);
        self.recorder.defined.remove(&target);
        self.recorder.removed.extend((0 < number).then_some(number));
    }

    /// Notes that the rules of a subscription have changed.
    pub(super) fn define_rules(&mut self, queue: QueueId) {
        let has = |topic: &Topic| topic.subscriptions.iter().any(|it| it.queue == queue);
        if let Some(at) = self.topics.iter().position(has) {
            self.define(Target::Topic(super::TopicId(at)));
        }
    }

    /// What has changed since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        if !self.recorder.is_on {
            return Vec::new();
        }
        let mut changes = Vec::new();
        for number in mem::take(&mut self.recorder.removed) {
            changes.extend(removal(number));
        }
        for target in mem::take(&mut self.recorder.defined) {
            changes.extend(self.definition(target));
        }
        let queues = self.queues.iter_mut().filter(|store| 0 < store.told.number);
        for Store { queue, intake, told, .. } in queues {
            queue.take_changes(told.number, &mut changes);
            scheduled_changes(told.number, &mut queue.schedule, &mut changes);
            told.intake_changes(intake, queue.last_sequence(), &mut changes);
        }
        for topic in self.topics.iter_mut().filter(|topic| 0 < topic.told.number) {
            scheduled_changes(topic.told.number, &mut topic.schedule, &mut changes);
            topic.told.intake_changes(&mut topic.intake, topic.last_sequence, &mut changes);
        }
        if let Some(named) = self.recorder.named.take() {
            let key = provision::NAMED.as_bytes().to_vec();
            changes.push(Change::Put(Table::Meta, key, encode(&named)));
        }
        if self.recorder.last_lock != self.last_lock {
            self.recorder.last_lock = self.last_lock;
            let locks = encode(&self.last_lock);
            changes.push(Change::Put(Table::Meta, LOCKS.as_bytes().to_vec(), locks));
        }
        changes
    }

    /// Tells everything anew.
    #[cfg(test)]
    pub(super) fn retell(&mut self) -> Vec<Change> {
        self.record();
        self.recorder.last_lock = 0;
        for store in &mut self.queues {
            store.queue.retell();
            store.told.counts = None;
            store.intake.retell();
        }
        for topic in &mut self.topics {
            topic.schedule.retell();
            topic.told.counts = None;
            topic.intake.retell();
        }
        self.take_changes()
    }

    /// The definition of an entity as it is now.
    fn definition(&self, target: Target) -> Option<Change> {
        let (number, row) = match target {
            Target::Queue(id) => {
                let store = self.queues.get(id.0)?;
                let Store { queue, intake, told, .. } = store;
                let dead = store.dead_letters.and_then(|id| self.queues.get(id.0));
                let dead = dead.map(|store| store.told.number);
                (
                    told.number,
                    EntityRow::of_queue(
                        queue,
                        intake.window(),
                        dead,
                        (store.own_life, &store.about),
                    ),
                )
            }
            Target::Topic(id) => {
                let topic = self.topics.get(id.0)?;
                let row = EntityRow::Topic {
                    name: topic.name.to_string(),
                    duplicates: topic.intake.window(),
                    time_to_live: topic.time_to_live,
                    about: AboutRow::of(&topic.about),
                    subscriptions: self.subscription_rows(topic),
                };
                (topic.told.number, row)
            }
        };
        Some(Change::Put(Table::Entities, key::one(number), encode(&row)))
    }

    fn subscription_rows(&self, topic: &Topic) -> Vec<SubscriptionRow> {
        let rows = topic.subscriptions.iter().filter_map(|it| {
            let queue = self.queues.get(it.queue.0)?.told.number;
            Some(SubscriptionRow::of(&it.name, queue, &it.rules))
        });
        rows.collect()
    }
}

impl Told {
    /// Adds what an entity's door has counted and seen since the last call.
    fn intake_changes(
        &mut self,
        intake: &mut Intake,
        last_sequence: i64,
        changes: &mut Vec<Change>,
    ) {
        let seen = intake.duplicates.as_mut().map(|it| it.touched().take()).unwrap_or_default();
        for (id, until) in seen {
            let at = key::named(self.number, &id);
            changes.push(match until {
                Some(until) => Change::Put(Table::Seen, at, encode(&nanos(until))),
                None => Change::Delete(Table::Seen, at),
            });
        }
        let Intake { duplicates: _, accepted, duplicates_dropped } = *intake;
        let counts = CountsRow { last_sequence, accepted, duplicates_dropped };
        if self.counts != Some(counts) {
            self.counts = Some(counts);
            changes.push(Change::Put(Table::Counts, key::one(self.number), encode(&counts)));
        }
    }
}

impl Intake {
    fn record(&mut self) {
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.touched().record();
        }
    }

    #[cfg(test)]
    fn retell(&mut self) {
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.retell();
        }
    }

    /// The window of duplicate detection, if there is one.
    fn window(&self) -> Option<std::time::Duration> {
        self.duplicates.as_ref().map(super::Duplicates::window)
    }
}

/// Adds what has come to a schedule or gone since the last call.
fn scheduled_changes(number: u32, schedule: &mut Schedule, changes: &mut Vec<Change>) {
    for (sequence, ()) in schedule.touched().take() {
        let at = key::two(number, sequence.cast_unsigned());
        changes.push(match schedule.get(sequence) {
            Some(scheduled) => Change::Put(Table::Scheduled, at, encode_scheduled(scheduled)),
            None => Change::Delete(Table::Scheduled, at),
        });
    }
}

/// Everything of an entity that is removed.
fn removal(number: u32) -> [Change; 7] {
    let key = key::one(number);
    let clear = |table| Change::Clear(table, key.clone());
    [
        Change::Delete(Table::Entities, key.clone()),
        Change::Delete(Table::Counts, key.clone()),
        clear(Table::Messages),
        clear(Table::Entries),
        clear(Table::Scheduled),
        clear(Table::Sessions),
        clear(Table::Seen),
    ]
}
