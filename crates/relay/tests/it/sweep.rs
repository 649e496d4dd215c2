//! The sweep finds what every hint missed, goes on where it ended, and is stopped by nothing for
//! ever: neither by what is held at its front nor by a page that fails each time.

use crate::world::{Call, Mishap, World, ids, now};
use domain::EventState;
use domain::ports::Outbox;
use relay::Relay;
use relay::sweep::{Sweep, SweepFault, SweepReport};
use std::time::Duration;

const LONG: Duration = Duration::from_mins(1);

async fn run(sweep: &Sweep, relay: &Relay<World, World>) -> SweepReport {
    sweep.run(relay, now(), now(), LONG).await
}

#[tokio::test]
async fn everything_pending_is_published_page_by_page() {
    let world = World::with_pending(&["a.1", "a.2", "a.3", "b.1", "c.1"]);
    let report = run(&Sweep::default(), &world.relay()).await;
    assert_eq!((report.pages, report.rounds.published, report.is_done), (3, 5, true));
    assert_eq!(world.overdue(), []);
    world.assert_sound();
}

#[tokio::test]
async fn a_page_that_fails_ends_the_sweep_and_the_next_goes_on_behind_it() {
    let world = World::with_pending(&["a.1", "a.2", "b.1"]);
    world.plan(1, Mishap::Away);
    let (sweep, relay) = (Sweep::default(), world.relay());
    let report = run(&sweep, &relay).await;
    assert!(matches!(report.fault, Some(SweepFault::Round(_))), "{report:?}");
    assert!(!report.is_done);
    let report = run(&sweep, &relay).await;
    assert_eq!((report.rounds.published, report.is_done), (1, true));
    assert_eq!(world.taken(), ids(&["b.1"]));
    run(&sweep, &relay).await;
    assert_eq!(world.taken(), ids(&["b.1", "a.1", "a.2"]));
}

#[tokio::test]
async fn a_store_that_cannot_say_is_asked_for_the_same_page_again() {
    let world = World::with_pending(&["a.1", "a.2", "b.1"]);
    world.plan(3, Mishap::Away);
    let (sweep, relay) = (Sweep::default(), world.relay());
    let report = run(&sweep, &relay).await;
    assert!(matches!(report.fault, Some(SweepFault::Find(_))), "{report:?}");
    world.put("a.3", EventState::Pending);
    let report = run(&sweep, &relay).await;
    assert_eq!((report.pages, report.rounds.published, report.is_done), (2, 2, true));
    assert_eq!(world.overdue(), []);
}

#[tokio::test]
async fn no_page_begins_after_the_budget() {
    let world = World::with_pending(&["a.1"]);
    let report = Sweep::default().run(&world.relay(), now(), now(), Duration::ZERO).await;
    assert_eq!((report.pages, report.is_done), (0, false));
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn an_order_that_is_held_costs_one_query_a_page() {
    let world = World::with_pending(&["a.2", "a.3"]);
    world.put("a.1", EventState::Parked { at: now(), reason: "bad".into() });
    let report = run(&Sweep::default(), &world.relay()).await;
    assert_eq!((report.rounds.held, report.is_done, report.fault.is_none()), (2, true, true));
    let queries = world.calls().into_iter().filter(|call| matches!(call, Call::Unpublished(_)));
    assert_eq!(queries.count(), 1);
}

#[tokio::test]
async fn a_sweep_tells_how_much_waits_and_since_when() {
    let world = World::with_pending(&["a.1", "a.2", "b.1"]);
    let report = run(&Sweep::default(), &world.relay()).await;
    let later = now() + Duration::from_mins(7);
    assert_eq!((report.pending, report.oldest_age_s(later)), (3, 420));
    let report = run(&Sweep::default(), &world.relay()).await;
    assert_eq!((report.pending, report.oldest_age_s(later)), (0, 0));
}

#[tokio::test]
async fn a_restart_begins_at_the_front() {
    let world = World::with_pending(&["a.1", "a.2", "b.1"]);
    world.plan(1, Mishap::Away);
    let (sweep, relay) = (Sweep::default(), world.relay());
    run(&sweep, &relay).await;
    sweep.restart().await;
    let report = run(&sweep, &relay).await;
    assert_eq!((report.rounds.published, report.is_done), (3, true));
    assert!(relay.outbox().ready().await.is_ok());
}
