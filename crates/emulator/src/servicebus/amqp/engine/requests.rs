//! Requests to `$cbs` and `$management`, and the way of their answers.

use super::{
    super::{
        cbs::{self, Put, TooMany},
        condition::Problem,
        request::{Request, Response},
    },
    Engine, World,
    link::{Feed, Link},
};
use crate::servicebus::broker::Address;

/// Answers of one link that wait for credit; an SDK has a few requests open at most.
const RESPONSES_MAX: usize = 1_000;

impl Engine {
    /// Handles a request to `node`.
    pub(super) fn request(
        &mut self,
        channel: u16,
        node: &Address,
        bytes: &[u8],
        world: &mut World<'_>,
    ) -> Result<(), Problem> {
        let request = Request::read(bytes)?;
        let answer = match node {
            Address::Cbs => self.put_token(&request, world),
            Address::Management(path) => {
                super::super::management::handle(path, &request, self.id, world)
            }
            Address::Entity(_) => return Ok(()),
        };
        let answer = answer.encode(&request);
        if let Some(handle) = self.answer_link(channel, node, request.reply_to.as_deref())
            && let Some(outgoing) = self.outgoing(channel, handle)
            && let Feed::Responses(waiting) = &mut outgoing.feed
            && waiting.len() < RESPONSES_MAX
        {
            waiting.push_back(answer);
            self.pump(channel, handle, world);
        }
        Ok(())
    }

    /// Takes a token, if it is good.
    fn put_token(&mut self, request: &Request, world: &mut World<'_>) -> Response {
        match cbs::put_token(request, world.machine) {
            Put::Taken(grant) => match self.grants.add(grant) {
                Ok(()) => {
                    world.tallies.tokens += 1;
                    Response::token(202, "Accepted")
                }
                Err(TooMany) => Response::token(403, "Too many tokens on one connection."),
            },
            Put::Refused(status, why) => Response::token(status, why),
        }
    }

    /// Where an answer goes: to the link of the same AMQP session that receives from the same
    /// node; the reply-to decides only between several.
    fn answer_link(&self, channel: u16, node: &Address, reply_to: Option<&str>) -> Option<u32> {
        let links = self.sessions.get(&channel)?.links.iter();
        let candidates = links.filter_map(|(handle, link)| match link {
            Link::Outgoing(outgoing) if outgoing.node == *node => Some((*handle, outgoing)),
            Link::Outgoing(_) | Link::Incoming(_) | Link::Detached => None,
        });
        let named = candidates.max_by_key(|(_, outgoing)| {
            reply_to == Some(&*outgoing.name) || reply_to == outgoing.target_address.as_deref()
        });
        named.map(|(handle, _)| handle)
    }
}
