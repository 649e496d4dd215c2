//! What one round does: which calls it makes, in which order, and what it leaves alone.

use crate::world::{Call, Mishap, World, entry, id, ids, now, pending, processed};
use domain::{EventState, Key, Reading};
use relay::{RoundReport, Source};

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn publish(events: &[&str]) -> Call {
    Call::Publish(ids(events))
}

fn mark(events: &[&str]) -> Call {
    Call::Mark(ids(events))
}

#[tokio::test]
async fn a_page_of_first_events_is_published_and_marked_in_one_call() {
    let world = World::with_pending(&["a.1", "b.1", "b.2"]);
    let report = world.relay().round(world.feed(), Source::Feed, now()).await.unwrap();
    assert_eq!(report, RoundReport { published: 3, marked: 3, ..RoundReport::default() });
    let mut calls = world.calls();
    let Some(Call::Mark(mut marked)) = calls.pop() else { panic!("no mark at the end") };
    marked.sort();
    assert_eq!(marked, ids(&["a.1", "b.1", "b.2"]));
    calls.sort();
    assert_eq!(calls, [publish(&["a.1"]), publish(&["b.1", "b.2"])]);
}

#[tokio::test]
async fn own_mark_is_silent() {
    let world = World::with_pending(&["a.1", "a.2", "b.1"]);
    let relay = world.relay();
    relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    world.calls();
    let report = relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    assert_eq!(report, RoundReport::default());
    assert_eq!(world.calls(), []);
    // Nor does it wake a relay that knows nothing yet.
    world.relay().round(world.feed(), Source::Feed, now()).await.unwrap();
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn a_page_that_is_out_of_order_and_repeats_itself_is_sorted() {
    let world = World::with_pending(&["a.1", "a.2", "a.3"]);
    let page = ["a.3", "a.1", "a.3", "a.2", "a.1"].map(pending).to_vec();
    world.relay().round(page, Source::Feed, now()).await.unwrap();
    assert_eq!(world.taken(), ids(&["a.1", "a.2", "a.3"]));
}

#[tokio::test]
async fn an_event_whose_predecessor_was_settled_by_this_relay_needs_no_query() {
    let world = World::with_pending(&["a.1"]);
    let relay = world.relay();
    relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    world.put("a.2", EventState::Pending);
    world.calls();
    relay.round(vec![pending("a.2")], Source::Feed, now()).await.unwrap();
    assert_eq!(world.calls(), [publish(&["a.2"]), mark(&["a.2"])]);
}

#[tokio::test]
async fn an_event_whose_predecessor_is_processed_in_the_same_page_needs_no_query() {
    let world = World::with_pending(&["a.3"]);
    let page = vec![pending("a.3"), processed("a.2")];
    world.relay().round(page, Source::Feed, now()).await.unwrap();
    assert_eq!(world.calls(), [publish(&["a.3"]), mark(&["a.3"])]);
}

#[tokio::test]
async fn a_gap_costs_one_query_and_sends_what_the_store_knows() {
    let world = World::with_pending(&["a.2", "a.3", "a.4", "b.1"]);
    let page = ["a.4", "b.1"].map(pending).to_vec();
    world.relay().round(page, Source::Feed, now()).await.unwrap();
    let calls = world.calls();
    let queries: Vec<_> =
        calls.iter().filter(|call| matches!(call, Call::Unpublished(_))).collect();
    assert_eq!(queries, [&Call::Unpublished(key("a"))]);
    assert!(calls.contains(&publish(&["a.2", "a.3", "a.4"])), "{calls:?}");
}

#[tokio::test]
async fn a_hole_inside_the_page_is_asked_about() {
    let world = World::with_pending(&["a.1", "a.2", "a.3"]);
    let page = ["a.1", "a.3"].map(pending).to_vec();
    world.relay().round(page, Source::Feed, now()).await.unwrap();
    assert_eq!(world.taken(), ids(&["a.1", "a.2", "a.3"]));
}

#[tokio::test]
async fn a_skipped_event_vouches_only_for_itself() {
    let world = World::with_pending(&["a.2", "a.3", "a.5"]);
    world.put("a.2", EventState::Parked { at: now(), reason: "bad".into() });
    world.put("a.4", EventState::Skipped);
    world.relay().round(world.feed(), Source::Feed, now()).await.unwrap();
    assert_eq!(world.taken(), []);
}

#[tokio::test]
async fn skipping_the_parked_event_lets_the_held_ones_go() {
    let world = World::with_pending(&["a.3", "a.4"]);
    world.put("a.2", EventState::Skipped);
    let page = vec![Reading::Event(entry("a.2", EventState::Skipped))];
    world.relay().round(page, Source::Feed, now()).await.unwrap();
    assert_eq!(world.taken(), ids(&["a.3", "a.4"]));
}

#[tokio::test]
async fn releasing_the_parked_event_lets_the_held_ones_go_with_it() {
    let world = World::with_pending(&["a.2", "a.3"]);
    let relay = world.relay();
    let parked = Reading::Event(entry("a.2", EventState::Parked { at: now(), reason: "x".into() }));
    relay.round(vec![processed("a.1"), parked], Source::Feed, now()).await.unwrap();
    relay.round(vec![pending("a.2")], Source::Feed, now()).await.unwrap();
    assert_eq!(world.taken(), ids(&["a.2", "a.3"]));
}

#[tokio::test]
async fn poison_holds_only_its_order() {
    let world = World::with_pending(&["a.1", "a.2", "a.3", "b.1", "b.2"]);
    world.poison("a.2");
    let report = world.relay().round(world.feed(), Source::Feed, now()).await.unwrap();
    let expected =
        RoundReport { published: 3, marked: 3, parked: 1, held: 1, ..RoundReport::default() };
    assert_eq!(report, expected);
    assert_eq!(world.received().len(), 3);
    let reason = "a.2 is poison".to_owned();
    assert_eq!(world.state_of("a.2"), EventState::Parked { at: now(), reason });
    assert_eq!(world.state_of("a.3"), EventState::Pending);
    world.assert_sound();
}

#[tokio::test]
async fn later_events_of_a_parked_order_stay_held_by_every_relay() {
    let world = World::with_pending(&["a.1", "a.2"]);
    world.poison("a.1");
    let relay = world.relay();
    relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    world.put("a.3", EventState::Pending);
    for relay in [&relay, &world.relay()] {
        let report = relay.round(vec![pending("a.3")], Source::Feed, now()).await.unwrap();
        assert_eq!(report, RoundReport { held: 2, ..RoundReport::default() });
    }
    assert_eq!(world.taken(), []);
}

#[tokio::test]
async fn a_run_that_goes_in_several_batches_is_sent_to_its_end() {
    let world = World::with_pending(&["a.1", "a.2", "a.3", "a.4", "a.5"]);
    world.batch_max(2);
    world.relay().round(world.feed(), Source::Feed, now()).await.unwrap();
    let calls = world.calls();
    assert_eq!(calls.len(), 4, "three batches and one mark: {calls:?}");
    assert_eq!(world.taken(), ids(&["a.1", "a.2", "a.3", "a.4", "a.5"]));
}

#[tokio::test]
async fn a_transient_fault_of_one_order_fails_the_round_and_marks_the_others() {
    let world = World::with_pending(&["a.1", "b.1"]);
    world.plan(0, Mishap::Away);
    let relay = world.relay();
    let fault = relay.round(world.feed(), Source::Feed, now()).await.unwrap_err();
    assert_eq!((fault.open, fault.report.marked), (1, 1));
    let states = ["a.1", "b.1"].map(|event| world.state_of(event));
    assert_eq!(states.iter().filter(|state| state.is_unpublished()).count(), 1);
}

#[tokio::test]
async fn what_was_settled_but_not_marked_is_marked_and_not_sent_again() {
    let world = World::with_pending(&["a.1", "a.2"]);
    let page = world.feed();
    world.plan(1, Mishap::Away);
    let relay = world.relay();
    relay.round(page.clone(), Source::Feed, now()).await.unwrap_err();
    world.calls();
    relay.round(page.clone(), Source::Feed, now()).await.unwrap();
    assert_eq!(world.calls(), [mark(&["a.1", "a.2"])]);
    relay.round(page, Source::Feed, now()).await.unwrap();
    assert_eq!(world.calls(), [], "the page once more is old news");
}

#[tokio::test]
async fn a_sweep_publishes_what_memory_takes_for_published_and_the_store_does_not() {
    let world = World::with_pending(&["a.1"]);
    let relay = world.relay();
    relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    world.put("a.1", EventState::Pending); // set back by hand
    relay.round(vec![pending("a.1")], Source::Store, now()).await.unwrap();
    assert_eq!(world.taken(), ids(&["a.1", "a.1"]));
    assert!(matches!(world.state_of("a.1"), EventState::Processed { .. }));
}

#[tokio::test]
async fn two_rounds_of_one_relay_on_one_order_send_each_event_once() {
    let world = World::with_pending(&["a.1", "a.2", "a.3"]);
    let relay = world.relay();
    let (first, second, third) = tokio::join!(
        relay.round(["a.1", "a.2"].map(pending).to_vec(), Source::Feed, now()),
        relay.round(world.feed(), Source::Feed, now()),
        relay.round(world.overdue(), Source::Store, now()),
    );
    assert_eq!(first.unwrap().published + second.unwrap().published + third.unwrap().published, 3);
    assert_eq!(world.taken(), ids(&["a.1", "a.2", "a.3"]));
    world.assert_sound();
}

#[tokio::test]
async fn a_round_that_is_dropped_frees_its_orders() {
    let world = World::with_pending(&["a.1"]);
    world.plan(0, Mishap::CrashBefore);
    let relay = world.relay();
    tokio::select! {
        () = world.crashed() => {}
        result = relay.round(world.feed(), Source::Feed, now()) => panic!("{result:?}"),
    }
    relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    assert_eq!(world.taken(), ids(&["a.1"]));
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_broker_never_answers_does_not_keep_the_others_from_their_marks() {
    let world = World::with_pending(&["a.1", "b.1", "c.1"]);
    world.plan(0, Mishap::Hang);
    let relay = world.relay();
    let fault = relay.round_in_time(world.feed(), Source::Feed, now()).await.unwrap_err();
    assert_eq!((fault.open, fault.report.marked), (1, 2));
    relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    assert_eq!(world.overdue(), []);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_ends_the_round_and_the_next_one_marks() {
    let world = World::with_pending(&["a.1"]);
    world.plan(1, Mishap::Hang);
    let relay = world.relay();
    relay.round_in_time(world.feed(), Source::Feed, now()).await.unwrap_err();
    world.calls();
    relay.round(world.feed(), Source::Feed, now()).await.unwrap();
    assert_eq!(world.calls(), [mark(&["a.1"])]);
}

#[tokio::test]
async fn unreadable_and_other_documents_are_passed_over() {
    let world = World::with_pending(&["a.1"]);
    let strange = Reading::Unreadable { id: "x.1".into(), reason: "version 9".into() };
    let page = vec![strange, Reading::Other, pending("a.1")];
    let report = world.relay().round(page, Source::Feed, now()).await.unwrap();
    let expected = RoundReport { published: 1, marked: 1, unreadable: 1, ..RoundReport::default() };
    assert_eq!(report, expected);
    assert_eq!(world.taken(), vec![id("a.1")]);
}
