//! A relay of the model: the state between its calls. What it decides, the relay's own functions
//! decide; here is only what `round.rs` does with their answers, one call a step.

use crate::design::Design;
use crate::world::{Id, Packet, State, World, key};
use domain::ports::MarkAs;
use domain::{Reading, Sequence, Timestamp};
use relay::Source;
use relay::decide::marks::marks;
use relay::decide::{Course, Effect, Known, Page, Said, Sent};
use std::collections::BTreeMap;
use std::time::Duration;

/// A process: all of it is gone when it dies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Relay {
    known: BTreeMap<char, Known>,
    /// Whether it believes that the lease is its own.
    pub(crate) is_holder: bool,
    /// Up to where it has read the feed.
    pub(crate) place: u32,
    pub(crate) round: Option<Round>,
}

/// A round between two calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Round {
    source: Source,
    /// Where its page ends.
    pub(crate) upto: u32,
    queue: Vec<(char, Said)>,
    course: Option<(char, Course)>,
    pub(crate) is_waiting: bool,
    due: Vec<(Id, State)>,
    is_open: bool,
}

impl Relay {
    fn known(&mut self, order: char) -> &mut Known {
        self.known.entry(order).or_default()
    }

    /// Whether the next step is a mark.
    pub(crate) fn is_marking(&self) -> bool {
        let round = self.round.as_ref();
        round.is_some_and(|round| {
            round.course.is_none() && round.queue.is_empty() && !round.due.is_empty()
        })
    }
}

/// Begins a round over a page.
pub(crate) fn begin(
    world: &mut World,
    me: usize,
    readings: Vec<Reading>,
    source: Source,
    upto: u32,
) {
    let orders = Page::sort(readings).orders.into_iter();
    let order = |key: &domain::Key| key.to_string().chars().next().unwrap();
    let queue = orders.map(|(key, said)| (order(&key), said)).rev().collect();
    let (course, due) = (None, Vec::new());
    let round = Round { source, upto, queue, course, is_waiting: false, due, is_open: false };
    world.relays[me].round = Some(round);
    think(world, me);
}

/// One call of a round, and what the relay does by itself until its next call. Where `heard` is
/// false the call happens, and the relay is not told.
pub(crate) fn step(world: &mut World, me: usize, design: Design, heard: bool) {
    let Some(mut round) = world.relays[me].round.take() else { return };
    if let Some((order, course)) = round.course.take() {
        call(world, me, &mut round, (order, course), design);
    } else if let Some((event, state)) = round.due.pop() {
        world.mark(event, state);
        if heard {
            world.relays[me].known(event.0).mark(Sequence::new(event.1).unwrap());
        } else {
            round.is_open = true;
        }
    } else {
        end(world, me, &round, design);
        return;
    }
    world.relays[me].round = Some(round);
    think(world, me);
}

fn call(
    world: &mut World,
    me: usize,
    round: &mut Round,
    (order, mut course): (char, Course),
    design: Design,
) {
    match course.next() {
        Effect::Rest => {}
        Effect::Read => course.read(world.unpublished(order)),
        Effect::Publish(events) => {
            let events: Vec<Id> =
                events.iter().map(|event| (order, event.sequence.get())).collect();
            if design == Design::MarkBeforeSettled {
                for event in &events {
                    world.mark(*event, State::Processed);
                }
            }
            world.wire.push(Packet { events, awaited: Some(me) });
            round.is_waiting = true;
        }
    }
    round.course = Some((order, course));
}

/// What a relay does without asking anybody: it ends courses at rest, and starts the next.
pub(crate) fn think(world: &mut World, me: usize) {
    let Relay { known, round: Some(round), .. } = &mut world.relays[me] else { return };
    loop {
        match round.course.take() {
            Some((order, course)) if !round.is_waiting && course.next() == Effect::Rest => {
                conclude(known.entry(order).or_default(), round, order, course);
            }
            Some(course) => {
                round.course = Some(course);
                return;
            }
            None => {
                let Some((order, said)) = round.queue.pop() else { return };
                let known = known.entry(order).or_default();
                known.learn(&said);
                let course = Course::start(said, known.clone(), round.source);
                round.course = Some((order, course));
            }
        }
    }
}

fn conclude(known: &mut Known, round: &mut Round, order: char, course: Course) {
    let outcome = course.end();
    if let Some(is_held) = outcome.is_held {
        known.is_held = is_held;
    }
    let key = key(order);
    let due = marks(&key, outcome, Timestamp::UNIX_EPOCH, Duration::from_secs(1));
    round.due.extend(due.map(|mark| {
        let state = match mark.verdict {
            MarkAs::Processed { .. } => State::Processed,
            MarkAs::Parked { .. } => State::Parked,
        };
        ((order, mark.event.sequence.get()), state)
    }));
}

/// Tells the round of `me` what came of its batch.
pub(crate) fn told(world: &mut World, me: usize, packet: &Packet, sent: Sent, design: Design) {
    let Relay { known, round: Some(round), .. } = &mut world.relays[me] else { return };
    let Some((order, course)) = &mut round.course else { return };
    let order = *order;
    round.is_waiting = false;
    round.is_open |= sent == Sent::Unknown;
    let is_failed = !matches!(sent, Sent::Settled(_));
    let settled = course.sent(sent);
    let known = known.entry(order).or_default();
    for sequence in settled {
        known.settle(sequence);
    }
    if is_failed && design == Design::SkipFailed && course.next() == Effect::Rest {
        go_on_behind(world, me, order, &packet.events);
    }
    think(world, me);
}

/// What `SkipFailed` does: the order's events behind the first that failed are sent all the same.
fn go_on_behind(world: &mut World, me: usize, order: char, failed: &[Id]) {
    let mut entries = world.unpublished(order);
    entries.retain(|entry| failed[1..].contains(&(order, entry.envelope.sequence.get())));
    let course = world.relays[me].round.as_mut().and_then(|round| round.course.as_mut());
    if let Some((_, course)) = course {
        course.read(entries);
    }
}

/// A round that left nothing open moves the place, if the lease is still its own.
fn end(world: &mut World, me: usize, round: &Round, design: Design) {
    if round.source != Source::Feed {
        return;
    }
    if round.is_open && design != Design::CheckpointBeforeSettled {
        return;
    }
    world.relays[me].place = round.upto;
    checkpoint(world, me, round.upto);
}

/// Writes the place, with If-Match: whoever lost the lease hears of it here.
pub(crate) fn checkpoint(world: &mut World, me: usize, place: u32) {
    if world.lease.owner == Some(me) {
        world.lease.place = place;
    } else {
        world.relays[me].is_holder = false;
    }
}
