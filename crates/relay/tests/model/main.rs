//! Every history of two relays, up to a number of faults: nothing is lost, nothing overtakes,
//! nothing is seen twice inside the window, and once faults stop all drains in bounded steps.
//!
//! The relays decide by the binary's own functions (`relay::decide`); around them a store, a
//! broker, a lease and a wire of which every call can fail, get lost, come late or be the last
//! before a crash. A zombie is a relay whose lease was taken, or a batch still travelling.
//! The designs that this one was chosen over are refuted, each by a history of the shortest kind.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: what cannot be fails the test"
)]

mod design;
mod promises;
mod relay;
mod story;
mod world;

use design::Design;
use expect_test::{Expect, expect};
use promises::ALL;
use stateright::{Checker, Model};
use story::Story;
use world::{Budget, Id, World};

const NOTHING: Budget =
    Budget { crashes: 0, losses: 0, thefts: 0, operations: 0, forgotten: 0, to_come: Vec::new() };

const A: [Id; 2] = [('a', 1), ('a', 2)];

fn story(design: Design, placed: &[Id], budget: Budget) -> Story {
    Story { design, placed: placed.to_vec(), poison: None, budget }
}

/// Searches every history; each of these promises must hold in all of them.
#[track_caller]
fn holds(story: Story, promises: &[&'static str]) {
    let checker = story.checker().symmetry_fn(World::canonical).spawn_dfs().join();
    for promise in promises {
        if let Some(path) = checker.discovery(promise) {
            let end = path.last_state().clone();
            panic!("not so: {promise}\n{:?}\nends in {end:#?}", path.into_actions());
        }
    }
    assert!(1_000 < checker.unique_state_count(), "too few states to mean anything");
}

/// Searches ever longer histories until one breaks this promise, and shows that one.
#[track_caller]
fn breaks(promise: &'static str, story: Story, expect: Expect) {
    let found = (2..=HISTORY_MAX).find_map(|length| {
        let checker = story.clone().checker().target_max_depth(length);
        checker.spawn_bfs().join().discovery(promise)
    });
    let path = found.unwrap_or_else(|| panic!("it holds: {promise}"));
    let actions = path.into_actions().into_iter().map(|action| format!("{action:?}"));
    expect.assert_eq(&actions.collect::<Vec<_>>().join(" "));
}

const HISTORY_MAX: usize = 16;

#[test]
fn in_order_per_order_with_a_crash_a_loss_and_a_theft() {
    let budget = Budget { crashes: 1, losses: 1, thefts: 1, ..NOTHING };
    holds(story(Design::Built, &A, budget), &ALL);
}

#[test]
fn in_order_per_order_while_events_are_placed() {
    let to_come = vec![('a', 2)];
    let budget = Budget { crashes: 1, losses: 1, to_come: to_come.clone(), ..NOTHING };
    holds(story(Design::Built, &[('a', 1)], budget), &ALL);
    let budget = Budget { losses: 1, thefts: 1, to_come, ..NOTHING };
    holds(story(Design::Built, &[('a', 1)], budget), &ALL);
}

#[test]
fn poison_holds_only_its_order_whatever_an_operator_does() {
    let budget = Budget { crashes: 1, operations: 1, ..NOTHING };
    let placed = [('a', 1), ('a', 2), ('b', 1)];
    holds(Story { poison: Some(('a', 1)), ..story(Design::Built, &placed, budget) }, &ALL);
}

#[test]
fn beyond_the_window_a_repeat_is_seen_and_nothing_is_lost_or_overtakes() {
    let budget = Budget { crashes: 1, losses: 1, forgotten: 1, ..NOTHING };
    let story = story(Design::Built, &A, budget);
    holds(story.clone(), &[promises::LOST, promises::OVERTAKES, promises::DRAINS]);
    breaks(
        promises::ONCE,
        story,
        expect![
            "Sweep(0) Step(0) Sweep(1) Step(1) Batch(0, ArrivesUnheard) Forget(('a', 2)) Batch(0, Arrives)"
        ],
    );
}

#[test]
fn checkpoints_behind_a_round_tell_everything_without_a_sweep() {
    let budget = Budget { crashes: 1, losses: 1, thefts: 1, ..NOTHING };
    holds(story(Design::NoSweep, &A, budget), &ALL);
}

#[test]
fn refuted_checkpoint_before_settled() {
    let story = story(Design::CheckpointBeforeSettled, &A, Budget { crashes: 1, ..NOTHING });
    breaks(promises::DRAINS, story, expect!["Acquire(1) Poll(1, true) Crash(1)"]);
}

#[test]
fn refuted_mark_before_settled() {
    let story = story(Design::MarkBeforeSettled, &A, NOTHING);
    breaks(promises::LOST, story, expect!["Sweep(1) Step(1)"]);
}

#[test]
fn refuted_ttl_at_creation() {
    breaks(promises::LOST, story(Design::TtlAtCreation, &A, NOTHING), expect!["Expire(('a', 2))"]);
}

#[test]
fn refuted_skip_what_failed() {
    let story = story(Design::SkipFailed, &A, Budget { losses: 1, ..NOTHING });
    breaks(
        promises::OVERTAKES,
        story,
        expect!["Sweep(1) Step(1) Batch(0, IsLost) Step(1) Batch(0, Arrives)"],
    );
}

#[test]
fn refuted_no_duplicate_detection() {
    let story = story(Design::NoDuplicateDetection, &A, Budget { losses: 1, ..NOTHING });
    breaks(
        promises::ONCE,
        story,
        expect!["Sweep(0) Step(0) Sweep(1) Step(1) Batch(0, ArrivesUnheard) Batch(0, Arrives)"],
    );
}
