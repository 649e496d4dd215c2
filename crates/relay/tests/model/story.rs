//! What can happen next, and what then is: the model that is searched.

use crate::design::Design;
use crate::promises;
use crate::relay::{Relay, begin, checkpoint, step, told};
use crate::world::{Broker, Budget, Document, Id, Lease, State, World};
use relay::Source;
use relay::decide::Sent;
use stateright::{Model, Property};

/// A world at its start, and the design that is tried in it.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) design: Design,
    /// Events that are pending at the start.
    pub(crate) placed: Vec<Id>,
    pub(crate) poison: Option<Id>,
    pub(crate) budget: Budget,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A client places the next event.
    Place,
    /// A relay takes the lease, which may be another's.
    Acquire(usize),
    /// A relay reads a page: one document of it, or all.
    Poll(usize, bool),
    /// A relay looks for what is pending.
    Sweep(usize),
    /// A relay makes its next call, and hears the answer.
    Step(usize),
    /// A relay's mark is written, and its answer lost.
    MarkUnheard(usize),
    /// A process dies and is started again.
    Crash(usize),
    /// What becomes of a batch on the wire.
    Batch(usize, Fate),
    /// An operator sets a parked event back to pending; what was wrong is mended, or not.
    Release(Id, bool),
    /// An operator gives a parked event up.
    Skip(Id),
    /// An event's time is over.
    Expire(Id),
    /// The window of duplicate detection has passed an id.
    Forget(Id),
}

/// What becomes of a batch on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives, and the answer with whoever waits for it.
    Arrives,
    /// It arrives, and the answer is lost.
    ArrivesUnheard,
    /// It is lost.
    IsLost,
    /// Whoever waits for it gives up, and it goes on travelling.
    IsLate,
}

impl Model for Story {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let documents = (1..).zip(&self.placed);
        let document = |(lsn, id): (u32, &Id)| (*id, Document { state: State::Pending, lsn });
        vec![World {
            lsn: u32::try_from(self.placed.len()).unwrap(),
            store: documents.map(document).collect(),
            broker: Broker { poison: self.poison, ..Broker::default() },
            lease: Lease::default(),
            relays: vec![Relay::default(); 2],
            wire: Vec::new(),
            left: self.budget.clone(),
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if !world.left.to_come.is_empty() {
            actions.push(Action::Place);
        }
        for me in 0..world.relays.len() {
            self.of_relay(world, me, actions);
        }
        of_wire(world, actions);
        self.of_events(world, actions);
    }

    fn next_state(&self, before: &World, action: Action) -> Option<World> {
        let mut world = before.clone();
        self.act(&mut world, action);
        world.normalize();
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(promises::LOST, |_, world| promises::nothing_is_lost(world)),
            Property::always(promises::OVERTAKES, |_, world| promises::nothing_overtakes(world)),
            Property::always(promises::ONCE, |_, world| promises::once(world)),
            Property::always(promises::DRAINS, Self::drains),
        ]
    }
}

impl Story {
    fn of_relay(&self, world: &World, me: usize, actions: &mut Vec<Action>) {
        let relay = &world.relays[me];
        match &relay.round {
            Some(round) if !round.is_waiting => {
                actions.push(Action::Step(me));
                if relay.is_marking() && 0 < world.left.losses {
                    actions.push(Action::MarkUnheard(me));
                }
            }
            Some(_) => {}
            None => {
                if relay.is_holder && world.next_change(relay.place).is_some() {
                    actions.extend([Action::Poll(me, false), Action::Poll(me, true)]);
                }
                if self.design.sweeps() && !world.pending().is_empty() {
                    actions.push(Action::Sweep(me));
                }
                let is_free = world.lease.owner.is_none_or(|owner| owner == me);
                if !relay.is_holder && (is_free || 0 < world.left.thefts) {
                    actions.push(Action::Acquire(me));
                }
            }
        }
        if 0 < world.left.crashes {
            actions.push(Action::Crash(me));
        }
    }

