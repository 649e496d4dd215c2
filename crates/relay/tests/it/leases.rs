//! Several relays side by side share the feed out by leases, and hand them on: nothing is lost by a
//! death, a theft, a split or a merge, wherever it strikes. Time is paused: waiting takes none.

use crate::alone::{alone_as, told};
use crate::world::{Call, LeaseCall, World, now};
use domain::ports::{Lease, Part};
use domain::{EventState, Json, Stretch};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

const FOUR: [(&str, &[&str]); 4] = [("1", &[]), ("2", &[]), ("3", &[]), ("4", &[])];

/// How many leases each relay owns.
fn holdings(world: &World) -> BTreeMap<String, usize> {
    let mut holdings = BTreeMap::new();
    for owner in world.owners().into_values() {
        *holdings.entry(owner.unwrap_or("nobody".into())).or_insert(0) += 1;
    }
    holdings
}

fn held(expected: &[(&str, usize)]) -> impl Fn(&World) -> bool {
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    move |world| holdings(world) == expected
}

#[tokio::test(start_paused = true)]
async fn relays_come_to_hold_a_share_each() {
    let world = World::default();
    world.ranges(&FOUR);
    let _a = alone_as(&world, "a");
    world.until("a holds all", held(&[("a", 4)])).await;
    let _b = alone_as(&world, "b");
    world.within(Duration::from_mins(1), "two each", held(&[("a", 2), ("b", 2)])).await;
    let _c = alone_as(&world, "c");
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(holdings(&world).values().max(), Some(&2), "at rest: {:?}", holdings(&world));
}

#[tokio::test(start_paused = true)]
async fn a_dead_relay_s_leases_are_served_within_expiry_and_acquire_interval() {
    let world = World::default();
    world.ranges(&FOUR);
    let (mut a, _stopper, _) = alone_as(&world, "a");
    world.until("a holds all", held(&[("a", 4)])).await;
    let _b = alone_as(&world, "b");
    world.within(Duration::from_mins(1), "two each", held(&[("a", 2), ("b", 2)])).await;
    a.abort_all();
    while a.join_next().await.is_some() {}
    let died = Instant::now();
    world.put("a.1", EventState::Pending);
    world.within(Duration::from_secs(74), "b holds all", held(&[("b", 4)])).await;
    assert!(died.elapsed() <= Duration::from_secs(60 + 13 + 1), "{:?}", died.elapsed());
    world.until("a.1 told", told("a.1")).await;
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_a_relay_gives_its_leases_back_with_its_place() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let (mut a, stopper, _) = alone_as(&world, "a");
    world.put("a.1", EventState::Pending);
    world.until("a.1 told", told("a.1")).await;
    stopper.stop();
    a.join_next().await.unwrap().unwrap();
    let lease = world.lease("0").unwrap();
    assert_eq!(lease.owner, None);
    // Behind the event or behind its mark, as far as it came.
    assert!(
        ["1", "2"].contains(&lease.continuation.as_deref().unwrap()),
        "{:?}",
        lease.continuation
    );
    // What the feed says meanwhile is read by the next one, from there.
    world.put("a.2", EventState::Pending);
    world.calls();
    let _b = alone_as(&world, "b");
    world.until("a.2 told", told("a.2")).await;
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_stolen_lease_is_noticed_and_its_part_left_alone() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let _a = alone_as(&world, "a");
    world
        .until("a reads", |world| world.lease("0").is_some_and(|l| l.continuation.is_some()))
        .await;
    world.seize("0", "thief");
    tokio::time::sleep(Duration::from_secs(17)).await;
    world.calls();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let reads = world.calls().into_iter().filter(|call| matches!(call, Call::Feed(_)));
    assert_eq!(reads.count(), 0, "it read on without a lease");
    assert_eq!(world.lease("0").unwrap().owner.as_deref(), Some("thief"));
    // The thief gives no sign of life.
    world.within(Duration::from_mins(2), "a has it back", held(&[("a", 1)])).await;
}

