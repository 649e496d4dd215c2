//! What befalls the processes of a play, from outside.

use crate::cast::{Cast, skew};
use crate::fate::Target;
use crate::world::World;
use std::time::Duration;
use tokio::time::Instant;

/// One more thing happens, or none.
pub(crate) fn strike(world: &World, cast: &mut Cast) {
    let (kind, victim) = {
        let mut state = world.state();
        let last = cast.processes.len() as u64 - 1;
        (state.draw(0, 11), usize::try_from(state.draw(0, last)).unwrap_or_default())
    };
    match kind {
        0 => cast.kill(victim),
        1 => cast.stop(victim),
        2 | 3 => put_to_sleep(world, victim),
        4 => jump(world, victim),
        5 => reshape(world),
        6 => take_away(world),
        7 => seize(world),
        _ => {}
    }
}

/// The process stands still, perhaps longer than its leases live.
fn put_to_sleep(world: &World, victim: usize) {
    let mut state = world.state();
    let most = if state.rng.bool() { 5_000 } else { 150_000 };
    let millis = state.draw(50, most);
    if let Some(life) = state.lives.get_mut(victim) {
        life.paused_until = Instant::now() + Duration::from_millis(millis);
    }
    state.note(victim, &("sleeps", millis));
}

/// Its clock jumps, by less than makes Azure refuse it.
fn jump(world: &World, victim: usize) {
    let mut state = world.state();
    let seconds = state.rng.i64(-600..=600);
    skew(victim, seconds);
    state.note(victim, &("clock jumps", seconds));
}

/// A range is split, or two are merged.
fn reshape(world: &World) {
    let mut state = world.state();
    let count = state.store.ring.ranges.len();
    let place = state.rng.usize(0..count);
    let is_split = count < RANGES_MAX && state.rng.bool();
    let ring = &mut state.store.ring;
    let is_done = if is_split { ring.split(place) } else { ring.merge(place) };
    state.note(0, &("ranges", is_split, place, is_done));
}

/// Something cannot be reached for a while.
fn take_away(world: &World) {
    let mut state = world.state();
    let target = [Target::Store, Target::Broker, Target::Leases];
    let target = target.get(state.rng.usize(0..3)).copied().unwrap_or(Target::Broker);
    let seconds = state.draw(1, 60);
    let now = Instant::now();
    state.climate.away.retain(|(_, until)| now < *until);
    state.climate.away.push((target, now + Duration::from_secs(seconds)));
    state.note(0, &("away", target, seconds));
}

fn seize(world: &World) {
    let mut state = world.state();
    let count = state.leases.len();
    if 0 < count {
        let place = state.rng.usize(0..count);
        state.leases.seize(place);
        state.note(0, &("seized", place));
    }
}

const RANGES_MAX: usize = 4;
