//! The way in: duplicate detection, scheduling, fan-out to subscriptions, forwarding.

use super::{
    Broker, Intake, QueueId, Refusal, Target, TopicId,
    duplicates::Sighting,
    schedule::{Schedule, Scheduled},
    topic::Topic,
};
use crate::servicebus::message::Message;
use jiff::Timestamp;
use std::sync::Arc;

/// How often a message may be forwarded, as Azure has it.
const HOPS_MAX: u32 = 4;

/// What happens to a message that has passed the door.
enum Entry {
    Now(Arc<Message>),
    Later(i64),
    Dropped,
}

/// A copy of a message on its way.
struct Hop {
    target: Target,
    message: Arc<Message>,
    enqueued_sequence: Option<i64>,
    hops: u32,
}

impl Broker {
    /// Takes all of `messages`, or none.
    ///
    /// # Errors
    /// If one of them may not enter.
    pub(crate) fn send(
        &mut self,
        target: Target,
        messages: Vec<Message>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.tick(now);
        self.may_enter(target, &messages, now)?;
        for message in messages {
            if let Entry::Now(message) = self.enter(target, message, now) {
                self.publish(target, message, now);
            }
        }
        self.arm(target, now);
        Ok(())
    }

    /// Takes messages for later; returns the number of each, by which it can be cancelled.
    ///
    /// # Errors
    /// If one of them may not enter.
    pub(crate) fn schedule(
        &mut self,
        target: Target,
        messages: Vec<Message>,
        now: Timestamp,
    ) -> Result<Vec<i64>, Refusal> {
        self.tick(now);
        self.may_enter(target, &messages, now)?;
        let sequences = messages.into_iter().map(|message| {
            let at = message.scheduled.unwrap_or(now).max(now);
            match self.enter(target, Message { scheduled: Some(at), ..message }, now) {
                Entry::Now(message) => {
                    let sequence = self.next_sequence(target);
                    self.publish(target, message, now);
                    sequence
                }
                Entry::Later(sequence) => sequence,
                Entry::Dropped => self.next_sequence(target),
            }
        });
        let sequences = sequences.collect();
        self.arm(target, now);
        Ok(sequences)
    }

    /// Takes scheduled messages back; all or none.
    ///
    /// # Errors
    /// If one of them is not scheduled any more.
    pub(crate) fn cancel(
        &mut self,
        target: Target,
        sequences: &[i64],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.tick(now);
        let Some((_, schedule)) = self.door(target) else { return Ok(()) };
        if let Some(missing) = sequences.iter().find(|sequence| !schedule.holds(**sequence)) {
            return Err(Refusal::MessageNotFound(*missing));
        }
        for sequence in sequences {
            schedule.cancel(*sequence);
        }
        Ok(())
    }

    /// What is there and not full takes messages; with sessions, only such as belong to one.
    fn may_enter(
        &mut self,
        target: Target,
        messages: &[Message],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let bytes = messages.iter().map(Message::size).sum();
        self.has_room(target, bytes, now)?;
        let Target::Queue(id) = target else { return Ok(()) };
        let requires_session = self.queue(id)?.settings.requires_session;
        if requires_session && messages.iter().any(|message| message.session.is_none()) {
            return Err(Refusal::NotAllowed(
                "The SessionId was not set on a message, and it cannot be sent to the entity. \
                 Entities that have session support enabled can only receive messages that have \
                 the SessionId set to a valid value.",
            ));
        }
        Ok(())
    }

    /// Lets one message through the door: drops a duplicate, keeps a scheduled one.
    fn enter(&mut self, target: Target, message: Message, now: Timestamp) -> Entry {
        let sequence = match message.scheduled {
            Some(at) if now < at => Some((at, self.next_sequence(target))),
            Some(_) | None => None,
        };
        let Some((intake, schedule)) = self.door(target) else { return Entry::Dropped };
        intake.accepted += 1;
        if let Some(duplicates) = &mut intake.duplicates
            && matches!(duplicates.sight(&message.id, now), Sighting::Repeat)
        {
            intake.duplicates_dropped += 1;
            return Entry::Dropped;
        }
        let message = Arc::new(message);
        let Some((at, sequence)) = sequence else { return Entry::Now(message) };
        schedule.add(sequence, Scheduled { at, sent: now, message });
        Entry::Later(sequence)
    }

    /// Hands a message to a queue or to a topic's subscriptions.
    pub(super) fn publish(&mut self, target: Target, message: Arc<Message>, now: Timestamp) {
        self.publish_from(target, message, None, now);
    }

