//! Attaching links: to entities, to sessions, to `$cbs` and `$management`.

use super::{
    super::{
        condition::{self, Problem},
        performative::code,
        value::{Ask, described, map, string, symbol},
    },
    Engine, Held, Step, World,
    incoming::{MESSAGE_MAX, fault, pause},
    link::{Attach, CREDIT, Credit, Feed, Incoming, Link, Outgoing, address},
    open::HANDLE_MAX,
};
use crate::{
    faults::{ServiceBusAction, ServiceBusOperation},
    servicebus::broker::{
        Accepted, Address, ConsumerId, Hold, QueueId, Target, Want, transfers_of,
    },
};
use jiff::{SignedDuration, Timestamp};
use serde_amqp::Value;
use std::{collections::VecDeque, mem, sync::Arc};

/// How long a receiver waits for any session if it does not say, as Azure has it.
const SESSION_WAIT: SignedDuration = SignedDuration::from_secs(65);

/// .NET counts ticks of 100 ns from year 1; this is 1970.
const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;

impl Engine {
    /// Takes an attach: lets a fault meet it, or attaches.
    pub(super) fn on_attach(
        &mut self,
        channel: u16,
        fields: &[Value],
        world: &mut World<'_>,
    ) -> Result<Step, Problem> {
        let attach = Attach::read(fields);
        let attach = attach.ok_or_else(|| {
            Problem::new(condition::DECODE, "An attach has name, handle and role.")
        })?;
        let Some(session) = self.sessions.get_mut(&channel) else { return Ok(Step::Go) };
        if HANDLE_MAX < attach.handle {
            let words = format!("Handle {} is beyond {HANDLE_MAX}.", attach.handle);
            return Err(Problem::new(condition::FRAMING, words));
        }
        if session.links.contains_key(&attach.handle) {
            let words = format!("Handle {} is in use.", attach.handle);
            self.end_with(channel, &Problem::new(condition::HANDLE_IN_USE, words), world);
            return Ok(Step::Go);
        }
        let Address::Entity(path) = Address::parse(attach.address()) else {
            self.attach(channel, attach, world);
            return Ok(Step::Go);
        };
        let Some(rule) = world.faults.servicebus(ServiceBusOperation::Attach, &path) else {
            self.attach(channel, attach, world);
            return Ok(Step::Go);
        };
        let problem = fault(&rule);
        Ok(match rule.action {
            ServiceBusAction::ServerBusy | ServiceBusAction::Reject | ServiceBusAction::Detach => {
                self.refuse_attach(channel, &attach, &problem);
                Step::Go
            }
            ServiceBusAction::Close => self.close(&problem),
            ServiceBusAction::DropAfter => {
                self.attach(channel, attach, world);
                Step::Cut
            }
            ServiceBusAction::Delay => {
                self.held = Some(Held::Attach(channel, Box::new(attach)));
                Step::Pause(pause(&rule))
            }
        })
    }

    /// Attaches the link, or says why not.
    pub(super) fn attach(&mut self, channel: u16, attach: Attach, world: &mut World<'_>) {
        world.tallies.attaches += 1;
        let node = Address::parse(attach.address());
        let attached = match &node {
            Address::Entity(_) | Address::Management(_) if !self.may_attach(&node, world) => {
                let words = format!("No valid token was put for '{}'.", attach.address());
                Err(Problem::new(condition::UNAUTHORIZED, words))
            }
            Address::Entity(path) if attach.client_receives => {
                self.attach_receiver(channel, path, &attach, world)
            }
            Address::Entity(path) => {
                let target = world.broker.target(path).map_err(Problem::from);
                target.map(|target| self.attach_sender(channel, node, Some(target), &attach))
            }
            Address::Management(path) => {
                let path = transfers_of(path).unwrap_or(path);
                let entity = world.broker.entity(path).map_err(Problem::from);
                entity.map(|_| self.attach_request_link(channel, node, &attach))
            }
            Address::Cbs => {
                self.attach_request_link(channel, node, &attach);
                Ok(())
            }
        };
        if let Err(problem) = attached {
            self.refuse_attach(channel, &attach, &problem);
        }
    }

    /// Whether a token covers the node, by its own path or one above it.
    pub(super) fn may_attach(&self, node: &Address, world: &World<'_>) -> bool {
        match node {
            Address::Cbs => true,
            Address::Entity(path) => self.grants.cover(path, world.machine),
            Address::Management(path) => {
                self.grants.cover(&format!("{path}/$management"), world.machine)
            }
        }
    }

