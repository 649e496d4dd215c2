//! What is where, for `GET /state`.

use super::{Broker, Intake, Store};
use serde_json::{Map, Value, json};

impl Broker {
    /// Every entity with its counts.
    pub(crate) fn report(&self) -> Value {
        let mut entities = Map::new();
        for store in self.queues.iter().filter(|store| store.dead_letters.is_some()) {
            entities.insert(store.queue.name.to_string(), self.report_queue(store));
        }
        for topic in &self.topics {
            let Intake { accepted, duplicates_dropped, duplicates: _ } = topic.intake;
            let report = json!({
                "accepted": accepted,
                "duplicatesDropped": duplicates_dropped,
                "scheduled": topic.schedule.len(),
                "subscriptions": topic.subscriptions.iter().map(|it| &*it.name).collect::<Vec<_>>(),
            });
            entities.insert(topic.name.to_string(), report);
        }
        Value::Object(entities)
    }

    /// The counts of a queue or subscription.
    fn report_queue(&self, store: &Store) -> Value {
        let counts = store.queue.counts();
        let dead = store.dead_letters.and_then(|id| self.queues.get(id.0));
        json!({
            "active": counts.active,
            "scheduled": counts.scheduled,
            "deferred": counts.deferred,
            "deadLetter": dead.map_or(0, |dead| dead.queue.counts().active),
            "sessions": counts.sessions,
            "accepted": store.intake.accepted,
            "duplicatesDropped": store.intake.duplicates_dropped,
        })
    }
}
