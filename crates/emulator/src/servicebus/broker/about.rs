//! What is known of an entity beyond how it treats messages: whether it serves, how much it may
//! hold, and what an administrator noted about it.

use super::{Broker, Refusal, Target};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether an entity takes and gives messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Status {
    /// Both.
    #[default]
    Active,
    /// Neither.
    Disabled,
    /// It gives only.
    SendDisabled,
    /// It takes only.
    ReceiveDisabled,
}

/// The administrator's part of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    /// Whether it serves.
    pub(crate) status: Status,
    /// How much it may hold.
    pub(crate) megabytes_max: u32,
    /// Words that are kept for the administrator.
    pub(crate) metadata: Option<String>,
    /// What is kept for the administrator besides.
    pub(crate) hints: Hints,
    /// For how long nobody may use it before it is removed.
    pub(crate) idle: Option<Duration>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When it was changed last.
    pub(crate) updated: Timestamp,
    /// When it was last sent to or received from.
    pub(crate) accessed: Timestamp,
}

/// Properties of which clients see no more than that they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hints {
    /// `EnableBatchedOperations`.
    pub(crate) batched: bool,
    /// `SupportOrdering`.
    pub(crate) ordered: bool,
    /// `DeadLetteringOnFilterEvaluationExceptions`: no filter fails here.
    pub(crate) filter_failures: bool,
}

impl Default for Hints {
    /// As Azure has them where nothing is said.
    fn default() -> Self {
        Self { batched: true, ordered: true, filter_failures: true }
    }
}

/// What an entity may hold where nothing is said, as Azure has it.
pub(crate) const MEGABYTES: u32 = 1_024;

impl Default for About {
    fn default() -> Self {
        let never = Timestamp::UNIX_EPOCH;
        Self {
            status: Status::default(),
            megabytes_max: MEGABYTES,
            metadata: None,
            hints: Hints::default(),
            idle: None,
            created: never,
            updated: never,
            accessed: never,
        }
    }
}

impl Status {
    /// Whether messages may enter.
    pub(crate) fn takes(self) -> bool {
        matches!(self, Self::Active | Self::ReceiveDisabled)
    }

    /// Whether messages may be received.
    pub(crate) fn gives(self) -> bool {
        matches!(self, Self::Active | Self::SendDisabled)
    }
}

impl Broker {
    /// Dates everything that is there to `now`.
    pub(crate) fn date(&mut self, now: Timestamp) {
        let stores = self.queues.iter_mut().map(|store| &mut store.about);
        for about in stores.chain(self.topics.iter_mut().map(|topic| &mut topic.about)) {
            (about.created, about.updated, about.accessed) = (now, now, now);
        }
    }

    /// The administrator's part of an entity.
    pub(super) fn about(&mut self, target: Target) -> Option<&mut About> {
        match target {
            Target::Queue(id) => self.queues.get_mut(id.0).map(|store| &mut store.about),
            Target::Topic(id) => self.topics.get_mut(id.0).map(|topic| &mut topic.about),
        }
    }

    /// Bytes of all messages that an entity holds: a queue with its dead letters, a topic with its
    /// subscriptions.
    pub(crate) fn size(&self, target: Target) -> u64 {
        match target {
            Target::Queue(id) => self.queues.get(id.0).map_or(0, |store| {
                let dead = store.dead_letters.and_then(|dead| self.queues.get(dead.0));
                store.queue.size() + dead.map_or(0, |dead| dead.queue.size())
            }),
            Target::Topic(id) => self.topics.get(id.0).map_or(0, |topic| {
                let subscriptions = topic.subscriptions.iter();
                let held: u64 = subscriptions.map(|it| self.size(Target::Queue(it.queue))).sum();
                held + topic.schedule.size()
            }),
        }
    }

    /// Checks that an entity is still there, takes messages and has room for `bytes` more.
    pub(super) fn has_room(
        &mut self,
        target: Target,
        bytes: u64,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let size = self.size(target);
        let name = self.name(target);
        if self.paths.get(&name.to_lowercase()) != Some(&target) {
            return Err(Refusal::EntityNotFound(name));
        }
        let Some(about) = self.about(target) else { return Err(Refusal::EntityNotFound(name)) };
        if !about.status.takes() {
            return Err(Refusal::Disabled(name));
        }
        if u64::from(about.megabytes_max) << 20 < size.saturating_add(bytes) {
            return Err(Refusal::Full(name, about.megabytes_max));
        }
        about.accessed = now;
        Ok(())
    }

    /// An entity's path, as it was made.
    pub(crate) fn name(&self, target: Target) -> String {
        let name = match target {
            Target::Queue(id) => self.queues.get(id.0).map(|store| &store.queue.name),
            Target::Topic(id) => self.topics.get(id.0).map(|topic| &topic.name),
        };
        name.map(ToString::to_string).unwrap_or_default()
    }
}