    /// Attaches one of the two links of `$cbs` or `$management`.
    fn attach_request_link(&mut self, channel: u16, node: Address, attach: &Attach) {
        if attach.client_receives {
            let link = outgoing(node, attach, Feed::Responses(VecDeque::new()));
            self.insert(channel, attach.handle, Link::Outgoing(link));
            self.put_attached(channel, attach, None);
        } else {
            self.attach_sender(channel, node, None, attach);
        }
    }

    /// Attaches a link on which the client sends, and gives it credit.
    fn attach_sender(
        &mut self,
        channel: u16,
        node: Address,
        target: Option<Target>,
        attach: &Attach,
    ) {
        let delivery_count = attach.initial_delivery_count;
        let link = Incoming { node, target, delivery_count, credit: CREDIT, partial: None };
        self.insert(channel, attach.handle, Link::Incoming(link));
        self.put_attached(channel, attach, None);
        self.put_flow(channel, Some(attach.handle));
    }

    /// Attaches a link on which the client receives messages, with or without a session.
    fn attach_receiver(
        &mut self,
        channel: u16,
        path: &str,
        attach: &Attach,
        world: &mut World<'_>,
    ) -> Result<(), Problem> {
        let node = Address::Entity(path.to_owned());
        if let Some(entity) = transfers_of(path) {
            world.broker.source(entity)?;
            self.attach_request_link(channel, node, attach);
            return Ok(());
        }
        let queue = world.broker.source(path)?;
        let mode = attach.mode();
        let Some(filter) = attach.session_filter() else {
            let consumer =
                world.broker.open(Want { connection: self.id, queue, mode }, world.now)?;
            let feed = Feed::Messages { consumer, queue, mode };
            self.link_consumer(channel, consumer, outgoing(node, attach, feed), attach.handle);
            self.put_attached(channel, attach, None);
            return Ok(());
        };
        let accepted = self.open_session(queue, filter, attach, world)?;
        let (consumer, feed, hold) = match accepted {
            Accepted::Held(consumer, hold) => {
                (consumer, Feed::Messages { consumer, queue, mode }, Some(hold))
            }
            Accepted::Waiting(consumer) => {
                let attach = Box::new(attach.clone());
                (consumer, Feed::Awaited { consumer, queue, mode, attach }, None)
            }
        };
        self.link_consumer(channel, consumer, outgoing(node, attach, feed), attach.handle);
        if hold.is_some() {
            self.put_attached(channel, attach, hold);
        }
        Ok(())
    }

    /// Asks the broker for the session that the filter names, or for any.
    fn open_session(
        &mut self,
        queue: QueueId,
        filter: &Value,
        attach: &Attach,
        world: &mut World<'_>,
    ) -> Result<Accepted, Problem> {
        let (broker, now) = (&mut *world.broker, world.now);
        let want = Want { connection: self.id, queue, mode: attach.mode() };
        if let Some(session) = filter.text() {
            return Ok(broker.open_session(want, &Arc::from(session), now)?);
        }
        let patience = attach.properties.entry("com.microsoft:timeout").integer();
        let patience = patience.map_or(SESSION_WAIT, SignedDuration::from_millis);
        let deadline = now.checked_add(patience).unwrap_or(Timestamp::MAX);
        Ok(broker.open_next_session(want, deadline, now)?)
    }

    /// Enters a link that a consumer of the broker feeds.
    fn link_consumer(&mut self, channel: u16, consumer: ConsumerId, link: Outgoing, handle: u32) {
        self.consumers.insert(consumer, (channel, handle));
        self.insert(channel, handle, Link::Outgoing(link));
    }

    /// A session has come free for a link that waits.
    pub(super) fn session_granted(
        &mut self,
        consumer: ConsumerId,
        session: &Arc<str>,
        until: Timestamp,
        world: &mut World<'_>,
    ) {
        let Some((channel, handle)) = self.consumers.get(&consumer).copied() else {
            world.broker.close(consumer, world.now);
            return;
        };
        let Some(outgoing) = self.outgoing(channel, handle) else { return };
        let Feed::Awaited { queue, mode, .. } = outgoing.feed else { return };
        let feed = mem::replace(&mut outgoing.feed, Feed::Messages { consumer, queue, mode });
        if let Feed::Awaited { attach, .. } = feed {
            let hold = Hold { session: Arc::clone(session), until };
            self.put_attached(channel, &attach, Some(hold));
            self.pump(channel, handle, world);
        }
    }

    /// No session came free in time for a link that waits.
    pub(super) fn session_wait_over(&mut self, consumer: ConsumerId) {
        let Some((channel, handle)) = self.consumers.remove(&consumer) else { return };
        let link = self.sessions.get_mut(&channel).and_then(|it| it.links.remove(&handle));
        let Some(Link::Outgoing(outgoing)) = link else { return };
        if let Feed::Awaited { attach, .. } = outgoing.feed {
            let words = "The operation did not complete within the allotted timeout: no session \
                         is available.";
            self.refuse_attach(channel, &attach, &Problem::new(condition::TIMEOUT, words));
        }
    }

