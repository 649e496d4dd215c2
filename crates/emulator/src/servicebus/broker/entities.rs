//! Entities that come, change and go while the broker runs.

use super::{
    About, Broker, Effect, QueueId, Refusal, Target, Topic, duplicates::Duplicates, queue::Counts,
    receive::FORWARDS,
};
use crate::servicebus::topology::{QueueSpec, Settings, SubscriptionSpec, TopicSpec};
use jiff::Timestamp;
use std::time::Duration;

/// Which paths to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Queues.
    Queues,
    /// Topics.
    Topics,
}

/// A queue or subscription, as an administrator sees it.
#[derive(Debug, Clone)]
pub(crate) struct QueueView {
    pub(crate) path: String,
    pub(crate) settings: Settings,
    pub(crate) duplicates: Option<Duration>,
    pub(crate) about: About,
    pub(crate) counts: Counts,
    pub(crate) dead: usize,
    pub(crate) size: u64,
}

/// A topic, as an administrator sees it.
#[derive(Debug, Clone)]
pub(crate) struct TopicView {
    pub(crate) path: String,
    pub(crate) time_to_live: Option<Duration>,
    pub(crate) duplicates: Option<Duration>,
    pub(crate) about: About,
    pub(crate) scheduled: usize,
    pub(crate) subscriptions: Vec<String>,
    pub(crate) size: u64,
}

impl Broker {
    /// The paths of all queues, or of all topics, in order.
    pub(crate) fn names(&self, kind: Kind) -> Vec<String> {
        let is_wanted = |path: &str, target: &Target| match target {
            Target::Topic(_) => kind == Kind::Topics,
            Target::Queue(_) => kind == Kind::Queues && !path.contains("/subscriptions/"),
        };
        let mut found: Vec<_> =
            self.paths.iter().filter(|(path, target)| is_wanted(path, target)).collect();
        found.sort();
        found.into_iter().map(|(_, target)| self.name(*target)).collect()
    }

    /// A queue or subscription.
    pub(crate) fn queue_view(&self, path: &str) -> Option<QueueView> {
        let Some(Target::Queue(id)) = self.paths.get(&path.to_lowercase()) else { return None };
        let store = self.queues.get(id.0)?;
        let dead = store.dead_letters.and_then(|dead| self.queues.get(dead.0));
        let settings = Settings { time_to_live: store.own_life, ..store.queue.settings.clone() };
        Some(QueueView {
            path: store.queue.name.to_string(),
            settings,
            duplicates: store.intake.duplicates.as_ref().map(Duplicates::window),
            about: store.about.clone(),
            counts: store.queue.counts(),
            dead: dead.map_or(0, |dead| dead.queue.counts().active),
            size: self.size(Target::Queue(*id)),
        })
    }

    /// A topic.
    pub(crate) fn topic_view(&self, path: &str) -> Option<TopicView> {
        let Some(Target::Topic(id)) = self.paths.get(&path.to_lowercase()) else { return None };
        let topic = self.topics.get(id.0)?;
        Some(TopicView {
            path: topic.name.to_string(),
            time_to_live: topic.time_to_live,
            duplicates: topic.intake.duplicates.as_ref().map(Duplicates::window),
            about: topic.about.clone(),
            scheduled: topic.schedule.len(),
            subscriptions: topic.subscriptions.iter().map(|it| it.name.to_string()).collect(),
            size: self.size(Target::Topic(*id)),
        })
    }

