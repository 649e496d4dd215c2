//! A configuration meets what is stored: each entity that it names is made once.
//!
//! What was deleted stays deleted, and what was changed stays changed, whatever the configuration
//! says; only what it has never named before is added.

use crate::{
    servicebus::{
        broker::{Broker, Target},
        topology::{QueueSpec, Settings, TopicSpec, Topology},
    },
    store::{BadRow, Rows},
};
use std::collections::BTreeSet;

/// The name of the list of paths that configurations have named.
pub(super) const NAMED: &str = "servicebus.named";

impl Broker {
    /// Adds what `topology` names for the first time; answers what it wants otherwise than it is.
    pub(crate) fn provision(
        &mut self,
        topology: &Topology,
        rows: &Rows,
    ) -> Result<Vec<String>, BadRow> {
        let mut named: BTreeSet<String> = rows.meta(NAMED)?.unwrap_or_default();
        let mut differing = Vec::new();
        for spec in &topology.queues {
            let QueueSpec { name, settings, duplicates: _ } = spec;
            let is_new = named.insert(name.to_lowercase());
            if is_new && !self.paths.contains_key(&name.to_lowercase()) {
                self.add_main_queue(spec);
            } else if self.differs(name, settings) {
                differing.push(name.clone());
            }
        }
        for spec in &topology.topics {
            differing.extend(self.provision_topic(spec, &mut named));
        }
        self.recorder.named = Some(named);
        Ok(differing)
    }

    fn provision_topic(&mut self, topic: &TopicSpec, named: &mut BTreeSet<String>) -> Vec<String> {
        let path = topic.name.to_lowercase();
        let is_new = named.insert(path.clone()) && !self.paths.contains_key(&path);
        let mut differing = Vec::new();
        if is_new {
            self.add_topic(topic);
        }
        for spec in &topic.subscriptions {
            let own = spec.path(topic);
            let is_new = named.insert(own.to_lowercase());
            if self.paths.contains_key(&own.to_lowercase()) || !is_new {
                differing.extend(self.differs(&own, &spec.settings_in(topic)).then_some(own));
            } else if let Some(Target::Topic(id)) = self.paths.get(&path).copied() {
                self.add_subscription(id, spec);
            }
        }
        differing
    }

    /// Whether there is such a queue with other settings.
    fn differs(&self, path: &str, settings: &Settings) -> bool {
        let Some(Target::Queue(id)) = self.paths.get(&path.to_lowercase()) else { return false };
        self.queues.get(id.0).is_some_and(|store| store.queue.settings != *settings)
    }
}
