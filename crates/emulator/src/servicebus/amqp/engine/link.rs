//! The broker's end of a link.

use crate::servicebus::{
    amqp::value::{Ask, at},
    broker::{Address, ConsumerId, Mode, QueueId, Target},
};
use bytes::{Bytes, BytesMut};
use serde_amqp::Value;
use std::collections::VecDeque;

/// Credit given to a client that sends messages; the same as Azure gives.
pub(super) const CREDIT: u32 = 1_000;

/// A link.
#[derive(Debug)]
pub(super) enum Link {
    /// The client sends.
    Incoming(Incoming),
    /// The client receives.
    Outgoing(Outgoing),
    /// The broker has detached it; what still comes is ignored until the client has too.
    Detached,
}

impl Link {
    /// What is at the broker's end.
    pub(super) fn node(&self) -> Option<&Address> {
        match self {
            Self::Incoming(incoming) => Some(&incoming.node),
            Self::Outgoing(outgoing) => Some(&outgoing.node),
            Self::Detached => None,
        }
    }
}

/// A link on which the client sends.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) node: Address,
    /// Where messages go, if the node is an entity.
    pub(super) target: Option<Target>,
    pub(super) delivery_count: u32,
    pub(super) credit: u32,
    /// A delivery of which not all frames have come.
    pub(super) partial: Option<Incomplete>,
}

/// A delivery that is coming in.
#[derive(Debug)]
pub(super) struct Incomplete {
    pub(super) id: u32,
    pub(super) format: u32,
    pub(super) settled: bool,
    pub(super) bytes: BytesMut,
}

/// A delivery that has come in whole.
#[derive(Debug, Clone)]
pub(super) struct Delivered {
    pub(super) id: u32,
    pub(super) format: u32,
    pub(super) settled: bool,
    pub(super) bytes: Bytes,
}

/// A link on which the client receives.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) name: String,
    pub(super) node: Address,
    /// The address of the client's end: one of the two things a reply-to may name.
    pub(super) target_address: Option<String>,
    pub(super) feed: Feed,
    pub(super) credit: Credit,
}

/// What the client lets the broker send on a link.
#[derive(Debug, Default)]
pub(super) struct Credit {
    pub(super) delivery_count: u32,
    pub(super) left: u32,
    /// The client wants its credit used up, or back, and to be told.
    pub(super) drain: bool,
}

impl Credit {
    /// Takes account of what the client grants: `credit` from `seen` deliveries on.
    pub(super) fn grant(&mut self, seen: Option<u32>, credit: u32, drain: bool) {
        let end = seen.unwrap_or(0).wrapping_add(credit);
        let left = end.wrapping_sub(self.delivery_count);
        // A credit that ends before what was sent already is used up, not huge.
        self.left = if u32::MAX / 2 < left { 0 } else { left };
        self.drain = drain;
    }

    /// One delivery is sent.
    pub(super) fn spend(&mut self) {
        self.delivery_count = self.delivery_count.wrapping_add(1);
        self.left = self.left.saturating_sub(1);
    }

    /// Gives back what is left, if the client drains; says whether it does.
    pub(super) fn exhaust(&mut self) -> bool {
        if self.drain {
            self.delivery_count = self.delivery_count.wrapping_add(self.left);
            self.left = 0;
        }
        self.drain
    }
}

/// Where the messages of an outgoing link come from.
#[derive(Debug)]
pub(super) enum Feed {
    /// Answers to requests, encoded.
    Responses(VecDeque<Bytes>),
    /// A queue or subscription.
    Messages { consumer: ConsumerId, queue: QueueId, mode: Mode },
    /// A queue or subscription, when a session has come free; the attach is not answered yet.
    Awaited { consumer: ConsumerId, queue: QueueId, mode: Mode, attach: Box<Attach> },
}

impl Outgoing {
    /// The consumer in the broker, if it has one.
    pub(super) fn consumer(&self) -> Option<ConsumerId> {
        match self.feed {
            Feed::Responses(_) => None,
            Feed::Messages { consumer, .. } | Feed::Awaited { consumer, .. } => Some(consumer),
        }
    }
}

/// An attach as the client sent it.
#[derive(Debug, Clone)]
pub(super) struct Attach {
    pub(super) name: String,
    pub(super) handle: u32,
    pub(super) client_receives: bool,
    pub(super) snd_settle_mode: Value,
    pub(super) rcv_settle_mode: Value,
    pub(super) source: Value,
    pub(super) target: Value,
    pub(super) initial_delivery_count: u32,
    pub(super) properties: Value,
}

impl Attach {
    /// Reads the fields; none if the name or the handle is missing.
    pub(super) fn read(fields: &[Value]) -> Option<Self> {
        Some(Self {
            name: at(fields, 0).text()?.to_owned(),
            handle: at(fields, 1).uint()?,
            client_receives: at(fields, 2).flag()?,
            snd_settle_mode: at(fields, 3).clone(),
            rcv_settle_mode: at(fields, 4).clone(),
            source: at(fields, 5).clone(),
            target: at(fields, 6).clone(),
            initial_delivery_count: at(fields, 9).uint().unwrap_or(0),
            properties: at(fields, 13).clone(),
        })
    }

    /// The address of the broker's end.
    pub(super) fn address(&self) -> &str {
        let terminus = if self.client_receives { &self.source } else { &self.target };
        address(terminus).unwrap_or_default()
    }

    /// How the client receives.
    pub(super) fn mode(&self) -> Mode {
        match self.snd_settle_mode.uint() {
            Some(1) => Mode::ReceiveAndDelete,
            Some(_) | None => Mode::PeekLock,
        }
    }

    /// The session filter, if there is one: its value may be described or not.
    pub(super) fn session_filter(&self) -> Option<&Value> {
        let filters = at(self.source.bare().elements()?, 7).pairs()?;
        let named = |key: &Value| key.text() == Some("com.microsoft:session-filter");
        filters.iter().find(|(key, _)| named(key)).map(|(_, value)| value.bare())
    }
}

/// The address of a source or target.
pub(super) fn address(terminus: &Value) -> Option<&str> {
    at(terminus.bare().elements()?, 0).text()
}