    /// Makes a queue.
    ///
    /// # Errors
    /// If something of that name is there, or it cannot be as it is asked for.
    pub(crate) fn create_queue(&mut self, spec: &QueueSpec, about: About) -> Result<(), Refusal> {
        self.is_free(&spec.name)?;
        self.may_be(&spec.name, &spec.settings)?;
        let id = self.add_main_queue(spec);
        self.note(Target::Queue(id), about);
        Ok(())
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// If something of that name is there.
    pub(crate) fn create_topic(&mut self, spec: &TopicSpec, about: About) -> Result<(), Refusal> {
        self.is_free(&spec.name)?;
        let id = self.add_topic(spec);
        self.note(Target::Topic(id), about);
        Ok(())
    }

    /// Makes a subscription of a topic.
    ///
    /// # Errors
    /// If there is no such topic, or the topic has a subscription of that name.
    pub(crate) fn create_subscription(
        &mut self,
        topic: &str,
        spec: &SubscriptionSpec,
        about: About,
    ) -> Result<(), Refusal> {
        let Some(Target::Topic(id)) = self.paths.get(&topic.to_lowercase()).copied() else {
            return Err(Refusal::EntityNotFound(topic.to_owned()));
        };
        let path = format!("{topic}/Subscriptions/{}", spec.name);
        self.is_free(&path)?;
        self.may_be(&path, &spec.settings)?;
        let queue = self.add_subscription(id, spec);
        self.note(Target::Queue(queue), about);
        Ok(())
    }

    /// Changes a queue or subscription; `duplicates` is the new window of a queue that has one.
    ///
    /// # Errors
    /// If there is none, or it cannot be as it is asked for.
    pub(crate) fn update_queue(
        &mut self,
        path: &str,
        (settings, duplicates): (Settings, Option<Duration>),
        about: About,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.may_be(path, &settings)?;
        let missing = || Refusal::EntityNotFound(path.to_owned());
        let Some(Target::Queue(id)) = self.paths.get(&path.to_lowercase()).copied() else {
            return Err(missing());
        };
        let above = self.life_above(id);
        let store = self.queues.get_mut(id.0).ok_or_else(missing)?;
        let is_fixed = |what| Refusal::Invalid(format!("{what} cannot be changed once it is made"));
        if store.queue.settings.requires_session != settings.requires_session {
            return Err(is_fixed("RequiresSession"));
        }
        let window = store.intake.duplicates.as_mut();
        if window.is_some() != duplicates.is_some() {
            return Err(is_fixed("RequiresDuplicateDetection"));
        }
        if let Some((known, window)) = window.zip(duplicates) {
            known.set_window(window);
        }
        store.own_life = settings.time_to_live;
        let time_to_live = [above, settings.time_to_live].into_iter().flatten().min();
        store.queue.settings = Settings { time_to_live, ..settings };
        store.about = About { created: store.about.created, ..about };
        let gives = store.about.status.gives();
        let forwards = store.queue.settings.forward_to.is_some();
        self.define(Target::Queue(id));
        if !gives {
            self.dismiss(id, &Refusal::Disabled(path.to_owned()), now);
        } else if forwards {
            self.dismiss(id, &Refusal::NotAllowed(FORWARDS), now);
        }
        self.follow_up(id, now);
        Ok(())
    }

    /// Changes a topic.
    ///
    /// # Errors
    /// If there is none, or it cannot be as it is asked for.
    pub(crate) fn update_topic(&mut self, spec: &TopicSpec, about: About) -> Result<(), Refusal> {
        let missing = || Refusal::EntityNotFound(spec.name.clone());
        let Some(Target::Topic(id)) = self.paths.get(&spec.name.to_lowercase()).copied() else {
            return Err(missing());
        };
        let topic = self.topics.get_mut(id.0).ok_or_else(missing)?;
        let window = topic.intake.duplicates.as_mut();
        if window.is_some() != spec.duplicates.is_some() {
            let words = "RequiresDuplicateDetection cannot be changed once it is made";
            return Err(Refusal::Invalid(words.to_owned()));
        }
        if let Some((known, window)) = window.zip(spec.duplicates) {
            known.set_window(window);
        }
        topic.time_to_live = spec.time_to_live;
        topic.about = About { created: topic.about.created, ..about };
        let queues: Vec<_> = topic.subscriptions.iter().map(|it| it.queue).collect();
        for store in queues.iter().map(|queue| queue.0) {
            if let Some(store) = self.queues.get_mut(store) {
                let lives = [spec.time_to_live, store.own_life];
                store.queue.settings.time_to_live = lives.into_iter().flatten().min();
            }
        }
        for queue in queues {
            self.define(Target::Queue(queue));
        }
        self.define(Target::Topic(id));
        self.arm_topic(id);
        Ok(())
    }

    /// Removes an entity with all that is in it; whoever receives from it is told.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn delete(&mut self, path: &str, now: Timestamp) -> Result<(), Refusal> {
        let lower = path.to_lowercase();
        let target = self.paths.remove(&lower);
        match target.ok_or_else(|| Refusal::EntityNotFound(path.to_owned()))? {
            Target::Queue(id) => {
                self.define_rules(id);
                for topic in &mut self.topics {
                    topic.subscriptions.retain(|subscription| subscription.queue != id);
                }
                self.clear(id, now);
            }
            Target::Topic(id) => {
                let topic = self.topics.get_mut(id.0);
                let gone = topic.map(|topic| std::mem::take(&mut topic.subscriptions));
                for subscription in gone.into_iter().flatten() {
                    self.clear(subscription.queue, now);
                }
                self.paths.retain(|path, _| !path.starts_with(&format!("{lower}/subscriptions/")));
                if let Some(topic) = self.topics.get_mut(id.0) {
                    topic.schedule = super::schedule::Schedule::default();
                    topic.about.idle = None;
                }
                self.undefine(Target::Topic(id));
            }
        }
        Ok(())
    }