    /// The same, for a dead letter that comes from `source`.
    pub(super) fn publish_from(
        &mut self,
        target: Target,
        message: Arc<Message>,
        source: Option<Arc<str>>,
        now: Timestamp,
    ) {
        let mut open = vec![Hop { target, message, enqueued_sequence: None, hops: 0 }];
        while let Some(hop) = open.pop() {
            match hop.target {
                Target::Topic(id) => self.fan_out(id, &hop, &mut open),
                Target::Queue(id) => {
                    open.extend(self.enqueue(id, hop, source.as_ref(), now));
                    self.follow_up(id, now);
                }
            }
        }
    }

    /// Sends a message on to the subscriptions of a topic.
    fn fan_out(&mut self, id: TopicId, hop: &Hop, open: &mut Vec<Hop>) {
        let Some(topic) = self.topics.get_mut(id.0) else { return };
        let enqueued_sequence = Some(topic.next_sequence());
        let copies = topic.copies(&hop.message).into_iter();
        // The last is taken first.
        open.extend(copies.rev().map(|(to, message)| Hop {
            target: Target::Queue(to),
            message,
            enqueued_sequence,
            hops: hop.hops,
        }));
    }

    /// Puts a message into a queue, or says where it goes on to.
    fn enqueue(
        &mut self,
        id: QueueId,
        hop: Hop,
        source: Option<&Arc<str>>,
        now: Timestamp,
    ) -> Option<Hop> {
        let forward = self.queues.get(id.0)?.queue.settings.forward_to.clone();
        let forward = forward.map(|path| self.way(&path, hop.message.size(), now));
        let queue = &mut self.queues.get_mut(id.0)?.queue;
        let Hop { message, enqueued_sequence, hops, target: _ } = hop;
        match forward {
            Some(_) if HOPS_MAX <= hops => queue.refuse(message, TOO_MANY_HOPS, now),
            Some(Ok(target)) => {
                // It enters there as if it were sent: duplicates are known by what came that way.
                let entry = self.enter(target, Arc::unwrap_or_clone(message), now);
                let Entry::Now(message) = entry else { return None };
                return Some(Hop { target, message, enqueued_sequence: None, hops: hops + 1 });
            }
            Some(Err(refusal)) => {
                queue.refuse(message, (NO_WAY, &refusal.to_string()), now);
            }
            None if queue.settings.requires_session && message.session.is_none() => {
                queue.refuse(message, NO_SESSION, now);
            }
            None => queue.enqueue(message, enqueued_sequence, source.map(Arc::clone), now),
        }
        None
    }

    /// Where forwarding leads to, if that takes as many bytes more.
    pub(super) fn way(
        &mut self,
        path: &str,
        bytes: u64,
        now: Timestamp,
    ) -> Result<Target, Refusal> {
        let target = self.paths.get(&path.to_lowercase()).copied();
        let target = target.ok_or_else(|| Refusal::EntityNotFound(path.to_owned()))?;
        self.has_room(target, bytes, now)?;
        Ok(target)
    }

    /// The next number of a queue or topic.
    fn next_sequence(&mut self, target: Target) -> i64 {
        match target {
            Target::Queue(id) => self.queues.get_mut(id.0).map(|it| it.queue.next_sequence()),
            Target::Topic(id) => self.topics.get_mut(id.0).map(Topic::next_sequence),
        }
        .unwrap_or_default()
    }

    /// What stands at the door of a queue or topic.
    pub(super) fn door(&mut self, target: Target) -> Option<(&mut Intake, &mut Schedule)> {
        match target {
            Target::Queue(id) => {
                let store = self.queues.get_mut(id.0)?;
                Some((&mut store.intake, &mut store.queue.schedule))
            }
            Target::Topic(id) => {
                let topic = self.topics.get_mut(id.0)?;
                Some((&mut topic.intake, &mut topic.schedule))
            }
        }
    }

    /// Sets the alarm of a queue or topic.
    pub(super) fn arm(&mut self, target: Target, now: Timestamp) {
        match target {
            Target::Queue(id) => self.follow_up(id, now),
            Target::Topic(id) => self.arm_topic(id),
        }
    }
}

/// Azure's reason and words for a message that was forwarded too often.
const TOO_MANY_HOPS: (&str, &str) = (
    "MaxTransferHopCountExceeded",
    "The maximum number of allowed hops when forwarding between entities was exceeded.",
);

/// The reason of a message that could not be forwarded: where it was to go is gone, disabled or
/// full. Azure documents that it becomes a dead letter, and not under which name.
const NO_WAY: &str = "ForwardingFailed";

/// Azure's reason and words for a message that belongs to no session.
const NO_SESSION: (&str, &str) = (
    "Session ID is null.",
    "Session enabled entity doesn't allow a message whose session identifier is null.",
);
