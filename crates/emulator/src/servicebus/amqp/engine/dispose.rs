//! Settlements by the client.

use super::{
    super::{
        condition::Problem,
        frame::{self, Kind},
        performative::{Disposition, State, code, put_disposition, rejected},
        value::{Ask, at},
    },
    Engine, Step, World,
};
use crate::servicebus::broker::{Properties, Settlement};
use serde_amqp::Value;

impl Engine {
    pub(super) fn disposition(
        &mut self,
        channel: u16,
        disposition: &Disposition,
        world: &mut World<'_>,
    ) -> Result<Step, Problem> {
        let Some(session) = self.sessions.get_mut(&channel) else { return Ok(Step::Go) };
        let Disposition { first, last, settled, .. } = *disposition;
        let is_final = disposition.state.as_ref().is_some_and(|(code, _)| is_outcome(*code));
        if !disposition.from_receiver || last < first || !(settled || is_final) {
            return Ok(Step::Go);
        }
        let ids: Vec<u32> = session.unsettled.range(first..=last).map(|(id, _)| *id).collect();
        let mut replies = Replies { state: echo(disposition), run: None };
        for id in ids {
            let Some(unsettled) = session.unsettled.remove(&id) else { continue };
            world.tallies.settlements += 1;
            let settlement = settlement(disposition);
            let done = world.broker.settle(unsettled.queue, unsettled.token, settlement, world.now);
            if settled {
                continue;
            }
            match done {
                Ok(()) => replies.extend(id, |range, state| {
                    frame::put(&mut self.out, Kind::Amqp, channel, |out| {
                        put_disposition(out, false, range, state);
                    });
                }),
                Err(refusal) => {
                    let state = rejected(Problem::from(refusal).to_value());
                    frame::put(&mut self.out, Kind::Amqp, channel, |out| {
                        put_disposition(out, false, (id, id), &state);
                    });
                }
            }
        }
        if let Some(range) = replies.run {
            frame::put(&mut self.out, Kind::Amqp, channel, |out| {
                put_disposition(out, false, range, &replies.state);
            });
        }
        Ok(Step::Go)
    }
}

/// Replies with the same outcome, joined into ranges.
struct Replies {
    state: State,
    run: Option<(u32, u32)>,
}

impl Replies {
    fn extend(&mut self, id: u32, put: impl FnOnce((u32, u32), &State)) {
        match &mut self.run {
            Some((_, last)) if last.wrapping_add(1) == id => *last = id,
            run => {
                if let Some(range) = run.replace((id, id)) {
                    put(range, &self.state);
                }
            }
        }
    }
}

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
        _ => Settlement::Abandon(Vec::new()),
    }
}

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
pub(super) fn properties(map: &Value) -> Properties {
    let pairs = map.pairs().into_iter().flat_map(|pairs| pairs.iter());
    pairs.filter_map(|(key, value)| Some((key.text()?.to_owned(), value.clone()))).collect()
}

const REASON: &str = "DeadLetterReason";
const DESCRIPTION: &str = "DeadLetterErrorDescription";
