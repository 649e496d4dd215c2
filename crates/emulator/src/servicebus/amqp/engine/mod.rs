//! One connection's protocol state: frames in, frames out, no I/O.
//!
//! The engine keeps what AMQP is about (sessions, links, credit, windows, delivery-ids) and asks
//! the broker for everything else. A frame that breaks the protocol yields a [`Problem`], with
//! which the connection is closed.

mod attach;
mod deliver;
mod dispose;
mod ending;
mod flow;
mod incoming;
mod link;
mod open;
mod requests;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use dispose::properties;
pub(crate) use incoming::{MESSAGE_MAX, new_id};
pub(crate) use open::IDLE_MAX;

use super::{
    cbs::Grants,
    condition::{self, Problem},
    frame::{self, FRAME_MAX, Frame, Kind},
    performative::{self, Performative, code},
    value::{self, described},
};
use crate::{
    faults::Faults,
    servicebus::broker::{Broker, ConnectionId, ConsumerId, Effect},
};
use bytes::BytesMut;
use jiff::Timestamp;
use link::{Attach, Delivered};
use open::CHANNEL_MAX;
use serde::Serialize;
use serde_amqp::Value;
use session::Session;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// Everything outside the connection that handling a frame may touch.
pub(crate) struct World<'a> {
    /// The broker.
    pub(crate) broker: &'a mut Broker,
    /// Faults on demand.
    pub(crate) faults: &'a Faults,
    /// What is counted.
    pub(crate) tallies: &'a mut Tallies,
    /// The emulator's instant.
    pub(crate) now: Timestamp,
    /// The machine's instant, by which clients date their tokens; it is never advanced.
    pub(crate) machine: Timestamp,
}

/// What went over all connections so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tallies {
    /// Deliveries from clients to entities; a batch is one.
    pub(crate) deliveries_in: u64,
    /// Messages in them.
    pub(crate) messages_in: u64,
    /// Deliveries of messages to clients.
    pub(crate) deliveries_out: u64,
    /// Transfer frames from clients, to any node.
    pub(crate) transfers: u64,
    /// Settlements by clients.
    pub(crate) settlements: u64,
    /// Links attached.
    pub(crate) attaches: u64,
    /// Tokens taken by `$cbs`.
    pub(crate) tokens: u64,
}

/// How the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// With the next frame.
    Go,
    /// With [`Engine::resume`], after this pause.
    Pause(Duration),
    /// Not at all, once everything is written.
    Close,
    /// Not at all: what is not written is lost.
    Cut,
}

/// What waits for the end of a [`Step::Pause`].
#[derive(Debug)]
enum Held {
    Attach(u16, Box<Attach>),
    Delivery(u16, u32, Delivered),
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Engine {
    id: ConnectionId,
    out: BytesMut,
    scratch: BytesMut,
    sessions: BTreeMap<u16, Session>,
    /// Channels whose session has ended, by either side; what still comes there is ignored.
    ended: BTreeSet<u16>,
    /// Which link each of its consumers feeds.
    consumers: HashMap<ConsumerId, (u16, u32)>,
    grants: Grants,
    held: Option<Held>,
    opened: bool,
    closing: bool,
    frame_max: usize,
    peer_idle: Option<Duration>,
    /// More could be sent, once what is here has been written.
    hungry: bool,
}

/// Bytes waiting to be written beyond which nothing more is taken from queues.
const OUT_MAX: usize = 256 * 1024;

impl Engine {
    /// The state of a connection whose client has sent its AMQP header. `trusted` if SASL has
    /// shown that the client knows the key.
    pub(crate) fn new(id: ConnectionId, trusted: bool) -> Self {
        Self {
            id,
            out: BytesMut::new(),
            scratch: BytesMut::new(),
            sessions: BTreeMap::new(),
            ended: BTreeSet::new(),
            consumers: HashMap::new(),
            grants: Grants::new(trusted),
            held: None,
            opened: false,
            closing: false,
            frame_max: FRAME_MAX as usize,
            peer_idle: None,
            hungry: false,
        }
    }

