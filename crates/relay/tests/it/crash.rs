//! A process that dies at any call, before, in the middle of or after its effect, loses nothing,
//! overtakes nothing, and marks nothing that was not published. So does one whose calls fail or
//! whose answers are lost.

use crate::world::{MISHAPS, Mishap, World, ids, now};
use domain::{EventState, Reading};
use relay::{Relay, RoundFault, RoundReport, Source};

/// Three orders: one whole, one with a gap before it, one with poison in its middle.
fn story() -> World {
    let world =
        World::with_pending(&["a.1", "a.2", "a.3", "b.4", "b.5", "c.1", "c.2", "c.3", "c.4"]);
    world.poison("c.2");
    world.batch_max(2);
    world
}

const PUBLISHED: [&str; 6] = ["a.1", "a.2", "a.3", "b.4", "b.5", "c.1"];

/// Rounds over the same page until one succeeds, each crash followed by a new process; then a
/// sweep, as it would come within a minute.
async fn run(world: &World) {
    let page = world.feed();
    let mut relay = world.relay();
    drive(world, &mut relay, page, Source::Feed).await;
    drive(world, &mut relay, world.overdue(), Source::Store).await;
}

async fn drive(world: &World, relay: &mut Relay<World, World>, page: Vec<Reading>, source: Source) {
    for _ in 0..ROUNDS_MAX {
        let round: Option<Result<RoundReport, RoundFault>> = tokio::select! {
            biased;
            () = world.crashed() => None,
            result = relay.round(page.clone(), source, now()) => Some(result),
        };
        world.assert_sound();
        match round {
            Some(Ok(_)) => return,
            Some(Err(_)) => {}
            None => *relay = world.relay(),
        }
    }
    panic!("no round succeeded in {ROUNDS_MAX}");
}

/// More than the mishaps of any plan here, so that a world that is well again must come to an end.
const ROUNDS_MAX: usize = 5;

#[track_caller]
fn assert_told(world: &World, plan: &[(usize, Mishap)]) {
    let mut received = world.received();
    received.sort();
    assert_eq!(received, ids(&PUBLISHED), "{plan:?}");
    for event in PUBLISHED {
        let state = world.state_of(event);
        assert!(matches!(state, EventState::Processed { .. }), "{event} {state:?} {plan:?}");
    }
    assert!(matches!(world.state_of("c.2"), EventState::Parked { .. }), "{plan:?}");
    for held in ["c.3", "c.4"] {
        assert_eq!(world.state_of(held), EventState::Pending, "{plan:?}");
    }
}

async fn calls_of_the_story() -> usize {
    let world = story();
    run(&world).await;
    assert_told(&world, &[]);
    world.calls_made()
}

#[tokio::test]
async fn publish_before_mark_survives_a_mishap_at_any_call() {
    for call in 0..calls_of_the_story().await {
        for mishap in MISHAPS {
            let world = story();
            world.plan(call, mishap);
            run(&world).await;
            assert_told(&world, &[(call, mishap)]);
        }
    }
}

#[tokio::test]
async fn publish_before_mark_survives_two_mishaps_at_any_calls() {
    // The first one adds at most one more round's calls before the second.
    let calls = 2 * calls_of_the_story().await;
    let plans = (0..calls).flat_map(|first| (first + 1..calls).map(move |second| (first, second)));
    for plan in plans.flat_map(|(first, second)| pairs(first, second)) {
        let world = story();
        for (call, mishap) in plan {
            world.plan(call, mishap);
        }
        run(&world).await;
        assert_told(&world, &plan);
    }
}

fn pairs(first: usize, second: usize) -> impl Iterator<Item = [(usize, Mishap); 2]> {
    let both = MISHAPS.iter().flat_map(|one| MISHAPS.iter().map(move |other| (*one, *other)));
    both.map(move |(one, other)| [(first, one), (second, other)])
}
