//! The broker core: every queue, topic and subscription, and nothing of AMQP links or sockets.
//!
//! Steppable: each call is told the instant, changes the state, and leaves its [`Effect`]s for the
//! connections to be fetched with [`Broker::take_effects`]. Nothing happens between calls; what
//! falls due is done at the start of the next one, and [`Broker::next_alarm`] says when to make it.

mod about;
mod address;
mod duplicates;
mod effect;
mod entities;
mod idle;
mod lock;
mod manage;
mod queue;
mod receive;
mod record;
mod refusal;
mod report;
mod schedule;
mod send;
#[cfg(test)]
mod tests;
mod topic;

pub(crate) use about::{About, Hints, MEGABYTES, Status};
pub(crate) use address::{Address, Target, transfers_of};
pub(crate) use effect::{ConnectionId, ConsumerId, Effect};
pub(crate) use entities::{Kind, QueueView, TopicView};
pub(crate) use lock::{LockToken, Properties, Settlement};
pub(crate) use queue::{Claim, Delivery, Hold, Mode, Part};
pub(crate) use receive::{Accepted, Room, Want};
pub(crate) use refusal::Refusal;

use super::{
    message::edit_application_properties,
    topology::{QueueSpec, Settings, Topology},
};
use duplicates::Duplicates;
use jiff::{SignedDuration, Timestamp};
use queue::{DeadLetter, Queue};
use receive::Consumer;
use record::{Recorder, Told};
use serde_amqp::Value;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use topic::Topic;

/// A queue, subscription or dead-letter subqueue, by its place in the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct QueueId(usize);

/// A topic, by its place in the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TopicId(usize);

/// All entities of the namespace, and their consumers.
#[derive(Debug, Default)]
pub(crate) struct Broker {
    queues: Vec<Store>,
    topics: Vec<Topic>,
    /// Entities by their path in lower case.
    paths: HashMap<String, Target>,
    consumers: HashMap<ConsumerId, Consumer>,
    alarms: BTreeSet<(Timestamp, Target)>,
    effects: Vec<(ConnectionId, Effect)>,
    last_consumer: u64,
    last_lock: u64,
    recorder: Recorder,
}

/// A queue with its place among the others.
#[derive(Debug)]
struct Store {
    queue: Queue,
    /// Its dead-letter subqueue; a dead-letter subqueue has none.
    dead_letters: Option<QueueId>,
    intake: Intake,
    alarm: Option<Timestamp>,
    about: About,
    /// Its own time to live; a topic's may be shorter.
    own_life: Option<Duration>,
    told: Told,
}

/// What an entity that is sent to counts and remembers.
#[derive(Debug, Default)]
struct Intake {
    duplicates: Option<Duplicates>,
    accepted: u64,
    duplicates_dropped: u64,
}

impl Broker {
    /// A broker with the entities of `topology`, all empty.
    pub(crate) fn new(topology: &Topology) -> Self {
        let mut broker = Self::default();
        for spec in &topology.queues {
            broker.add_main_queue(spec);
        }
        for spec in &topology.topics {
            broker.add_topic(spec);
        }
        broker
    }

    /// Adds a queue that can be sent to.
    fn add_main_queue(&mut self, spec: &QueueSpec) -> QueueId {
        let QueueSpec { name, settings, duplicates } = spec;
        let id = self.add_queue(name, settings);
        if let Some(store) = self.queues.get_mut(id.0) {
            store.intake.duplicates = duplicates.map(Duplicates::new);
        }
        self.define(Target::Queue(id));
        self.paths.insert(name.to_lowercase(), Target::Queue(id));
        id
    }

    /// What the connections have to do, since the last call.
    pub(crate) fn take_effects(&mut self) -> Vec<(ConnectionId, Effect)> {
        std::mem::take(&mut self.effects)
    }

