//! What must hold in every state that can be reached.

use crate::design::Design;
use crate::story::{Action, Fate, Story};
use crate::world::{Id, State, World};

pub(crate) const LOST: &str = "nothing is lost";
pub(crate) const OVERTAKES: &str = "nothing overtakes";
pub(crate) const ONCE: &str = "once inside the window";
pub(crate) const DRAINS: &str = "all drains once faults stop";
pub(crate) const ALL: [&str; 4] = [LOST, OVERTAKES, ONCE, DRAINS];

/// No event is gone before it was published, and none is marked that was not.
pub(crate) fn nothing_is_lost(world: &World) -> bool {
    world.store.iter().all(|(id, document)| match document.state {
        State::Expired | State::Processed => world.broker.visible.contains(id),
        State::Pending | State::Parked | State::Skipped => true,
    })
}

/// What a consumer sees for the first time, it sees in sequence; only what an operator gave up is
/// left out. So nothing is seen of an order behind a parked event.
pub(crate) fn nothing_overtakes(world: &World) -> bool {
    let visible = &world.broker.visible;
    visible.iter().enumerate().all(|(place, event)| {
        let before = &visible[..place];
        (1..event.1).map(|sequence| (event.0, sequence)).all(|earlier| {
            before.contains(&earlier) || world.state(earlier) == Some(State::Skipped)
        })
    })
}

/// No message id is seen twice.
pub(crate) fn once(world: &World) -> bool {
    let visible = &world.broker.visible;
    visible.iter().enumerate().all(|(place, event)| !visible[..place].contains(event))
}

/// More calls than it takes to bring everything to rest from any state of these stories.
const STEPS_MAX: usize = 120;

impl Story {
    /// From here on nothing goes wrong any more: then everything comes to rest in bounded steps.
    pub(crate) fn drains(&self, world: &World) -> bool {
        let mut world = world.clone();
        for _ in 0..STEPS_MAX {
            if is_at_rest(&world, self.design) {
                return true;
            }
            match self.next_in_peace(&world) {
                Some(action) => self.act(&mut world, action),
                None => return false,
            }
        }
        false
    }

    /// What happens next where nothing goes wrong and everybody gets a turn.
    fn next_in_peace(&self, world: &World) -> Option<Action> {
        if !world.wire.is_empty() {
            return Some(Action::Batch(0, Fate::Arrives));
        }
        let relays = || world.relays.iter().enumerate();
        if let Some((me, _)) = relays().find(|(_, relay)| relay.round.is_some()) {
            return Some(Action::Step(me));
        }
        let feeds = relays().find(|(me, relay)| {
            relay.is_holder
                && world.lease.owner == Some(*me)
                && world.next_change(relay.place).is_some()
        });
        if let Some((me, _)) = feeds {
            return Some(Action::Poll(me, true));
        }
        let holder = world.lease.owner.filter(|owner| world.relays[*owner].is_holder);
        if holder.is_none() {
            return Some(Action::Acquire(world.lease.owner.unwrap_or(0)));
        }
        (self.design.sweeps() && !world.pending().is_empty()).then_some(Action::Sweep(0))
    }
}

/// Whether all that can be told has been told and marked: what is left waits behind a parked
/// event. Without a sweep a mark that got lost may be missing; what it stands for was told.
fn is_at_rest(world: &World, design: Design) -> bool {
    let is_parked = |id: &Id| world.state(*id) == Some(State::Parked);
    let is_held = |(order, sequence): Id| (1..sequence).any(|earlier| is_parked(&(order, earlier)));
    let is_told = |id: &Id| !design.sweeps() && world.broker.visible.contains(id);
    world.store.iter().all(|(id, document)| match document.state {
        State::Processed | State::Parked | State::Skipped | State::Expired => true,
        State::Pending => is_held(*id) || is_told(id),
    })
}
