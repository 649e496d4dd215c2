//! The broker's end of an AMQP session: windows, delivery-ids, what is unsettled.

use super::link::Link;
use crate::servicebus::{
    amqp::{
        frame::{self, Kind},
        performative::{
            ACCEPTED, State, TRANSFER_OVERHEAD, TransferHead, put_disposition, put_transfer,
        },
    },
    broker::{LockToken, QueueId},
};
use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, VecDeque};

/// Transfers taken before the window is opened again; fe2o3's own window is as wide.
pub(super) const WINDOW: u32 = 5_000;

/// One AMQP session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) links: BTreeMap<u32, Link>,
    pub(super) unsettled: BTreeMap<u32, Unsettled>,
    pub(super) next_incoming_id: u32,
    /// Transfers the client may still send.
    pub(super) incoming_window: u32,
    pub(super) next_outgoing_id: u32,
    /// Transfers the client will still take.
    pub(super) remote_window: u32,
    next_delivery_id: u32,
    /// Transfers of a delivery that the client's window had no room for, without frame header.
    blocked: VecDeque<(u32, Bytes)>,
    /// Deliveries accepted in a row, not told yet.
    accepted: Option<(u32, u32)>,
}

/// A message sent to the client under a lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsettled {
    pub(super) handle: u32,
    pub(super) queue: QueueId,
    pub(super) token: LockToken,
}

impl Session {
    /// A session whose client will send transfers from `next_incoming_id` on.
    pub(super) fn new(next_incoming_id: u32, remote_window: u32) -> Self {
        Self {
            links: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            next_incoming_id,
            incoming_window: WINDOW,
            next_outgoing_id: 0,
            remote_window,
            next_delivery_id: 0,
            blocked: VecDeque::new(),
            accepted: None,
        }
    }

    /// Whether another delivery may be started.
    pub(super) fn has_room(&self) -> bool {
        0 < self.remote_window && self.blocked.is_empty()
    }

    /// Takes account of what the client says of its window.
    pub(super) fn window(&mut self, next_incoming_id: Option<u32>, incoming_window: u32) {
        let seen = next_incoming_id.unwrap_or(0);
        let end = seen.wrapping_add(incoming_window);
        self.remote_window = end.wrapping_sub(self.next_outgoing_id);
        // A window that ends before what was sent already is closed, not huge.
        if u32::MAX / 2 < self.remote_window {
            self.remote_window = 0;
        }
    }

    /// Sends what the window had no room for.
    pub(super) fn unblock(&mut self, channel: u16, out: &mut BytesMut) {
        while 0 < self.remote_window
            && let Some((_, transfer)) = self.blocked.pop_front()
        {
            self.put(channel, &transfer, out);
        }
    }

    /// Sends one delivery, in as many frames as it takes; returns its id.
    pub(super) fn send(
        &mut self,
        channel: u16,
        delivery: Parcel<'_>,
        frame_max: usize,
        out: &mut BytesMut,
    ) -> u32 {
        let id = self.next_delivery_id;
        self.next_delivery_id = id.wrapping_add(1);
        let room = frame_max.saturating_sub(TRANSFER_OVERHEAD).max(1);
        let mut rest = delivery.payload;
        loop {
            let (chunk, behind) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            let Parcel { handle, tag, settled, payload: _ } = delivery;
            let more = !behind.is_empty();
            let head = TransferHead { handle, delivery_id: id, tag, settled, more };
            let put = |out: &mut BytesMut| {
                put_transfer(out, head);
                out.extend_from_slice(chunk);
            };
            if self.has_room() {
                self.sent();
                frame::put(out, Kind::Amqp, channel, put);
            } else {
                let mut transfer = BytesMut::with_capacity(chunk.len() + TRANSFER_OVERHEAD);
                put(&mut transfer);
                self.blocked.push_back((handle, transfer.freeze()));
            }
            rest = behind;
            if !more {
                return id;
            }
        }
    }

    /// Forgets what a link that is gone has unsettled or unsent.
    pub(super) fn forget(&mut self, handle: u32) {
        self.unsettled.retain(|_, unsettled| unsettled.handle != handle);
        self.blocked.retain(|(of, _)| *of != handle);
    }

    /// Notes that a delivery was taken; told together with its neighbours.
    pub(super) fn accept(&mut self, channel: u16, id: u32, out: &mut BytesMut) {
        match &mut self.accepted {
            Some((_, last)) if last.wrapping_add(1) == id => *last = id,
            Some(_) | None => {
                self.tell_accepted(channel, out);
                self.accepted = Some((id, id));
            }
        }
    }

    /// Tells the client which deliveries were taken.
    pub(super) fn tell_accepted(&mut self, channel: u16, out: &mut BytesMut) {
        if let Some(range) = self.accepted.take() {
            frame::put(out, Kind::Amqp, channel, |out| {
                put_disposition(out, true, range, &ACCEPTED);
            });
        }
    }

    /// Tells the client that a delivery was not taken.
    pub(super) fn refuse(&mut self, channel: u16, id: u32, state: &State, out: &mut BytesMut) {
        self.tell_accepted(channel, out);
        frame::put(out, Kind::Amqp, channel, |out| put_disposition(out, true, (id, id), state));
    }

    /// Writes a transfer that had to wait.
    fn put(&mut self, channel: u16, transfer: &[u8], out: &mut BytesMut) {
        self.sent();
        frame::put(out, Kind::Amqp, channel, |out| out.extend_from_slice(transfer));
    }

    /// Accounts for a transfer.
    fn sent(&mut self) {
        self.remote_window = self.remote_window.saturating_sub(1);
        self.next_outgoing_id = self.next_outgoing_id.wrapping_add(1);
    }
}

/// A delivery to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parcel<'a> {
    pub(super) handle: u32,
    pub(super) tag: &'a [u8],
    pub(super) settled: bool,
    pub(super) payload: &'a [u8],
}
