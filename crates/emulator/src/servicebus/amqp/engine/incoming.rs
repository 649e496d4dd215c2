//! Transfers from the client: frames joined into deliveries, deliveries into the broker.

use super::{
    super::{
        condition::{self, Problem},
        performative::{Transfer, rejected},
    },
    Engine, Held, Step, World,
    link::{Delivered, Incoming, Incomplete, Link},
};
use crate::{
    faults::{ServiceBusAction, ServiceBusOperation, ServiceBusRule},
    servicebus::{
        broker::{Address, Target},
        message::{Message, decode, split_batch},
    },
};
use bytes::BytesMut;
use std::{borrow::Cow, time::Duration};

/// Largest message and largest batch, as Azure's Standard tier has it.
pub(crate) const MESSAGE_MAX: usize = 262_144;

/// The message-format of a batch envelope.
const BATCH: u32 = 0x8001_3700;

/// What a transfer frame has made of its link.
enum Joined {
    More,
    Whole(Delivered),
    TooLarge(u32),
    NoCredit,
    Stray,
}

impl Engine {
    /// Takes a transfer frame: accounts for it, and joins it to its delivery.
    pub(super) fn transfer(
        &mut self,
        channel: u16,
        transfer: Transfer,
        world: &mut World<'_>,
    ) -> Result<Step, Problem> {
        world.tallies.transfers += 1;
        let handle = transfer.handle;
        let Some(session) = self.sessions.get_mut(&channel) else { return Ok(Step::Go) };
        session.next_incoming_id = session.next_incoming_id.wrapping_add(1);
        let Some(window) = session.incoming_window.checked_sub(1) else {
            let problem = Problem::new(condition::WINDOW, "More transfers than the window takes.");
            self.end_with(channel, &problem, world);
            return Ok(Step::Go);
        };
        session.incoming_window = window;
        let joined = match session.links.get_mut(&handle) {
            Some(Link::Incoming(incoming)) => incoming.join(transfer)?,
            Some(Link::Detached) => Joined::More,
            Some(Link::Outgoing(_)) | None => Joined::Stray,
        };
        match joined {
            Joined::More => {
                self.replenish(channel, handle);
                Ok(Step::Go)
            }
            Joined::Whole(delivered) => Ok(self.arrive(channel, handle, delivered, world)),
            Joined::TooLarge(id) => {
                let words =
                    "The received message exceeds the maximum allowed size of 262144 bytes.";
                let problem = Problem::new(condition::TOO_LARGE, words);
                // Both: on a detach alone the JS SDK waits out its timeout.
                self.reject(channel, id, &problem);
                self.detach_with(channel, handle, &problem, world);
                Ok(Step::Go)
            }
            Joined::NoCredit => {
                let problem = Problem::new(condition::TRANSFER_LIMIT, "The link has no credit.");
                self.detach_with(channel, handle, &problem, world);
                Ok(Step::Go)
            }
            Joined::Stray => {
                let problem = Problem::new(condition::UNATTACHED, "A transfer on no sending link.");
                self.end_with(channel, &problem, world);
                Ok(Step::Go)
            }
        }
    }

    /// Lets a fault meet a whole delivery, or takes it.
    fn arrive(
        &mut self,
        channel: u16,
        handle: u32,
        delivered: Delivered,
        world: &mut World<'_>,
    ) -> Step {
        let Some(entity) = self.entity_of(channel, handle) else {
            self.take(channel, handle, &delivered, world);
            return Step::Go;
        };
        let Some(rule) = world.faults.servicebus(ServiceBusOperation::Transfer, entity) else {
            self.take(channel, handle, &delivered, world);
            return Step::Go;
        };
        let problem = fault(&rule);
        match rule.action {
            ServiceBusAction::ServerBusy | ServiceBusAction::Reject => {
                self.reject(channel, delivered.id, &problem);
                self.replenish(channel, handle);
                Step::Go
            }
            ServiceBusAction::Detach => {
                self.detach_with(channel, handle, &problem, world);
                Step::Go
            }
            ServiceBusAction::Close => self.close(&problem),
            ServiceBusAction::DropAfter => {
                self.take(channel, handle, &delivered, world);
                Step::Cut
            }
            ServiceBusAction::Delay => {
                self.held = Some(Held::Delivery(channel, handle, delivered));
                Step::Pause(pause(&rule))
            }
        }
    }

