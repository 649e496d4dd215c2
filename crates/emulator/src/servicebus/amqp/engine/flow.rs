//! Credit and windows.

use super::{
    super::{
        condition::{self, Problem},
        performative::code,
        value::{Ask, at, due, uint_or_null},
    },
    Engine, World,
    link::{CREDIT, Link},
    session::WINDOW,
};
use serde_amqp::Value;

impl Engine {
    /// Takes a flow: the session's window, and a link's credit.
    pub(super) fn flow(
        &mut self,
        channel: u16,
        fields: &[Value],
        world: &mut World<'_>,
    ) -> Result<(), Problem> {
        let seen = uint_or_null(fields, 0, "next-incoming-id of a flow")?;
        let window = due(fields, 1, "incoming-window of a flow")?;
        let handle = uint_or_null(fields, 4, "handle of a flow")?;
        let Some(session) = self.sessions.get_mut(&channel) else { return Ok(()) };
        let was_full = !session.has_room();
        session.window(seen, window);
        session.unblock(channel, &mut self.out);
        if was_full && session.has_room() {
            self.hungry = true;
        }
        let echo = at(fields, 9).flag().unwrap_or(false);
        let Some(handle) = handle else {
            if echo {
                self.put_flow(channel, None);
            }
            return Ok(());
        };
        let Some(link) = session.links.get_mut(&handle) else {
            let problem = Problem::new(condition::UNATTACHED, "A flow for a handle not attached.");
            self.end_with(channel, &problem, world);
            return Ok(());
        };
        if let Link::Outgoing(outgoing) = link {
            let seen = uint_or_null(fields, 5, "delivery-count of a flow")?;
            let credit = uint_or_null(fields, 6, "link-credit of a flow")?;
            let drain = at(fields, 8).flag().unwrap_or(false);
            outgoing.credit.grant(seen, credit.unwrap_or(0), drain);
            self.pump(channel, handle, world);
        }
        if echo {
            self.put_flow(channel, Some(handle));
        }
        Ok(())
    }

    /// Gives a sending client credit again when half of it is used.
    pub(super) fn replenish(&mut self, channel: u16, handle: u32) {
        let Some(session) = self.sessions.get_mut(&channel) else { return };
        let narrow = session.incoming_window < WINDOW / 2;
        let Some(Link::Incoming(incoming)) = session.links.get_mut(&handle) else { return };
        if incoming.credit <= CREDIT / 2 || narrow {
            incoming.credit = CREDIT;
            self.put_flow(channel, Some(handle));
        }
    }

    /// Tells the session's window and, for a link, its credit.
    pub(super) fn put_flow(&mut self, channel: u16, handle: Option<u32>) {
        let Some(session) = self.sessions.get_mut(&channel) else { return };
        session.incoming_window = WINDOW;
        let link = handle.and_then(|handle| session.links.get(&handle));
        let (delivery_count, credit, drain) = match link {
            Some(Link::Incoming(it)) => (Some(it.delivery_count), Some(it.credit), false),
            Some(Link::Outgoing(it)) => {
                (Some(it.credit.delivery_count), Some(it.credit.left), it.credit.drain)
            }
            Some(Link::Detached) | None => (None, None, false),
        };
        let uint = |number: Option<u32>| number.map_or(Value::Null, Value::Uint);
        let fields = vec![
            Value::Uint(session.next_incoming_id),
            Value::Uint(session.incoming_window),
            Value::Uint(session.next_outgoing_id),
            Value::Uint(WINDOW),
            uint(handle.filter(|_| credit.is_some())),
            uint(delivery_count),
            uint(credit),
            Value::Null,
            Value::Bool(drain),
            Value::Bool(false),
            Value::Null,
        ];
        self.put(channel, code::FLOW, fields);
    }
}
