//! Settlements by the client.

use super::{
    super::{
        condition::Problem,
        frame::{self, Kind},
        performative::{Disposition, State, code, put_disposition, rejected},
        value::{Ask, at},
    },
    Engine, World,
};
use crate::servicebus::broker::{Properties, Settlement};
use bytes::BytesMut;
use serde_amqp::Value;

impl Engine {
    /// Takes a disposition: settles each delivery of the range that is unsettled, and confirms.
    pub(super) fn disposition(
        &mut self,
        channel: u16,
        disposition: &Disposition,
        world: &mut World<'_>,
    ) {
        let Some(session) = self.sessions.get_mut(&channel) else { return };
        let Disposition { first, last, settled, .. } = *disposition;
        let is_final = disposition.state.as_ref().is_some_and(|(code, _)| is_outcome(*code));
        if !disposition.from_receiver || last < first || !(settled || is_final) {
            return;
        }
        let ids: Vec<u32> = session.unsettled.range(first..=last).map(|(id, _)| *id).collect();
        let mut replies = Replies { channel, state: echo(disposition), run: None };
        for id in ids {
            let Some(unsettled) = session.unsettled.remove(&id) else { continue };
            world.tallies.settlements += 1;
            let settlement = settlement(disposition);
            let done = world.broker.settle(unsettled.queue, unsettled.token, settlement, world.now);
            match done {
                _ if settled => {}
                Ok(()) => replies.add(id, &mut self.out),
                Err(refusal) => {
                    let state = rejected(Problem::from(refusal).to_value());
                    replies.put((id, id), &state, &mut self.out);
                }
            }
        }
        replies.finish(&mut self.out);
    }
}

/// Replies with the same outcome, joined into ranges.
struct Replies {
    channel: u16,
    state: State,
    run: Option<(u32, u32)>,
}

impl Replies {
    /// Adds a delivery to the current range, or starts the next.
    fn add(&mut self, id: u32, out: &mut BytesMut) {
        match &mut self.run {
            Some((_, last)) if last.wrapping_add(1) == id => *last = id,
            Some(_) | None => {
                self.finish(out);
                self.run = Some((id, id));
            }
        }
    }

    /// Writes the current range.
    fn finish(&mut self, out: &mut BytesMut) {
        if let Some(range) = self.run.take() {
            self.put(range, &self.state, out);
        }
    }

    /// Writes a disposition.
    fn put(&self, range: (u32, u32), state: &State, out: &mut BytesMut) {
        frame::put(out, Kind::Amqp, self.channel, |out| put_disposition(out, false, range, state));
    }
}

/// Whether a delivery state is final.
fn is_outcome(code: u64) -> bool {
    (code::ACCEPTED..=code::MODIFIED).contains(&code)
}

/// The outcome as the SDKs want it back: without what came with it.
fn echo(disposition: &Disposition) -> State {
    let code = disposition.state.as_ref().map_or(code::ACCEPTED, |(code, _)| *code);
    State::Bare(u8::try_from(code).unwrap_or(0x24))
}

/// What a delivery state means for the message. Settling without a state gives it back.
fn settlement(disposition: &Disposition) -> Settlement {
    let Some((code, fields)) = &disposition.state else { return Settlement::Abandon(Vec::new()) };
    match *code {
        code::ACCEPTED => Settlement::Complete,
        code::REJECTED => dead_letter(at(fields, 0)),
        code::MODIFIED => {
            let properties = properties(at(fields, 2));
            match at(fields, 1).flag() {
                Some(true) => Settlement::Defer(properties),
                Some(false) | None => Settlement::Abandon(properties),
            }
        }
        _ => Settlement::Release,
    }
}

/// What a rejection's error says of the dead letter: reason and words stand in its info.
fn dead_letter(error: &Value) -> Settlement {
    let fields = error.bare().elements().unwrap_or_default();
    let info = at(fields, 2);
    let description = at(fields, 1).text().map(str::to_owned);
    let reason = info.entry(REASON).text().map(str::to_owned);
    let described = info.entry(DESCRIPTION).text().map(str::to_owned);
    let mut properties = properties(info);
    properties.retain(|(key, _)| key != REASON && key != DESCRIPTION);
    Settlement::DeadLetter { reason, description: described.or(description), properties }
}

/// The pairs of a map whose keys are strings or symbols.
pub(crate) fn properties(map: &Value) -> Properties {
    let pairs = map.pairs().into_iter().flat_map(|pairs| pairs.iter());
    pairs.filter_map(|(key, value)| Some((key.text()?.to_owned(), value.clone()))).collect()
}

/// Key of the reason, in the info and among the application properties.
const REASON: &str = "DeadLetterReason";
/// Key of the words, likewise.
const DESCRIPTION: &str = "DeadLetterErrorDescription";
