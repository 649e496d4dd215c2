//! The engine against a peer written by hand: every frame that leaves is looked at.

mod cbs;
mod faults;
mod links;
mod protocol;
mod receiving;
mod requests;
mod sending;

use super::{link::Link, *};
use crate::servicebus::{
    amqp::value::{Ask, at, map, named, string, symbol, timestamp},
    broker::Broker,
    message::sample::Sample,
    topology::{QueueSpec, Settings, Topology},
};
use bytes::{BufMut, Bytes};

/// A frame that the engine has written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) channel: u16,
    pub(super) code: u64,
    pub(super) fields: Vec<Value>,
    pub(super) payload: Bytes,
}

impl Seen {
    pub(super) fn field(&self, index: usize) -> &Value {
        at(&self.fields, index)
    }

    /// The condition of the error in a field.
    pub(super) fn condition(&self, index: usize) -> Option<&str> {
        let error = self.field(index).bare().elements()?;
        assert_eq!(error.len(), 3, "azure-servicebus hangs on shorter errors");
        at(error, 0).text()
    }
}

/// A client's end of a connection, and the broker behind it.
pub(super) struct Peer {
    pub(super) engine: Engine,
    pub(super) broker: Broker,
    pub(super) faults: Faults,
    pub(super) tallies: Tallies,
    pub(super) now: Timestamp,
    pub(super) machine: Timestamp,
    next_delivery: u32,
}

/// The channel that all tests use.
pub(super) const CHANNEL: u16 = 3;

impl Peer {
    /// A connection just past SASL, to a broker with queues `q` and `s` (with sessions).
    pub(super) fn new(trusted: bool) -> Self {
        let queue = |name: &str, requires_session| QueueSpec {
            name: name.to_owned(),
            settings: Settings { requires_session, ..Settings::default() },
            duplicates: None,
        };
        let queues = vec![queue("q", false), queue("s", true)];
        Self {
            engine: Engine::new(ConnectionId(1), trusted),
            broker: Broker::new(&Topology { queues, ..Topology::shop() }),
            faults: Faults::default(),
            tallies: Tallies::default(),
            now: Timestamp::UNIX_EPOCH,
            machine: Timestamp::UNIX_EPOCH,
            next_delivery: 0,
        }
    }

    /// The same with the connection open and one session begun.
    pub(super) fn begun() -> Self {
        Self::begun_with(65_536, 5_000)
    }

    /// The same with limits of the client's own.
    pub(super) fn begun_with(frame_max: u32, window: u32) -> Self {
        let mut peer = Self::new(true);
        peer.send(0, code::OPEN, vec![string("me"), Value::Null, Value::Uint(frame_max)]);
        let window = Value::Uint(window);
        peer.send(CHANNEL, code::BEGIN, vec![Value::Null, Value::Uint(0), window.clone(), window]);
        peer.seen();
        peer
    }

    /// Hands the engine a frame; does what the broker asks for because of it.
    pub(super) fn frame(&mut self, channel: u16, body: BytesMut) -> Step {
        let frame = Frame { kind: Kind::Amqp, channel, body: body.freeze() };
        self.with(|engine, world| {
            let step = engine.frame(&frame, world);
            engine.settle_down(world);
            step
        })
    }