    /// When to call [`Broker::tick`] next.
    pub(crate) fn next_alarm(&self) -> Option<Timestamp> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// Does everything that has fallen due.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        while let Some((at, target)) = self.alarms.first().copied()
            && at <= now
        {
            self.alarms.remove(&(at, target));
            match target {
                Target::Queue(id) => self.tick_queue(id, now),
                Target::Topic(id) => self.tick_topic(id, now),
            }
        }
    }

    /// Does what has fallen due in one queue.
    fn tick_queue(&mut self, id: QueueId, now: Timestamp) {
        // First: a message that is scheduled until now still counts as use.
        self.end_idle(Target::Queue(id), now);
        if let Some(store) = self.queues.get_mut(id.0) {
            store.alarm = None;
            store.queue.tick(now);
        }
        self.follow_up(id, now);
    }

    /// Does what a change to a queue has left for others, and sets the queue's alarm.
    fn follow_up(&mut self, id: QueueId, now: Timestamp) {
        let Some(store) = self.queues.get_mut(id.0) else { return };
        let outbox = store.queue.take_outbox();
        for effect in outbox.effects {
            self.emit(effect);
        }
        for scheduled in outbox.activated {
            self.used(Target::Queue(id), now);
            self.publish(Target::Queue(id), scheduled.message, now);
        }
        for dead in outbox.dead {
            self.bury(id, dead, now);
        }
        while let Some(message) = self.queues.get_mut(id.0).and_then(|it| it.queue.take_forwarded())
        {
            self.publish(Target::Queue(id), message, now);
        }
        let idle = self.idle_end(Target::Queue(id));
        let Some(store) = self.queues.get_mut(id.0) else { return };
        if let Some(due) = store.queue.next_due().into_iter().chain(idle).min()
            && store.alarm.is_none_or(|alarm| due < alarm)
        {
            if let Some(alarm) = store.alarm.replace(due) {
                self.alarms.remove(&(alarm, Target::Queue(id)));
            }
            self.alarms.insert((due, Target::Queue(id)));
        }
    }

    /// Moves a message to where its queue's dead letters go.
    fn bury(&mut self, from: QueueId, dead: DeadLetter, now: Timestamp) {
        let Some(store) = self.queues.get(from.0) else { return };
        let DeadLetter { sequence, mut entry, reason, description } = dead;
        let told = [("DeadLetterReason", reason), ("DeadLetterErrorDescription", description)];
        let told = told.into_iter().filter_map(|(key, text)| Some((key, text?)));
        let told: Vec<_> = told.map(|(key, text)| (key.to_owned(), Value::String(text))).collect();
        if !told.is_empty() {
            entry.message = Arc::new(edit_application_properties(&entry.message, told));
        }
        let forward = store.queue.settings.forward_dead_letters_to.as_ref();
        if let Some(target) = forward.and_then(|path| self.paths.get(&path.to_lowercase())) {
            let source = Arc::clone(&store.queue.name);
            self.publish_from(*target, entry.message, Some(source), now);
        } else if let Some(id) = store.dead_letters
            && let Some(store) = self.queues.get_mut(id.0)
        {
            store.queue.enqueue_dead(sequence, entry, now);
            self.follow_up(id, now);
        }
    }

    /// Leaves an effect for the connection of its consumer; a consumer that it ends is gone.
    fn emit(&mut self, effect: Effect) {
        let consumer = match &effect {
            Effect::Wake(consumer)
            | Effect::SessionWaitOver(consumer)
            | Effect::SessionLost(consumer)
            | Effect::Dismissed(consumer, _)
            | Effect::SessionGranted { consumer, .. } => *consumer,
        };
        let Some(known) = self.consumers.get_mut(&consumer) else { return };
        let connection = known.want.connection;
        match &effect {
            Effect::SessionGranted { session, .. } => known.session = Some(Arc::clone(session)),
            Effect::SessionWaitOver(_) | Effect::SessionLost(_) | Effect::Dismissed(..) => {
                self.consumers.remove(&consumer);
            }
            Effect::Wake(_) => {}
        }
        self.effects.push((connection, effect));
    }

    /// Adds a queue or subscription with its dead-letter subqueue.
    fn add_queue(&mut self, path: &str, settings: &Settings) -> QueueId {
        let dead =
            Settings { lock: settings.lock, deliveries_max: u32::MAX, ..Settings::default() };
        let dead = self.add_store(&format!("{path}/$DeadLetterQueue"), dead, None);
        self.add_store(path, settings.clone(), Some(dead))
    }

    /// Adds a queue without a path: a dead-letter subqueue is found through its queue.
    fn add_store(&mut self, path: &str, settings: Settings, dead: Option<QueueId>) -> QueueId {
        let id = QueueId(self.queues.len());
        let queue = Queue::new(path, settings);
        let intake = Intake::default();
        let (about, own_life) = (About::default(), queue.settings.time_to_live);
        let told = Told::default();
        let alarm = None;
        self.queues.push(Store { queue, dead_letters: dead, intake, alarm, about, own_life, told });
        self.define(Target::Queue(id));
        id
    }

    /// The queue at a place.
    fn queue(&mut self, id: QueueId) -> Result<&mut Queue, Refusal> {
        let store = self.queues.get_mut(id.0);
        store.map(|store| &mut store.queue).ok_or_else(|| Refusal::EntityNotFound(String::new()))
    }

    /// Numbers the next lock.
    fn next_nonce(&mut self) -> u64 {
        self.last_lock += 1;
        self.last_lock
    }
}

/// `now` plus `duration`, or the end of time.
fn later(now: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    now.checked_add(duration).unwrap_or(Timestamp::MAX)
}
