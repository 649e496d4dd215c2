//! Standing alone: what was pending before is swept, what comes after is followed, and a range
//! that fails, splits or ends loses nothing. Time is paused: waiting takes none.

use crate::world::{Call, Mishap, World, id, now};
use domain::EventState;
use relay::App;
use relay::Limits;
use relay::decide::leases::balance::Share;
use relay::feed::{Alone, Shared, Signals, Timing, follow, pace::Poll};
use relay::stop::{Stopper, stop};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// A relay standing alone in this world, until the stopper is told.
fn alone(world: &World) -> (JoinSet<()>, Stopper) {
    let (tasks, stopper, _) = alone_as(world, "me");
    (tasks, stopper)
}

/// The same under a name of its own.
pub(crate) fn alone_as(world: &World, name: &str) -> (JoinSet<()>, Stopper, Arc<Relay>) {
    let limits = Limits { retention: Duration::from_hours(1), in_flight: 4 };
    let app = App::new(world.clone(), world.clone(), limits, Duration::from_mins(1));
    let (stopper, stop) = stop();
    let alone = Alone {
        name: name.into(),
        poll: Poll::default(),
        timing: Timing::default(),
        share: Share::default(),
    };
    let app = Arc::new(app);
    let shared = Shared {
        app: Arc::clone(&app),
        feed: world.clone(),
        leases: world.clone(),
        alone,
        clock: now,
        stop,
        signals: Signals::default(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(follow(Arc::new(shared)));
    (tasks, stopper, app)
}

pub(crate) type Relay = App<World, World>;

pub(crate) fn told(event: &'static str) -> impl Fn(&World) -> bool {
    move |world| matches!(world.state_of(event), EventState::Processed { .. })
}

fn reads(world: &World) -> usize {
    world.calls().iter().filter(|call| matches!(call, Call::Feed(_))).count()
}

#[tokio::test(start_paused = true)]
async fn what_was_pending_before_it_started_is_found_by_the_sweep() {
    let world = World::with_pending(&["a.1", "b.1", "b.2"]);
    world.ranges(&[("0", &[])]);
    let _alone = alone(&world);
    world.until("b.2 told", told("b.2")).await;
    world.until("a.1 told", told("a.1")).await;
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn what_is_written_while_it_runs_is_followed_in_order() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let _alone = alone(&world);
    for event in ["a.1", "a.2", "b.1", "a.3", "a.4"] {
        world.put(event, EventState::Pending);
    }
    world.until("a.4 told", told("a.4")).await;
    world.until("b.1 told", told("b.1")).await;
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_is_read_again_and_never_passed() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let _alone = alone(&world);
    world.until("following", |world| 2 < world.calls_made()).await;
    world.put("a.1", EventState::Pending);
    // Each read of the page goes well, and what follows it does not.
    for call in [1, 3, 5] {
        world.plan(call, Mishap::Away);
    }
    world.until("a.1 told", told("a.1")).await;
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn children_of_a_split_go_on_where_their_parent_ended() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let _alone = alone(&world);
    world.until("following", |world| 2 < world.calls_made()).await;
    world.ranges(&[("1", &["0"]), ("2", &["0"])]);
    for event in ["a.1", "z.1", "a.2", "z.2"] {
        world.put(event, EventState::Pending);
    }
    world.until("a.2 told", told("a.2")).await;
    world.until("z.2 told", told("z.2")).await;
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_merge_loses_nothing_of_either_side() {
    let world = World::default();
    world.ranges(&[("1", &[]), ("2", &[])]);
    let _alone = alone(&world);
    world.until("following", |world| 4 < world.calls_made()).await;
    world.ranges(&[("3", &["1", "2"])]);
    for event in ["a.1", "z.1"] {
        world.put(event, EventState::Pending);
    }
    world.until("a.1 told", told("a.1")).await;
    world.until("z.1 told", told("z.1")).await;
}

#[tokio::test(start_paused = true)]
async fn feed_is_only_a_hint_so_what_it_lost_is_found_by_the_next_sweep() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let _alone = alone(&world);
    world.until("following", |world| 2 < world.calls_made()).await;
    world.put_unseen("a.1");
    world.within(Duration::from_mins(2), "a.1 told", told("a.1")).await;
    assert_eq!(world.taken(), [id("a.1")]);
}

#[tokio::test(start_paused = true)]
async fn idle_it_asks_each_range_once_a_second() {
    let world = World::default();
    world.ranges(&[("1", &[]), ("2", &[])]);
    let _alone = alone(&world);
    sleep(Duration::from_secs(10)).await;
    reads(&world);
    sleep(Duration::from_secs(100)).await;
    let reads = reads(&world);
    assert!((190..=200).contains(&reads), "{reads} reads of 2 ranges in 100 s");
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_it_ends_after_the_round_in_flight() {
    let world = World::with_pending(&["a.1"]);
    world.ranges(&[("0", &[])]);
    let (mut tasks, stopper) = alone(&world);
    world.until("a.1 taken", |world| !world.taken().is_empty()).await;
    stopper.stop();
    tasks.join_next().await.unwrap().unwrap();
    assert!(told("a.1")(&world), "published, and the process ended before it was marked");
}
