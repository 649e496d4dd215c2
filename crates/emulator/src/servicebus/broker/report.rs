//! What is where, for `GET /state`.

use super::{Broker, Intake, Store, Target, topic::Topic};
use serde_json::{Map, Value, json};

impl Broker {
    /// Every entity with its counts.
    pub(crate) fn report(&self) -> Value {
        let mut entities = Map::new();
        for target in self.paths.values() {
            let report = match target {
                Target::Queue(id) => self.queues.get(id.0).map(|store| self.report_queue(store)),
                Target::Topic(id) => self.topics.get(id.0).map(report_topic),
            };
            entities.extend(report.map(|report| (self.name(*target), report)));
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

/// The counts of a topic.
fn report_topic(topic: &Topic) -> Value {
    let Intake { accepted, duplicates_dropped, duplicates: _ } = topic.intake;
    json!({
        "accepted": accepted,
        "duplicatesDropped": duplicates_dropped,
        "scheduled": topic.schedule.len(),
        "subscriptions": topic.subscriptions.iter().map(|it| &*it.name).collect::<Vec<_>>(),
    })
}