    /// Empties a queue that is gone, and its dead letters.
    fn clear(&mut self, id: QueueId, now: Timestamp) {
        let gone = Refusal::EntityNotFound(self.name(Target::Queue(id)));
        let dead = self.queues.get(id.0).and_then(|store| store.dead_letters);
        for id in [Some(id), dead].into_iter().flatten() {
            self.dismiss(id, &gone, now);
            if let Some(store) = self.queues.get_mut(id.0) {
                store.queue.clear();
                store.about.idle = None;
            }
            self.undefine(Target::Queue(id));
        }
    }

    /// Ends every consumer of a queue.
    fn dismiss(&mut self, id: QueueId, why: &Refusal, now: Timestamp) {
        let consumers = self.consumers.iter().filter(|(_, consumer)| consumer.want.queue == id);
        let mut consumers: Vec<_> = consumers.map(|(id, it)| (*id, it.want.connection)).collect();
        consumers.sort();
        for (consumer, connection) in consumers {
            self.close(consumer, now);
            self.effects.push((connection, Effect::Dismissed(consumer, why.clone())));
        }
    }

    /// Checks that nothing has this path.
    fn is_free(&self, path: &str) -> Result<(), Refusal> {
        match self.paths.get(&path.to_lowercase()) {
            Some(_) => Err(Refusal::EntityExists(path.to_owned())),
            None => Ok(()),
        }
    }

    /// Checks what settings say of other entities and of one another.
    fn may_be(&self, path: &str, settings: &Settings) -> Result<(), Refusal> {
        let onward = [&settings.forward_to, &settings.forward_dead_letters_to];
        for to in onward.into_iter().flatten() {
            if to.eq_ignore_ascii_case(path) {
                return Err(Refusal::Invalid(format!("'{path}' cannot forward to itself")));
            }
            if !self.paths.contains_key(&to.to_lowercase()) {
                return Err(Refusal::Invalid(format!(
                    "'{path}' forwards to '{to}', which is not there"
                )));
            }
        }
        if settings.requires_session && settings.forward_to.is_some() {
            let words = "An entity that requires sessions cannot forward its messages";
            return Err(Refusal::Invalid(words.to_owned()));
        }
        Ok(())
    }

    /// The time to live that a subscription's topic sets.
    fn life_above(&self, id: QueueId) -> Option<Duration> {
        let has = |topic: &&Topic| topic.subscriptions.iter().any(|it| it.queue == id);
        self.topics.iter().find(has)?.time_to_live
    }

    /// Keeps what an administrator noted.
    fn note(&mut self, target: Target, about: About) {
        let now = about.created;
        if let Some(known) = self.about(target) {
            *known = about;
        }
        self.define(target);
        self.arm(target, now);
    }

    /// Checks that a queue is there and gives messages.
    pub(super) fn gives(&mut self, id: QueueId, now: Timestamp) -> Result<(), Refusal> {
        let name = self.name(Target::Queue(id));
        let Some(about) = self.about(Target::Queue(id)) else { return Ok(()) };
        if !about.status.gives() {
            return Err(Refusal::Disabled(name));
        }
        about.accessed = now;
        Ok(())
    }
}