#[tokio::test(start_paused = true)]
async fn children_of_a_split_have_leases_that_go_on_where_their_parent_ended() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let _a = alone_as(&world, "a");
    world.put("a.1", EventState::Pending);
    world.until("a.1 told", told("a.1")).await;
    world
        .until("its own mark read", |w| w.lease("0").unwrap().continuation == Some("2".into()))
        .await;
    world.lease_calls();
    world.ranges(&[("1", &["0"]), ("2", &["0"])]);
    world.until("handed over", held(&[("a", 2)])).await;
    let changes = world.lease_calls();
    let of = |call: &LeaseCall| changes.iter().position(|change| change == call).unwrap();
    let parent = of(&LeaseCall::Delete("0".into()));
    for child in ["1", "2"] {
        assert!(of(&LeaseCall::Create(child.into())) < parent, "{changes:?}");
        assert_eq!(world.lease(child).unwrap().continuation.as_deref(), Some("2"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_merge_leaves_each_side_its_own_place() {
    let world = World::default();
    world.ranges(&[("1", &[]), ("2", &[])]);
    let _a = alone_as(&world, "a");
    world.put("a.1", EventState::Pending);
    world.until("a.1 told", told("a.1")).await;
    world.ranges(&[("3", &["1", "2"])]);
    let tokens = |world: &World| world.owners().into_keys().collect::<Vec<_>>();
    world.until("handed over", |world| tokens(world) == ["-20", "20-FF"]).await;
    assert_eq!(world.lease("-20").unwrap().part, Part::Stretch(Stretch::new("", "20")));
    for event in ["a.2", "z.1"] {
        world.put(event, EventState::Pending);
    }
    world.until("a.2 told", told("a.2")).await;
    world.until("z.1 told", told("z.1")).await;
    world.assert_sound();
}

/// Dies at every change of a lease that a split asks for; the next relay takes up what is there.
#[tokio::test(start_paused = true)]
async fn a_death_anywhere_in_a_hand_over_drops_no_place() {
    for call in 0..8 {
        let world = World::default();
        world.ranges(&[("0", &[])]);
        let (mut a, _stopper, _) = alone_as(&world, "a");
        world.put("a.1", EventState::Pending);
        world.until("a.1 told", told("a.1")).await;
        world.until("at 2", |w| w.lease("0").unwrap().continuation == Some("2".into())).await;
        world.die_at_lease_call(Some(call));
        world.ranges(&[("1", &["0"]), ("2", &["0"])]);
        tokio::time::sleep(Duration::from_secs(5)).await;
        a.abort_all();
        while a.join_next().await.is_some() {}
        world.die_at_lease_call(None);
        // Nobody reads now: what is written is behind the places that the leases say.
        let places: Vec<_> =
            ["0", "1", "2"].iter().filter_map(|token| world.lease(token)).collect();
        let covers: Vec<_> = places.iter().map(stretch).collect();
        assert!(Stretch::new("", "FF").gaps(&covers).is_empty(), "died at {call}: {covers:?}");
        assert!(places.iter().all(|lease| lease.continuation == Some("2".into())), "{places:?}");
        for event in ["a.2", "z.1"] {
            world.put(event, EventState::Pending);
        }
        let _b = alone_as(&world, "b");
        world.within(Duration::from_mins(3), "b has both", held(&[("b", 2)])).await;
        world.until("z.1 told", told("z.1")).await;
        world.until("a.2 told", told("a.2")).await;
        world.assert_sound();
    }
}

fn stretch(lease: &Lease) -> Stretch {
    match &lease.part {
        Part::Range { stretch: Some(stretch), .. } | Part::Stretch(stretch) => stretch.clone(),
        Part::Range { stretch: None, .. } => panic!("{lease:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_no_lease_stays_and_the_feed_is_read_around_it() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    world.put_stranger("0");
    let _a = alone_as(&world, "a");
    world
        .until("read around it", |world| {
            world.lease("-FF").is_some_and(|lease| lease.owner.is_some())
        })
        .await;
    world.put("a.1", EventState::Pending);
    world.until("a.1 told", told("a.1")).await;
    let touched = |call: &LeaseCall| {
        let (LeaseCall::Create(token) | LeaseCall::Write(token) | LeaseCall::Delete(token)) = call;
        token == "0"
    };
    assert!(!world.lease_calls().iter().any(touched));
}

#[tokio::test(start_paused = true)]
async fn feed_is_only_a_hint_also_where_there_can_be_no_leases() {
    let world = World::with_pending(&["a.1"]);
    world.ranges(&[("0", &[])]);
    world.break_leases(Some("there is no container leases; create it"));
    let (_tasks, _stopper, app) = alone_as(&world, "a");
    world.until("a.1 told", told("a.1")).await;
    world.put("a.2", EventState::Pending);
    world.within(Duration::from_secs(35), "a.2 told", told("a.2")).await;
    let ready = app.ready().await.leases.unwrap();
    assert_eq!(ready.state, Err("there is no container leases; create it".into()));
    world.break_leases(None);
    world.within(Duration::from_mins(1), "a reads", held(&[("a", 1)])).await;
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn what_others_keep_in_a_lease_is_handed_on() {
    let world = World::default();
    world.ranges(&[("0", &[])]);
    let _a = alone_as(&world, "a");
    world
        .until("a reads", |world| world.lease("0").is_some_and(|l| l.continuation.is_some()))
        .await;
    let kept = Json::from_valid("{\"scaler\":7}");
    world.annotate("0", kept.clone());
    world.put("a.1", EventState::Pending);
    world.until("written again", |w| w.lease("0").unwrap().continuation == Some("2".into())).await;
    assert_eq!(world.lease("0").unwrap().properties, kept);
    assert_eq!(world.lease("0").unwrap().written_at, now());
}
