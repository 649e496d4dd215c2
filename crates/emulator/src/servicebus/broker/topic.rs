//! Topics: each message goes to every subscription whose rules it meets.

use super::{
    About, Broker, Intake, QueueId, Refusal, Target, TopicId, duplicates::Duplicates, record::Told,
    schedule::Schedule,
};
use crate::servicebus::{
    filter::{self, Rule},
    message::Message,
    topology::{Settings, SubscriptionSpec, TopicSpec},
};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

/// A topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Arc<str>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) intake: Intake,
    pub(super) schedule: Schedule,
    pub(super) about: About,
    pub(super) time_to_live: Option<Duration>,
    pub(super) told: Told,
    pub(super) last_sequence: i64,
    alarm: Option<Timestamp>,
}

/// A subscription of a topic.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) name: Arc<str>,
    pub(super) queue: QueueId,
    pub(super) rules: Vec<Rule>,
}

impl Topic {
    /// A topic that nothing was sent to yet.
    pub(super) fn new(name: &str, time_to_live: Option<Duration>, intake: Intake) -> Self {
        Self {
            name: Arc::from(name),
            subscriptions: Vec::new(),
            intake,
            schedule: Schedule::default(),
            about: About::default(),
            time_to_live,
            told: Told::default(),
            last_sequence: 0,
            alarm: None,
        }
    }

    /// The next sequence number.
    pub(super) fn next_sequence(&mut self) -> i64 {
        self.last_sequence += 1;
        self.last_sequence
    }

    /// The copies of `message` that go to the subscriptions.
    pub(super) fn copies(&self, message: &Arc<Message>) -> Vec<(QueueId, Arc<Message>)> {
        let mut fields = None;
        let mut copies = Vec::with_capacity(self.subscriptions.len());
        for subscription in &self.subscriptions {
            let own = filter::copies(&subscription.rules, message, &mut fields);
            copies.extend(own.into_iter().map(|copy| (subscription.queue, copy)));
        }
        copies
    }
}

impl Broker {
    /// Adds a topic with its subscriptions.
    pub(super) fn add_topic(&mut self, spec: &TopicSpec) -> TopicId {
        let id = TopicId(self.topics.len());
        let duplicates = spec.duplicates.map(Duplicates::new);
        let intake = Intake { duplicates, ..Intake::default() };
        self.topics.push(Topic::new(&spec.name, spec.time_to_live, intake));
        self.define(Target::Topic(id));
        self.paths.insert(spec.name.to_lowercase(), Target::Topic(id));
        for subscription in &spec.subscriptions {
            self.add_subscription(id, subscription);
        }
        id
    }

    /// Adds a subscription to a topic.
    pub(super) fn add_subscription(&mut self, id: TopicId, spec: &SubscriptionSpec) -> QueueId {
        let topic = self.topics.get(id.0);
        let above = topic.and_then(|topic| topic.time_to_live);
        let path = format!("{}/Subscriptions/{}", self.name(Target::Topic(id)), spec.name);
        let time_to_live = [above, spec.settings.time_to_live].into_iter().flatten().min();
        let queue = self.add_queue(&path, &Settings { time_to_live, ..spec.settings.clone() });
        if let Some(store) = self.queues.get_mut(queue.0) {
            store.own_life = spec.settings.time_to_live;
        }
        self.paths.insert(path.to_lowercase(), Target::Queue(queue));
        if let Some(topic) = self.topics.get_mut(id.0) {
            let name = Arc::from(spec.name.as_str());
            topic.subscriptions.push(Subscription { name, queue, rules: spec.rules.clone() });
        }
        self.define(Target::Topic(id));
        queue
    }

    /// The rules of a subscription, in the order in which they were added.
    ///
    /// # Errors
    /// If `queue` is not a subscription.
    pub(crate) fn rules(&mut self, queue: QueueId) -> Result<&mut Vec<Rule>, Refusal> {
        let subscriptions = self.topics.iter_mut().flat_map(|topic| &mut topic.subscriptions);
        let mut found = subscriptions.filter(|subscription| subscription.queue == queue);
        let rules = found.next().map(|subscription| &mut subscription.rules);
        rules.ok_or(Refusal::NotAllowed("Only subscriptions have rules."))
    }

    /// Adds a rule to a subscription.
    ///
    /// # Errors
    /// If there is one of that name.
    pub(crate) fn add_rule(&mut self, queue: QueueId, rule: Rule) -> Result<(), Refusal> {
        let rules = self.rules(queue)?;
        if rules.iter().any(|known| known.name.eq_ignore_ascii_case(&rule.name)) {
            return Err(Refusal::RuleExists(rule.name));
        }
        rules.push(rule);
        self.define_rules(queue);
        Ok(())
    }

    /// Removes a rule from a subscription.
    ///
    /// # Errors
    /// If there is none of that name.
    pub(crate) fn remove_rule(&mut self, queue: QueueId, name: &str) -> Result<(), Refusal> {
        let rules = self.rules(queue)?;
        let at = rules.iter().position(|rule| rule.name.eq_ignore_ascii_case(name));
        rules.remove(at.ok_or_else(|| Refusal::EntityNotFound(name.to_owned()))?);
        self.define_rules(queue);
        Ok(())
    }

    /// Publishes the topic's scheduled messages that are due.
    pub(super) fn tick_topic(&mut self, id: TopicId, now: Timestamp) {
        self.end_idle(Target::Topic(id), now);
        if let Some(topic) = self.topics.get_mut(id.0) {
            topic.alarm = None;
        }
        while let Some((_, due)) = self.topics.get_mut(id.0).and_then(|it| it.schedule.due(now)) {
            self.used(Target::Topic(id), now);
            self.publish(Target::Topic(id), due.message, now);
        }
        self.arm_topic(id);
    }

    /// Sets the topic's alarm for its next scheduled message, or for its own end.
    pub(super) fn arm_topic(&mut self, id: TopicId) {
        let idle = self.idle_end(Target::Topic(id));
        let Some(topic) = self.topics.get_mut(id.0) else { return };
        if let Some(due) = topic.schedule.next().into_iter().chain(idle).min()
            && topic.alarm.is_none_or(|alarm| due < alarm)
        {
            if let Some(alarm) = topic.alarm.replace(due) {
                self.alarms.remove(&(alarm, Target::Topic(id)));
            }
            self.alarms.insert((due, Target::Topic(id)));
        }
    }
}
