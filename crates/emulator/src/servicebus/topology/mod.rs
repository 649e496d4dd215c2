//! Which queues, topics and subscriptions there are, and how each behaves.

mod comments;
mod config;
mod forwarding;
mod node;
mod rules;
#[cfg(test)]
mod tests;

pub use config::ConfigErrors;

use super::filter::Rule;
use std::time::Duration;

/// The entities of the one namespace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topology {
    pub(crate) queues: Vec<QueueSpec>,
    pub(crate) topics: Vec<TopicSpec>,
}

/// A queue: its name and properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueSpec {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    /// The window of duplicate detection, if the queue requires it.
    pub(crate) duplicates: Option<Duration>,
}

/// A topic: its name, properties and subscriptions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TopicSpec {
    pub(crate) name: String,
    pub(crate) time_to_live: Option<Duration>,
    /// The window of duplicate detection, if the topic requires it.
    pub(crate) duplicates: Option<Duration>,
    pub(crate) subscriptions: Vec<SubscriptionSpec>,
}

/// A subscription: its name and properties.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SubscriptionSpec {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) rules: Vec<Rule>,
}

/// What a queue and a subscription have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) lock: Duration,
    pub(crate) deliveries_max: u32,
    pub(crate) requires_session: bool,
    pub(crate) time_to_live: Option<Duration>,
    pub(crate) dead_letter_expired: bool,
    pub(crate) forward_to: Option<String>,
    pub(crate) forward_dead_letters_to: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock: Duration::from_mins(1),
            deliveries_max: 10,
            requires_session: false,
            time_to_live: None,
            dead_letter_expired: false,
            forward_to: None,
            forward_dead_letters_to: None,
        }
    }
}

impl SubscriptionSpec {
    /// Where it is.
    pub(crate) fn path(&self, topic: &TopicSpec) -> String {
        format!("{}/Subscriptions/{}", topic.name, self.name)
    }

    /// Its settings; no message lives longer than its topic lets it.
    pub(crate) fn settings_in(&self, topic: &TopicSpec) -> Settings {
        let life = [topic.time_to_live, self.settings.time_to_live];
        let time_to_live = life.into_iter().flatten().min();
        Settings { time_to_live, ..self.settings.clone() }
    }
}

impl Topology {
    /// What the order service needs: topic `orders` with duplicate detection, and on it
    /// subscription `all`, which requires sessions and keeps what expires as dead letters.
    pub fn shop() -> Self {
        let settings =
            Settings { requires_session: true, dead_letter_expired: true, ..Settings::default() };
        let all =
            SubscriptionSpec { name: "all".to_owned(), settings, rules: vec![Rule::default_one()] };
        let orders = TopicSpec {
            name: "orders".to_owned(),
            time_to_live: None,
            duplicates: Some(Duration::from_mins(10)),
            subscriptions: vec![all],
        };
        Self { queues: Vec::new(), topics: vec![orders] }
    }
}
