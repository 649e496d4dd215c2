//! A replay: what is processed goes again in sequence, under its own ids, and nothing is written.

use crate::world::{Call, World, entry, id, ids, now, pending, processed};
use domain::{EventState, Fault, Reading};
use relay::Source;

#[tokio::test]
async fn same_id_on_repeat_a_replay_sends_in_sequence_and_marks_nothing() {
    let world = World::default();
    let readings = vec![processed("a.2"), processed("b.1"), processed("a.1")];
    let report = world.relay().round(readings, Source::Replay, now()).await.unwrap();
    assert_eq!((report.published, report.marked), (3, 0));
    let mut calls = world.calls();
    calls.sort();
    assert_eq!(calls, [Call::Publish(ids(&["a.1", "a.2"])), Call::Publish(ids(&["b.1"]))]);
}

#[tokio::test]
async fn a_replay_leaves_alone_what_is_not_processed() {
    let world = World::default();
    let skipped = Reading::Event(entry("a.2", EventState::Skipped));
    let readings = vec![pending("a.1"), skipped, processed("a.3"), Reading::Other];
    world.relay().round(readings, Source::Replay, now()).await.unwrap();
    assert_eq!(world.taken(), [id("a.3")]);
}

#[tokio::test]
async fn what_the_broker_refuses_in_a_replay_is_said_and_not_parked() {
    let world = World::default();
    world.poison("a.2");
    let readings = vec![processed("a.1"), processed("a.2"), processed("b.1")];
    let fault = world.relay().round(readings, Source::Replay, now()).await.unwrap_err();
    assert!(matches!(&fault.fault, Fault::Rejected { reason } if reason.starts_with("a.2: ")));
    assert_eq!((fault.report.published, fault.report.parked), (2, 0));
    assert!(!world.calls().iter().any(|call| matches!(call, Call::Mark(_))));
}
