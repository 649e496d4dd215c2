//! How links, sessions and the connection come to an end.

use super::{
    super::{
        condition::{self, Problem},
        performative::code,
        value::{Ask, at},
    },
    Engine, Step, World,
    link::{Feed, Link},
};
use jiff::Timestamp;
use serde_amqp::Value;
use std::mem;

impl Engine {
    /// Gives up everything the connection holds in the broker.
    pub(crate) fn shut_down(&mut self, world: &mut World<'_>) {
        for consumer in mem::take(&mut self.consumers).into_keys() {
            if self.closing {
                world.broker.close(consumer, world.now);
            } else {
                world.broker.lose(consumer, world.now);
            }
        }
    }

    /// Closes the connection with an error.
    pub(crate) fn close(&mut self, problem: &Problem) -> Step {
        if self.closing {
            return Step::Close;
        }
        self.closing = true;
        if !self.opened {
            self.put_open();
        }
        self.put(0, code::CLOSE, vec![problem.to_value()]);
        Step::Close
    }

    /// Takes back what was said and not written, of which nothing must be known, and closes the
    /// connection with an error.
    pub(crate) fn retract(&mut self, problem: &Problem) {
        self.out.clear();
        self.closing = false;
        self.close(problem);
    }

    /// When the next token expires, by the machine's time.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.grants.next_expiry()
    }

    /// Detaches the links that no token covers any more.
    pub(crate) fn expire_tokens(&mut self, world: &mut World<'_>) {
        self.grants.expire(world.machine);
        let mut uncovered = Vec::new();
        for (channel, session) in &self.sessions {
            let links =
                session.links.iter().filter_map(|(handle, link)| Some((handle, link.node()?)));
            let links = links.filter(|(_, node)| !self.may_attach(node, world));
            uncovered.extend(links.map(|(handle, _)| (*channel, *handle)));
        }
        let words = "ExpiredToken: the token that covered the link has expired.";
        let problem = Problem::new(condition::UNAUTHORIZED, words);
        for (channel, handle) in uncovered {
            self.detach_with(channel, handle, &problem, world);
        }
    }

    /// Ends an AMQP session that has broken the protocol.
    pub(super) fn end_with(&mut self, channel: u16, problem: &Problem, world: &mut World<'_>) {
        self.forget(channel, world);
        self.ended.insert(channel);
        self.put(channel, code::END, vec![problem.to_value()]);
    }

    /// Detaches a link with an error; its consumer is gone.
    pub(super) fn detach_with(
        &mut self,
        channel: u16,
        handle: u32,
        problem: &Problem,
        world: &mut World<'_>,
    ) {
        let link = self.sessions.get_mut(&channel).and_then(|it| it.links.get_mut(&handle));
        let Some(link) = link else { return };
        let link = mem::replace(link, Link::Detached);
        self.release(channel, handle, &link, world);
        self.put_detach(channel, handle, problem.to_value());
    }

    /// Writes a detach that closes.
    pub(super) fn put_detach(&mut self, channel: u16, handle: u32, error: Value) {
        self.put(channel, code::DETACH, vec![Value::Uint(handle), Value::Bool(true), error]);
    }

    /// Closes what a link held in the broker, and forgets what it had unsettled.
    fn release(&mut self, channel: u16, handle: u32, link: &Link, world: &mut World<'_>) {
        let Link::Outgoing(outgoing) = link else { return };
        if let Some(consumer) = outgoing.consumer() {
            self.consumers.remove(&consumer);
            world.broker.close(consumer, world.now);
        }
        if let Some(session) = self.sessions.get_mut(&channel) {
            session.forget(handle);
        }
    }

    /// Drops a session with all its links.
    fn forget(&mut self, channel: u16, world: &mut World<'_>) {
        let Some(mut session) = self.sessions.remove(&channel) else { return };
        session.tell_accepted(channel, &mut self.out);
        for (handle, link) in &session.links {
            self.release(channel, *handle, link, world);
        }
    }

    /// Takes a detach: gives up the link, and answers unless the broker's came first.
    pub(super) fn detach(
        &mut self,
        channel: u16,
        fields: &[Value],
        world: &mut World<'_>,
    ) -> Result<Step, Problem> {
        let handle = at(fields, 0).uint();
        let handle =
            handle.ok_or_else(|| Problem::new(condition::DECODE, "A detach has a handle."))?;
        let Some(session) = self.sessions.get_mut(&channel) else { return Ok(Step::Go) };
        session.tell_accepted(channel, &mut self.out);
        let Some(link) = session.links.remove(&handle) else { return Ok(Step::Go) };
        self.release(channel, handle, &link, world);
        match link {
            Link::Detached => return Ok(Step::Go),
            Link::Outgoing(outgoing) => {
                if let Feed::Awaited { attach, .. } = outgoing.feed {
                    self.put_attach_refused(channel, &attach);
                }
            }
            Link::Incoming(_) => {}
        }
        let closed = at(fields, 1).flag().unwrap_or(false);
        self.put(
            channel,
            code::DETACH,
            vec![Value::Uint(handle), Value::Bool(closed), Value::Null],
        );
        Ok(Step::Go)
    }

    /// Takes an end.
    pub(super) fn end(&mut self, channel: u16, world: &mut World<'_>) {
        if self.sessions.contains_key(&channel) {
            self.forget(channel, world);
            self.ended.insert(channel);
            self.put(channel, code::END, vec![Value::Null]);
        }
    }
}