    fn of_events(&self, world: &World, actions: &mut Vec<Action>) {
        for (id, document) in &world.store {
            if document.state == State::Parked && 0 < world.left.operations {
                let releases = [Action::Release(*id, false), Action::Release(*id, true)];
                actions.extend(releases.into_iter().chain([Action::Skip(*id)]));
            }
            if self.design == Design::TtlAtCreation && document.state == State::Pending {
                actions.push(Action::Expire(*id));
            }
        }
        if 0 < world.left.forgotten {
            actions.extend(world.broker.window.iter().map(|id| Action::Forget(*id)));
        }
    }

    pub(crate) fn act(&self, world: &mut World, action: Action) {
        match action {
            Action::Place => {
                let id = world.left.to_come.remove(0);
                world.write(id, State::Pending);
            }
            Action::Acquire(me) => {
                if world.lease.owner.is_some_and(|owner| owner != me) {
                    world.left.thefts -= 1;
                }
                world.lease.owner = Some(me);
                world.relays[me].is_holder = true;
                world.relays[me].place = world.lease.place;
            }
            Action::Poll(me, is_whole) => self.poll(world, me, is_whole),
            Action::Sweep(me) => {
                let pending = world.pending();
                begin(world, me, pending, Source::Store, 0);
            }
            Action::Step(me) => step(world, me, self.design, true),
            Action::MarkUnheard(me) => {
                world.left.losses -= 1;
                step(world, me, self.design, false);
            }
            Action::Crash(me) => {
                world.left.crashes -= 1;
                world.relays[me] = Relay::default();
                forget_waiting(world, me);
            }
            Action::Batch(at, fate) => self.travel(world, at, fate),
            Action::Release(id, is_mended) => {
                world.left.operations -= 1;
                if is_mended {
                    world.broker.poison = None;
                }
                world.write(id, State::Pending);
            }
            Action::Skip(id) => {
                world.left.operations -= 1;
                world.write(id, State::Skipped);
            }
            Action::Expire(id) => world.write(id, State::Expired),
            Action::Forget(id) => {
                world.left.forgotten -= 1;
                world.broker.window.remove(&id);
            }
        }
    }

    fn poll(&self, world: &mut World, me: usize, is_whole: bool) {
        let place = world.relays[me].place;
        let first = world.next_change(place).unwrap_or(place);
        let upto = if is_whole { world.lsn } else { first };
        let page = world.feed(place, upto);
        begin(world, me, page, Source::Feed, upto);
        if self.design == Design::CheckpointBeforeSettled {
            world.relays[me].place = upto;
            checkpoint(world, me, upto);
        }
    }

    fn travel(&self, world: &mut World, at: usize, fate: Fate) {
        let packet = world.wire[at].clone();
        if fate == Fate::IsLate {
            world.wire[at].awaited = None;
        } else {
            world.wire.remove(at);
        }
        let arrives = matches!(fate, Fate::Arrives | Fate::ArrivesUnheard);
        let has_detection = self.design != Design::NoDuplicateDetection;
        let is_taken = arrives && world.broker.take(&packet.events, has_detection);
        let sent = if fate != Fate::Arrives {
            world.left.losses -= 1;
            Sent::Unknown
        } else if is_taken {
            Sent::Settled(packet.events.len())
        } else {
            Sent::Refused(String::new())
        };
        if let Some(me) = packet.awaited {
            told(world, me, &packet, sent, self.design);
        }
    }
}

fn of_wire(world: &World, actions: &mut Vec<Action>) {
    for (at, packet) in world.wire.iter().enumerate() {
        actions.push(Action::Batch(at, Fate::Arrives));
        if 0 < world.left.losses {
            let is_awaited = packet.awaited.is_some();
            let unheard = [Fate::ArrivesUnheard, Fate::IsLate].into_iter().filter(|_| is_awaited);
            let fates = unheard.chain([Fate::IsLost]);
            actions.extend(fates.map(|fate| Action::Batch(at, fate)));
        }
    }
}

fn forget_waiting(world: &mut World, me: usize) {
    for packet in &mut world.wire {
        packet.awaited = packet.awaited.filter(|waiting| *waiting != me);
    }
}