    /// Hands a delivery to whatever the link's node is, and answers it.
    pub(super) fn take(
        &mut self,
        channel: u16,
        handle: u32,
        delivered: &Delivered,
        world: &mut World<'_>,
    ) {
        let link = self.sessions.get_mut(&channel).and_then(|it| it.links.get_mut(&handle));
        let Some(Link::Incoming(incoming)) = link else { return };
        let taken = match (&incoming.node, incoming.target) {
            (Address::Entity(_), Some(target)) => send(target, delivered, world),
            (node, _) => {
                let node = node.clone();
                self.request(channel, &node, &delivered.bytes, world)
            }
        };
        match taken {
            Ok(()) if delivered.settled => {}
            Ok(()) => {
                if let Some(session) = self.sessions.get_mut(&channel) {
                    session.accept(channel, delivered.id, &mut self.out);
                }
            }
            Err(problem) if delivered.settled => {
                self.detach_with(channel, handle, &problem, world);
            }
            Err(problem) => self.reject(channel, delivered.id, &problem),
        }
        self.replenish(channel, handle);
    }

    /// Tells the client that a delivery was not taken.
    fn reject(&mut self, channel: u16, id: u32, problem: &Problem) {
        if let Some(session) = self.sessions.get_mut(&channel) {
            session.refuse(channel, id, &rejected(problem.to_value()), &mut self.out);
        }
    }

    /// The path of the entity that a client sends to on this link.
    fn entity_of(&self, channel: u16, handle: u32) -> Option<&str> {
        match self.sessions.get(&channel)?.links.get(&handle)? {
            Link::Incoming(Incoming { node: Address::Entity(path), .. }) => Some(path),
            Link::Incoming(_) | Link::Outgoing(_) | Link::Detached => None,
        }
    }
}

impl Incoming {
    /// Adds a frame to the delivery it belongs to.
    fn join(&mut self, transfer: Transfer) -> Result<Joined, Problem> {
        let mut partial = match self.partial.take() {
            Some(partial) => partial,
            None if self.credit == 0 => return Ok(Joined::NoCredit),
            None => self.start(&transfer)?,
        };
        partial.settled |= transfer.settled;
        if transfer.aborted {
            return Ok(Joined::More);
        }
        let Incomplete { id, format, settled, .. } = partial;
        if MESSAGE_MAX < partial.bytes.len() + transfer.payload.len() {
            return Ok(Joined::TooLarge(id));
        }
        if transfer.more {
            partial.bytes.extend_from_slice(&transfer.payload);
            self.partial = Some(partial);
            return Ok(Joined::More);
        }
        let bytes = if partial.bytes.is_empty() {
            transfer.payload
        } else {
            partial.bytes.extend_from_slice(&transfer.payload);
            partial.bytes.freeze()
        };
        Ok(Joined::Whole(Delivered { id, format, settled, bytes }))
    }

    /// Begins a delivery.
    fn start(&mut self, transfer: &Transfer) -> Result<Incomplete, Problem> {
        let id = transfer.delivery_id;
        let id =
            id.ok_or_else(|| Problem::new(condition::DECODE, "A delivery starts with its id."))?;
        self.credit -= 1;
        self.delivery_count = self.delivery_count.wrapping_add(1);
        let format = transfer.format.unwrap_or(0);
        Ok(Incomplete { id, format, settled: transfer.settled, bytes: BytesMut::new() })
    }
}

/// Sends the messages of a delivery; all or none.
fn send(target: Target, delivered: &Delivered, world: &mut World<'_>) -> Result<(), Problem> {
    let messages = messages(delivered)?;
    world.tallies.deliveries_in += 1;
    world.tallies.messages_in += messages.len() as u64;
    Ok(world.broker.send(target, messages, world.now)?)
}

/// The messages in a delivery: one, or those of a batch.
fn messages(delivered: &Delivered) -> Result<Vec<Message>, Problem> {
    Ok(if delivered.format == BATCH {
        split_batch(&delivered.bytes, new_id)?
    } else {
        vec![decode(&delivered.bytes, new_id)?]
    })
}

/// A message-id for a message that came without one.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// What a fault says to the client.
pub(super) fn fault(rule: &ServiceBusRule) -> Problem {
    let default = match rule.action {
        ServiceBusAction::ServerBusy => {
            return Problem::new(
                condition::SERVER_BUSY,
                "The request was terminated because the entity is being throttled. Error code: \
                 50009. Please wait 2 seconds and try again.",
            );
        }
        ServiceBusAction::Reject => condition::INTERNAL,
        ServiceBusAction::Detach => condition::DETACH_FORCED,
        ServiceBusAction::Close | ServiceBusAction::DropAfter | ServiceBusAction::Delay => {
            condition::CONNECTION_FORCED
        }
    };
    let condition = rule.condition.clone().map_or(Cow::Borrowed(default), Cow::Owned);
    Problem { condition, description: "A fault was asked for.".to_owned() }
}

/// How long a delay waits.
pub(super) fn pause(rule: &ServiceBusRule) -> Duration {
    Duration::from_millis(rule.delay_ms.unwrap_or(0))
}