    pub(super) fn with<T>(&mut self, work: impl FnOnce(&mut Engine, &mut World<'_>) -> T) -> T {
        let Self { engine, broker, faults, tallies, now, machine, .. } = self;
        let mut world = World { broker, faults, tallies, now: *now, machine: *machine };
        let result = work(engine, &mut world);
        for (_, effect) in world.broker.take_effects() {
            engine.effect(effect, &mut world);
        }
        result
    }

    pub(super) fn send(&mut self, channel: u16, code: u64, fields: Vec<Value>) -> Step {
        let mut body = BytesMut::new();
        value::encode(&described(code, fields), &mut body);
        self.frame(channel, body)
    }

    /// Sends a whole delivery on a link; returns its id.
    pub(super) fn transfer(&mut self, handle: u32, message: &[u8]) -> u32 {
        self.transfer_as(handle, Value::Uint(0), message)
    }

    /// The same with a message-format.
    pub(super) fn transfer_as(&mut self, handle: u32, format: Value, message: &[u8]) -> u32 {
        let id = self.next_delivery;
        self.next_delivery += 1;
        self.part((handle, Some(id)), format, false, message);
        id
    }

    /// Sends one frame of a delivery.
    pub(super) fn part(
        &mut self,
        (handle, id): (u32, Option<u32>),
        format: Value,
        more: bool,
        payload: &[u8],
    ) -> Step {
        let id = id.map_or(Value::Null, Value::Uint);
        let tag = Value::Binary(vec![1].into());
        let flags = [Value::Bool(false), Value::Bool(more)];
        let mut fields = vec![Value::Uint(handle), id, tag, format];
        fields.extend(flags);
        let mut body = BytesMut::new();
        value::encode(&described(code::TRANSFER, fields), &mut body);
        body.put_slice(payload);
        self.frame(CHANNEL, body)
    }

    /// Attaches a link on which the client sends to `address`.
    pub(super) fn attach_sender(&mut self, handle: u32, address: &str) {
        self.attach((handle, false), source("client"), target(address), Value::Null);
    }

    /// Attaches a link on which the client receives from `address`, peek-lock.
    pub(super) fn attach_receiver(&mut self, handle: u32, address: &str) {
        self.attach((handle, true), source(address), target("client"), Value::Null);
    }

    /// Attaches a link on which the client receives from a session of `address`.
    pub(super) fn attach_session(&mut self, handle: u32, address: &str, session: Value) {
        let mut fields = vec![Value::Null; 8];
        fields[0] = string(address);
        fields[7] = map([(symbol("com.microsoft:session-filter"), session)]);
        let timeout = map([(symbol("com.microsoft:timeout"), Value::Uint(5_000))]);
        self.attach((handle, true), described(0x28, fields), target("client"), timeout);
    }

    fn attach(
        &mut self,
        (handle, receives): (u32, bool),
        source: Value,
        target: Value,
        more: Value,
    ) {
        let modes = [Value::Ubyte(0), Value::Ubyte(1)];
        let mut fields = vec![string(format!("link-{handle}")), Value::Uint(handle)];
        fields.push(Value::Bool(receives));
        fields.extend(modes);
        fields.extend([source, target, Value::Null, Value::Null, Value::Uint(0)]);
        fields.extend([Value::Null, Value::Null, Value::Null, more]);
        self.send(CHANNEL, code::ATTACH, fields);
    }

    /// Grants credit on a link, from what was delivered so far.
    pub(super) fn grant(&mut self, handle: u32, delivered: u32, credit: u32, drain: bool) {
        self.flow((0, 5_000), (handle, delivered, credit), drain);
    }

    /// Sends a flow with the client's session window.
    pub(super) fn flow(
        &mut self,
        (next_incoming_id, window): (u32, u32),
        (handle, delivered, credit): (u32, u32, u32),
        drain: bool,
    ) {
        let numbers = [next_incoming_id, window, 0, 5_000, handle, delivered, credit];
        let mut fields: Vec<_> = numbers.map(Value::Uint).into();
        fields.extend([Value::Null, Value::Bool(drain)]);
        self.send(CHANNEL, code::FLOW, fields);
    }

    /// Settles deliveries as a receiver.
    pub(super) fn dispose(&mut self, (first, last): (u32, u32), settled: bool, state: Value) {
        let numbers = [Value::Bool(true), Value::Uint(first), Value::Uint(last)];
        let mut fields: Vec<_> = numbers.into();
        fields.extend([Value::Bool(settled), state]);
        self.send(CHANNEL, code::DISPOSITION, fields);
    }

    /// Lets time pass, and the broker do what has fallen due.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.with(|_, world| world.broker.tick(world.now));
    }

    /// Puts messages into `q` behind the engine's back.
    pub(super) fn enqueue(&mut self, path: &str, samples: impl IntoIterator<Item = Sample>) {
        let messages = samples.into_iter().map(|sample| sample.message()).collect();
        self.with(|_, world| {
            let target = world.broker.target(path).expect("it may be sent to");
            world.broker.send(target, messages, world.now).expect("it may enter");
        });
    }

    /// Every frame written since the last call.
    pub(super) fn seen(&mut self) -> Vec<Seen> {
        let out = self.engine.out();
        let mut frames = Vec::new();
        while let Some(frame) = frame::next(out).expect("sound frames leave") {
            let (performative, length) = value::decode(&frame.body).expect("a value");
            let fields = performative.bare().elements().expect("a list").to_vec();
            let code = performative.code().expect("a code");
            let payload = frame.body.slice(length..);
            frames.push(Seen { channel: frame.channel, code, fields, payload });
        }
        assert!(out.is_empty(), "half a frame was written");
        frames
    }

    /// The one frame written since the last call.
    pub(super) fn only(&mut self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// The codes of all frames written since the last call.
    pub(super) fn codes(&mut self) -> Vec<u64> {
        self.seen().iter().map(|seen| seen.code).collect()
    }

    /// One of the counts of a queue.
    pub(super) fn count(&self, entity: &str, what: &str) -> u64 {
        self.broker.report()[entity][what].as_u64().expect("it is counted")
    }
}

pub(super) fn source(address: &str) -> Value {
    described(0x28, vec![string(address)])
}

pub(super) fn target(address: &str) -> Value {
    described(0x29, vec![string(address)])
}

/// A delivery state.
pub(super) fn accepted() -> Value {
    described(code::ACCEPTED, vec![])
}

/// A batch of messages `0` to `count` for a queue.
pub(super) fn samples(count: usize) -> impl Iterator<Item = Sample> {
    (0..count).map(|index| Sample::new(&index.to_string()))
}
