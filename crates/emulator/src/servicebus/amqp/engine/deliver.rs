//! Sending to the client: messages and responses, as far as credit and window allow.

use super::{
    Engine, OUT_MAX, Tallies, World,
    link::{Credit, Feed, Link, Outgoing},
    session::{Parcel, Session, Unsettled},
};
use crate::servicebus::{
    broker::{Broker, ConsumerId, Delivery, Mode, QueueId, Room},
    message,
};
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use std::collections::VecDeque;

/// Why sending stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// There is nothing more to send, or no credit.
    Exhausted,
    /// The client's window is full; its next flow goes on.
    Window,
    /// Enough waits to be written; the end of that goes on.
    Output,
}

/// The way to the client on one link.
struct Way<'a> {
    channel: u16,
    handle: u32,
    session: &'a mut Session,
    credit: &'a mut Credit,
    out: &'a mut BytesMut,
    scratch: &'a mut BytesMut,
    frame_max: usize,
}

impl Engine {
    /// Sends on a link whatever can be sent now, and answers a drain.
    pub(super) fn pump(&mut self, channel: u16, handle: u32, world: &mut World<'_>) {
        let Some(session) = self.sessions.get_mut(&channel) else { return };
        let Some(mut link) = session.links.remove(&handle) else { return };
        let mut drained = false;
        if let Link::Outgoing(Outgoing { feed, credit, .. }) = &mut link {
            let (out, scratch, frame_max) = (&mut self.out, &mut self.scratch, self.frame_max);
            let mut way = Way { channel, handle, session, credit, out, scratch, frame_max };
            let stop = match feed {
                Feed::Responses(responses) => way.respond(responses),
                Feed::Messages { consumer, queue, mode } => {
                    way.deliver(*consumer, *queue, *mode, world)
                }
                Feed::Awaited { .. } => Stop::Window,
            };
            self.hungry |= stop == Stop::Output;
            drained = stop == Stop::Exhausted && credit.exhaust();
        }
        if let Some(session) = self.sessions.get_mut(&channel) {
            session.links.insert(handle, link);
        }
        if drained {
            self.put_flow(channel, Some(handle));
            if let Some(outgoing) = self.outgoing(channel, handle) {
                outgoing.credit.drain = false;
            }
        }
    }
}

impl Way<'_> {
    /// Sends answers that wait.
    fn respond(&mut self, responses: &mut VecDeque<Bytes>) -> Stop {
        while 0 < self.credit.left && !responses.is_empty() {
            if !self.session.has_room() {
                return Stop::Window;
            }
            let Some(payload) = responses.pop_front() else { break };
            let tag = self.credit.delivery_count.to_be_bytes();
            let parcel =
                Parcel { handle: self.handle, tag: &tag, settled: true, payload: &payload };
            self.session.send(self.channel, parcel, self.frame_max, self.out);
            self.credit.spend();
        }
        Stop::Exhausted
    }

    /// Sends messages of the queue.
    fn deliver(
        &mut self,
        consumer: ConsumerId,
        queue: QueueId,
        mode: Mode,
        world: &mut World<'_>,
    ) -> Stop {
        let World { broker, tallies, now, .. } = world;
        let stop = self.stop();
        let count = if stop == Stop::Exhausted { self.credit.left } else { 0 };
        self.hand_over((broker, *now), (consumer, queue, mode), count, tallies);
        if self.credit.left == 0 { Stop::Exhausted } else { self.stop() }
    }

    /// Has the broker hand out up to `count` messages.
    fn hand_over(
        &mut self,
        (broker, now): (&mut Broker, Timestamp),
        (consumer, queue, mode): (ConsumerId, QueueId, Mode),
        count: u32,
        tallies: &mut Tallies,
    ) {
        broker.receive(consumer, count, now, |delivery| {
            self.send(queue, mode, &delivery);
            tallies.deliveries_out += 1;
            if self.stop() == Stop::Exhausted { Room::Left } else { Room::Full }
        });
    }

    /// Sends one message and remembers it until it is settled.
    fn send(&mut self, queue: QueueId, mode: Mode, delivery: &Delivery) {
        self.scratch.clear();
        message::encode(&delivery.message, &delivery.stamp, self.scratch);
        let (handle, token) = (self.handle, delivery.token);
        let settled = mode == Mode::ReceiveAndDelete;
        let parcel = Parcel { handle, tag: &token.to_tag(), settled, payload: self.scratch };
        let id = self.session.send(self.channel, parcel, self.frame_max, self.out);
        if !settled {
            self.session.unsettled.insert(id, Unsettled { handle, queue, token });
        }
        self.credit.spend();
    }

    /// What keeps the next delivery from being sent; `Exhausted` if nothing does.
    fn stop(&self) -> Stop {
        if !self.session.has_room() {
            Stop::Window
        } else if OUT_MAX <= self.out.len() {
            Stop::Output
        } else {
            Stop::Exhausted
        }
    }
}
