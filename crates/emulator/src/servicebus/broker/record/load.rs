//! The way back: the broker as it was stored.

use super::{
    LOCKS, Recorder, Told,
    rows::{CountsRow, EntityRow, MessageRow, SubscriptionRow, decode_scheduled, from_nanos},
};
use crate::{
    servicebus::{
        broker::{
            Broker, Intake, QueueId, Store, Target, TopicId,
            duplicates::Duplicates,
            queue::{Queue, RowOfEntry},
            schedule::Scheduled,
            topic::{Subscription, Topic},
        },
        message::Message,
    },
    store::{BadRow, Rows, Table, decode, key},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

/// The numbers of entities, and which they are.
type Numbers = BTreeMap<u32, Target>;

impl Broker {
    /// The broker as it was stored. Deliveries that were under way then have failed `now`.
    pub(crate) fn load(rows: &Rows, now: Timestamp) -> Result<Self, BadRow> {
        let last_lock = rows.meta(LOCKS)?.unwrap_or(0);
        let mut broker = Self { last_lock, ..Self::default() };
        let numbers = broker.load_entities(rows)?;
        broker.recorder = Recorder {
            last_number: numbers.last_key_value().map_or(0, |(number, _)| *number),
            last_lock,
            ..Recorder::default()
        };
        broker.load_counts(rows, &numbers)?;
        broker.load_doors(rows, &numbers)?;
        rows.each(Table::Sessions, |at, row| {
            let (number, session) = key::read_named(at)?;
            broker.stored_queue(&numbers, number)?.queue.restore_session(session, row)
        })?;
        let under_way = broker.load_messages(rows, &numbers)?;
        broker.record();
        for (id, sequence) in under_way {
            if let Some(store) = broker.queues.get_mut(id.0) {
                store.queue.end_delivery(sequence, now);
            }
        }
        let queues = (0..broker.queues.len()).map(|at| Target::Queue(QueueId(at)));
        let topics = (0..broker.topics.len()).map(|at| Target::Topic(TopicId(at)));
        for target in queues.chain(topics) {
            if broker.idle_end(target).is_some() {
                // Nobody could use it while it was not there.
                broker.used(target, now);
            }
            broker.arm(target, now);
        }
        Ok(broker)
    }

    /// Adds all entities, empty.
    fn load_entities(&mut self, rows: &Rows) -> Result<Numbers, BadRow> {
        let (mut numbers, mut dead_of, mut topics) = (Numbers::new(), Vec::new(), Vec::new());
        rows.each(Table::Entities, |at, row| {
            let number = key::read_one(at)?;
            match decode(row)? {
                EntityRow::Queue { name, settings, duplicates, dead, own_life, about } => {
                    let id = QueueId(self.queues.len());
                    let queue = Queue::new(&name, settings.into_settings());
                    let (intake, told) = (intake(duplicates), told(number));
                    let (dead_letters, alarm, about) = (None, None, about.into_about()?);
                    let store = Store { queue, dead_letters, intake, alarm, about, own_life, told };
                    self.queues.push(store);
                    numbers.insert(number, Target::Queue(id));
                    dead_of.extend(dead.map(|dead| (id, name, dead)));
                }
                EntityRow::Topic { name, duplicates, time_to_live, about, subscriptions } => {
                    let mut topic = Topic::new(&name, time_to_live, intake(duplicates));
                    (topic.told, topic.about) = (told(number), about.into_about()?);
                    topics.push((number, topic, subscriptions));
                }
            }
            Ok(())
        })?;
        for (id, name, dead) in dead_of {
            self.paths.insert(name.to_lowercase(), Target::Queue(id));
            let dead = queue_id(&numbers, dead)?;
            if let Some(store) = self.queues.get_mut(id.0) {
                store.dead_letters = Some(dead);
            }
        }
        for (number, mut topic, subscriptions) in topics {
            let id = TopicId(self.topics.len());
            self.paths.insert(topic.name.to_lowercase(), Target::Topic(id));
            let subscriptions = subscriptions.into_iter().map(|it| subscription(&numbers, it));
            topic.subscriptions = subscriptions.collect::<Result<_, _>>()?;
            self.topics.push(topic);
            numbers.insert(number, Target::Topic(id));
        }
        Ok(numbers)
    }

    fn load_counts(&mut self, rows: &Rows, numbers: &Numbers) -> Result<(), BadRow> {
        rows.each(Table::Counts, |at, row| {
            let number = key::read_one(at)?;
            let counts: CountsRow = decode(row)?;
            let CountsRow { last_sequence, accepted, duplicates_dropped } = counts;
            let target = *numbers.get(&number).ok_or_else(missing)?;
            let (intake, _) = self.door(target).ok_or_else(missing)?;
            intake.accepted = accepted;
            intake.duplicates_dropped = duplicates_dropped;
            match target {
                Target::Queue(id) => {
                    let store = self.queues.get_mut(id.0).ok_or_else(missing)?;
                    store.queue.restore_sequence(last_sequence);
                    store.told.counts = Some(counts);
                }
                Target::Topic(id) => {
                    let topic = self.topics.get_mut(id.0).ok_or_else(missing)?;
                    topic.last_sequence = last_sequence;
                    topic.told.counts = Some(counts);
                }
            }
            Ok(())
        })
    }

    /// What waits at the doors: scheduled messages, and ids that were seen.
    fn load_doors(&mut self, rows: &Rows, numbers: &Numbers) -> Result<(), BadRow> {
        rows.each(Table::Scheduled, |at, row| {
            let (number, sequence) = key::read_two(at)?;
            let target = *numbers.get(&number).ok_or_else(missing)?;
            let (_, schedule) = self.door(target).ok_or_else(missing)?;
            let scheduled: Scheduled = decode_scheduled(row)?;
            schedule.add(sequence.cast_signed(), scheduled);
            Ok(())
        })?;
        let mut seen: BTreeMap<u32, Vec<(Timestamp, Arc<str>)>> = BTreeMap::new();
        rows.each(Table::Seen, |at, row| {
            let (number, id) = key::read_named(at)?;
            seen.entry(number).or_default().push((from_nanos(decode(row)?)?, Arc::from(id)));
            Ok(())
        })?;
        for (number, ids) in seen {
            let target = *numbers.get(&number).ok_or_else(missing)?;
            let (intake, _) = self.door(target).ok_or_else(missing)?;
            if let Some(duplicates) = &mut intake.duplicates {
                duplicates.restore(ids);
            }
        }
        Ok(())
    }

    /// Puts all messages back; answers which were being delivered.
    fn load_messages(
        &mut self,
        rows: &Rows,
        numbers: &Numbers,
    ) -> Result<Vec<(QueueId, i64)>, BadRow> {
        let mut messages: HashMap<(u32, u64), Message> = HashMap::new();
        rows.each(Table::Messages, |at, row| {
            messages.insert(key::read_two(at)?, MessageRow::decode(row)?);
            Ok(())
        })?;
        let mut under_way = Vec::new();
        rows.each(Table::Entries, |at, row| {
            let (number, sequence) = key::read_two(at)?;
            let message = messages.remove(&(number, sequence)).ok_or_else(missing)?;
            let (row, sequence) = (RowOfEntry::decode(row)?, sequence.cast_signed());
            if row.locked {
                under_way.push((queue_id(numbers, number)?, sequence));
            }
            self.stored_queue(numbers, number)?.queue.restore(sequence, row, message)
        })?;
        Ok(under_way)
    }

    fn stored_queue(&mut self, numbers: &Numbers, number: u32) -> Result<&mut Store, BadRow> {
        let id = queue_id(numbers, number)?;
        self.queues.get_mut(id.0).ok_or_else(missing)
    }
}

fn subscription(numbers: &Numbers, row: SubscriptionRow) -> Result<Subscription, BadRow> {
    let SubscriptionRow { name, queue, rules } = row;
    let rules = rules.into_iter().map(super::rows::RuleRow::into_rule);
    Ok(Subscription {
        name: Arc::from(name),
        queue: queue_id(numbers, queue)?,
        rules: rules.collect::<Result<_, _>>()?,
    })
}

fn queue_id(numbers: &Numbers, number: u32) -> Result<QueueId, BadRow> {
    match numbers.get(&number) {
        Some(Target::Queue(id)) => Ok(*id),
        Some(Target::Topic(_)) | None => Err(missing()),
    }
}

fn intake(duplicates: Option<Duration>) -> Intake {
    Intake { duplicates: duplicates.map(Duplicates::new), ..Intake::default() }
}

fn told(number: u32) -> Told {
    Told { number, counts: None }
}

fn missing() -> BadRow {
    BadRow("there are rows of no entity or message".to_owned())
}