    /// What is to be written.
    pub(crate) fn out(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    /// How long the client bears silence.
    pub(crate) fn peer_idle(&self) -> Option<Duration> {
        self.peer_idle
    }

    /// Takes one frame.
    pub(crate) fn frame(&mut self, frame: &Frame, world: &mut World<'_>) -> Step {
        let step = self.dispatch(frame, world);
        step.unwrap_or_else(|problem| self.close(&problem))
    }

    /// Goes on after a pause.
    pub(crate) fn resume(&mut self, world: &mut World<'_>) -> Step {
        match self.held.take() {
            Some(Held::Attach(channel, attach)) => self.attach(channel, *attach, world),
            Some(Held::Delivery(channel, handle, delivered)) => {
                self.take(channel, handle, &delivered, world);
            }
            None => {}
        }
        Step::Go
    }

    /// Takes what the broker says.
    pub(crate) fn effect(&mut self, effect: Effect, world: &mut World<'_>) {
        match effect {
            Effect::Wake(consumer) => match self.consumers.get(&consumer) {
                Some((channel, handle)) => self.pump(*channel, *handle, world),
                None => world.broker.close(consumer, world.now),
            },
            Effect::SessionGranted { consumer, session, until } => {
                self.session_granted(consumer, &session, until, world);
            }
            Effect::SessionWaitOver(consumer) => self.session_wait_over(consumer),
            Effect::SessionLost(consumer) => {
                let words = "The session lock has expired. Accept a new session.";
                let problem = Problem::new(condition::SESSION_LOCK_LOST, words);
                self.dismissed(consumer, &problem);
            }
            Effect::Dismissed(consumer, why) => self.dismissed(consumer, &why.into()),
        }
    }

    /// Completes a batch of frames: tells what was accepted, sends what there is room for.
    pub(crate) fn settle_down(&mut self, world: &mut World<'_>) {
        for (channel, session) in &mut self.sessions {
            session.tell_accepted(*channel, &mut self.out);
        }
        if self.hungry && self.out.len() < OUT_MAX {
            self.hungry = false;
            let links: Vec<_> = self.consumers.values().copied().collect();
            for (channel, handle) in links {
                self.pump(channel, handle, world);
            }
        }
    }

    /// Whether there is more to send as soon as something has been written.
    pub(crate) fn is_hungry(&self) -> bool {
        self.hungry
    }

    /// Writes an empty frame, so that the client knows the broker is there.
    pub(crate) fn heartbeat(&mut self) {
        frame::put(&mut self.out, Kind::Amqp, 0, |_| {});
    }

    /// Sorts a frame by what it says.
    fn dispatch(&mut self, frame: &Frame, world: &mut World<'_>) -> Result<Step, Problem> {
        if frame.kind == Kind::Sasl {
            return Err(Problem::new(condition::FRAMING, "A SASL frame after the AMQP header."));
        }
        if frame.body.is_empty() {
            return Ok(Step::Go);
        }
        let performative = performative::read(&frame.body)?;
        let is_open = matches!(performative, Performative::Rare(code::OPEN, _));
        if self.opened == is_open {
            return Err(Problem::new(
                condition::NOT_ALLOWED,
                "A connection is opened once, first.",
            ));
        }
        self.must_be_served(frame.channel, &performative)?;
        match performative {
            Performative::Transfer(transfer) => self.transfer(frame.channel, transfer, world),
            Performative::Disposition(disposition) => {
                self.disposition(frame.channel, &disposition, world);
                Ok(Step::Go)
            }
            Performative::Rare(code, fields) => self.rare(frame.channel, code, &fields, world),
        }
    }

    /// Refuses what speaks of a session that there never was. What ends something, or settles it,
    /// may cross the broker's own end of it.
    fn must_be_served(&self, channel: u16, performative: &Performative) -> Result<(), Problem> {
        if CHANNEL_MAX < channel {
            let words = format!("Channel {channel} is beyond {CHANNEL_MAX}.");
            return Err(Problem::new(condition::FRAMING, words));
        }
        let needs_session = matches!(
            performative,
            Performative::Transfer(_) | Performative::Rare(code::ATTACH | code::FLOW, _)
        );
        let is_known = self.sessions.contains_key(&channel) || self.ended.contains(&channel);
        if needs_session && !is_known {
            let words = format!("No session has begun on channel {channel}.");
            return Err(Problem::new(condition::NOT_ALLOWED, words));
        }
        Ok(())
    }

    /// Takes one of the performatives that come now and then.
    fn rare(
        &mut self,
        channel: u16,
        code: u64,
        fields: &[Value],
        world: &mut World<'_>,
    ) -> Result<Step, Problem> {
        match code {
            code::OPEN => self.open(fields),
            code::BEGIN => self.begin(channel, fields),
            code::ATTACH => self.on_attach(channel, fields, world),
            code::FLOW => self.flow(channel, fields, world).map(|()| Step::Go),
            code::DETACH => self.detach(channel, fields, world),
            code::END => {
                self.end(channel, world);
                Ok(Step::Go)
            }
            code::CLOSE => {
                self.closing = true;
                self.put(0, code::CLOSE, vec![Value::Null]);
                Ok(Step::Close)
            }
            _ => Err(Problem::new(condition::NOT_ALLOWED, "A SASL performative after SASL.")),
        }
    }

    /// Writes one of the rare performatives.
    fn put(&mut self, channel: u16, code: u64, fields: Vec<Value>) {
        let value = described(code, fields);
        frame::put(&mut self.out, Kind::Amqp, channel, |out| value::encode(&value, out));
    }
}