    /// A link has lost its consumer.
    pub(super) fn dismissed(&mut self, consumer: ConsumerId, problem: &Problem) {
        let Some((channel, handle)) = self.consumers.remove(&consumer) else { return };
        let Some(session) = self.sessions.get_mut(&channel) else { return };
        let Some(link) = session.links.get_mut(&handle) else { return };
        let link = mem::replace(link, Link::Detached);
        session.forget(handle);
        match link {
            Link::Outgoing(Outgoing { feed: Feed::Awaited { attach, .. }, .. }) => {
                self.refuse_attach(channel, &attach, problem);
            }
            Link::Outgoing(_) | Link::Incoming(_) | Link::Detached => {
                self.put_detach(channel, handle, problem.to_value());
            }
        }
    }

    /// Answers an attach that failed: without the broker's terminus, then a detach.
    fn refuse_attach(&mut self, channel: u16, attach: &Attach, problem: &Problem) {
        self.put_attach_refused(channel, attach);
        self.insert(channel, attach.handle, Link::Detached);
        self.put_detach(channel, attach.handle, problem.to_value());
    }

    /// An attach without the broker's terminus.
    pub(super) fn put_attach_refused(&mut self, channel: u16, attach: &Attach) {
        let ends = if attach.client_receives {
            (Value::Null, attach.target.clone())
        } else {
            (attach.source.clone(), Value::Null)
        };
        self.put_attach(channel, attach, ends, Value::Null);
    }

    /// The attach of a link that stands, in a session if the client asked for one.
    fn put_attached(&mut self, channel: u16, attach: &Attach, hold: Option<Hold>) {
        let mut source = terminus(&attach.source, 0x28, 11);
        let mut properties = attach.properties.clone();
        if let Some(Hold { session, until }) = hold {
            let filter = (symbol("com.microsoft:session-filter"), string(&*session));
            if let Some(field) = source.get_mut(7) {
                *field = map([filter]);
            }
            let ticks = until.as_microsecond().saturating_mul(10).saturating_add(UNIX_EPOCH_TICKS);
            let until = (symbol("com.microsoft:locked-until-utc"), Value::Long(ticks));
            properties = map([until]);
        }
        let target = described(0x29, terminus(&attach.target, 0x29, 7));
        self.put_attach(channel, attach, (described(0x28, source), target), properties);
    }

    /// Writes an attach with these ends; the rest echoes the client's.
    fn put_attach(
        &mut self,
        channel: u16,
        attach: &Attach,
        (source, target): (Value, Value),
        properties: Value,
    ) {
        let initial = if attach.client_receives { Value::Uint(0) } else { Value::Null };
        let fields = vec![
            string(&*attach.name),
            Value::Uint(attach.handle),
            Value::Bool(!attach.client_receives),
            attach.snd_settle_mode.clone(),
            attach.rcv_settle_mode.clone(),
            source,
            target,
            Value::Null,
            Value::Bool(false),
            initial,
            Value::Ulong(MESSAGE_MAX as u64),
            Value::Null,
            Value::Null,
            properties,
        ];
        self.put(channel, code::ATTACH, fields);
    }

    /// Enters a link.
    fn insert(&mut self, channel: u16, handle: u32, link: Link) {
        if let Some(session) = self.sessions.get_mut(&channel) {
            session.links.insert(handle, link);
        }
    }

    /// An outgoing link.
    pub(super) fn outgoing(&mut self, channel: u16, handle: u32) -> Option<&mut Outgoing> {
        match self.sessions.get_mut(&channel)?.links.get_mut(&handle)? {
            Link::Outgoing(outgoing) => Some(outgoing),
            Link::Incoming(_) | Link::Detached => None,
        }
    }
}

/// An outgoing link without credit.
fn outgoing(node: Address, attach: &Attach, feed: Feed) -> Outgoing {
    Outgoing {
        name: attach.name.clone(),
        node,
        target_address: address(&attach.target).map(str::to_owned),
        feed,
        credit: Credit::default(),
    }
}

/// The fields of a source or target as the client sent it, in full length.
fn terminus(sent: &Value, code: u64, length: usize) -> Vec<Value> {
    let sent = (sent.code() == Some(code)).then(|| sent.bare().elements()).flatten();
    let mut fields = sent.map(<[Value]>::to_vec).unwrap_or_default();
    fields.resize(length, Value::Null);
    fields
}
