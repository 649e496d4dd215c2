//! Entities that are removed when nobody has used them for as long as they were told.
//!
//! Sending, receiving, peeking and changing them is use, and so is whatever goes on: a receiver
//! that is there, a message that is scheduled, forwarding.

use super::{Broker, Target, later};
use jiff::Timestamp;

impl Broker {
    /// When an entity is removed, if nobody uses it until then.
    pub(super) fn idle_end(&mut self, target: Target) -> Option<Timestamp> {
        let about = self.about(target)?;
        about.idle.map(|idle| later(about.accessed.max(about.updated), idle))
    }

    /// Notes that an entity is used.
    pub(super) fn used(&mut self, target: Target, now: Timestamp) {
        if let Some(about) = self.about(target) {
            about.accessed = now;
        }
    }

    /// Removes an entity that nobody has used for as long as it was told.
    pub(super) fn end_idle(&mut self, target: Target, now: Timestamp) {
        if self.idle_end(target).is_none_or(|end| now < end) {
            return;
        }
        if self.is_in_use(target) {
            self.used(target, now);
        } else if let Some(about) = self.about(target) {
            about.idle = None;
            let gone = self.delete(&self.name(target), now);
            debug_assert!(gone.is_ok(), "{gone:?}");
        }
    }

    /// Whether something goes on there.
    fn is_in_use(&self, target: Target) -> bool {
        match target {
            Target::Topic(id) => {
                self.topics.get(id.0).is_some_and(|topic| topic.schedule.next().is_some())
            }
            Target::Queue(id) => self.queues.get(id.0).is_some_and(|store| {
                let own = [Some(id), store.dead_letters];
                let mut consumers = self.consumers.values();
                store.queue.settings.forward_to.is_some()
                    || store.queue.schedule.next().is_some()
                    || consumers.any(|consumer| own.contains(&Some(consumer.want.queue)))
            }),
        }
    }
}
