//! Sending to the client: messages and responses, as far as credit and window allow.

use super::{
    Engine, OUT_MAX, World,
    link::{Feed, Link},
    session::{Parcel, Unsettled},
};
use crate::servicebus::{
    broker::{Mode, Room},
    message,
};

impl Engine {
    /// Sends on a link whatever can be sent now, and answers a drain.
    pub(super) fn pump(&mut self, channel: u16, handle: u32, world: &mut World<'_>) {
        let Self { sessions, out, scratch, frame_max, hungry, .. } = self;
        let Some(session) = sessions.get_mut(&channel) else { return };
        let Some(mut link) = session.links.remove(&handle) else { return };
        let mut drained = false;
        if let Link::Outgoing(outgoing) = &mut link {
            let mut exhausted = true;
            match &mut outgoing.feed {
                Feed::Responses(responses) => {
                    while 0 < outgoing.credit
                        && session.has_room()
                        && let Some(payload) = responses.pop_front()
                    {
                        let tag = outgoing.delivery_count.to_be_bytes();
                        let parcel = Parcel { handle, tag: &tag, settled: true, payload: &payload };
                        session.send(channel, parcel, *frame_max, out);
                        outgoing.delivery_count = outgoing.delivery_count.wrapping_add(1);
                        outgoing.credit -= 1;
                    }
                }
                Feed::Messages { consumer, queue, mode } => {
                    let full = !session.has_room() || OUT_MAX <= out.len();
                    let count = if full { 0 } else { outgoing.credit };
                    let settled = *mode == Mode::ReceiveAndDelete;
                    let mut room = if full { Room::Full } else { Room::Left };
                    let (sent, credit) = (&mut outgoing.delivery_count, &mut outgoing.credit);
                    world.broker.receive(*consumer, count, world.now, |delivery| {
                        scratch.clear();
                        message::encode(&delivery.message, &delivery.stamp, scratch);
                        let tag = delivery.token.to_tag();
                        let parcel = Parcel { handle, tag: &tag, settled, payload: scratch };
                        let id = session.send(channel, parcel, *frame_max, out);
                        if !settled {
                            let token = delivery.token;
                            session
                                .unsettled
                                .insert(id, Unsettled { handle, queue: *queue, token });
                        }
                        *sent = sent.wrapping_add(1);
                        *credit -= 1;
                        world.tallies.deliveries_out += 1;
                        room = if session.has_room() && out.len() < OUT_MAX {
                            Room::Left
                        } else {
                            Room::Full
                        };
                        room
                    });
                    if room == Room::Full && 0 < outgoing.credit {
                        exhausted = false;
                        *hungry |= OUT_MAX <= out.len();
                    }
                }
                Feed::Awaited { .. } => exhausted = false,
            }
            if outgoing.drain && exhausted {
                outgoing.delivery_count = outgoing.delivery_count.wrapping_add(outgoing.credit);
                outgoing.credit = 0;
                drained = true;
            }
        }
        session.links.insert(handle, link);
        if drained {
            self.put_flow(channel, Some(handle));
            if let Some(Link::Outgoing(outgoing)) =
                self.sessions.get_mut(&channel).and_then(|it| it.links.get_mut(&handle))
            {
                outgoing.drain = false;
            }
        }
    }
}
