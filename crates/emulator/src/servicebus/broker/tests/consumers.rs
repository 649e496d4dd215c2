//! Consumers with credit left are woken, in turn, and none is forgotten.

use super::*;

#[test]
fn a_consumer_that_wants_more_is_woken_once() {
    let mut bench = Bench::queue(Settings::default());
    let consumer = bench.open("q");
    assert!(bench.receive(consumer, 10).is_empty());
    bench.send("q", messages(["a", "b"]));
    assert_eq!(bench.effects(), [Effect::Wake(consumer)]);
    assert_eq!(bench.receive(consumer, 10).len(), 2);
}

#[test]
fn a_consumer_without_credit_is_left_alone() {
    let mut bench = Bench::queue(Settings::default());
    let consumer = bench.open("q");
    bench.receive(consumer, 0);
    bench.send("q", messages(["a"]));
    assert_eq!(bench.effects(), []);
}

#[test]
fn messages_wake_waiting_consumers_in_turn() {
    let mut bench = Bench::queue(Settings::default());
    let (first, second) = (bench.open("q"), bench.open("q"));
    bench.receive(first, 1);
    bench.receive(second, 1);
    bench.send("q", messages(["a"]));
    assert_eq!(bench.effects(), [Effect::Wake(first)]);
    bench.send("q", messages(["b"]));
    assert_eq!(bench.effects(), [Effect::Wake(second)]);
}

#[test]
fn a_turn_that_is_not_used_passes_on() {
    let mut bench = Bench::queue(Settings::default());
    let (first, second) = (bench.open("q"), bench.open("q"));
    bench.receive(first, 1);
    bench.receive(second, 1);
    bench.send("q", messages(["a"]));
    assert_eq!(bench.effects(), [Effect::Wake(first)]);
    // Its credit was withdrawn before it was woken.
    bench.receive(first, 0);
    assert_eq!(bench.effects(), [Effect::Wake(second)]);
}

#[test]
fn the_turn_of_a_consumer_that_goes_passes_on() {
    let mut bench = Bench::queue(Settings::default());
    let (first, second) = (bench.open("q"), bench.open("q"));
    bench.receive(first, 1);
    bench.receive(second, 1);
    bench.send("q", messages(["a"]));
    assert_eq!(bench.effects(), [Effect::Wake(first)]);
    bench.broker.close(first, bench.now);
    assert_eq!(bench.effects(), [Effect::Wake(second)]);
    assert_eq!(ids(&bench.receive(second, 1)), ["a"]);
}

#[test]
fn a_consumer_without_room_does_not_block_the_next() {
    let mut bench = Bench::queue(Settings::default());
    let (full, free) = (bench.open("q"), bench.open("q"));
    bench.receive(free, 1);
    bench.send("q", messages(["a", "b"]));
    bench.effects();
    bench.broker.receive(full, 10, bench.now, |_| Room::Full);
    assert_eq!(ids(&bench.receive(free, 1)), ["b"]);
}

#[test]
fn the_holder_of_a_session_is_woken_for_its_own_messages_only() {
    let mut bench = Bench::sessions();
    let consumer = bench.hold("q", "mine");
    bench.receive(consumer, 1);
    bench.send("q", in_session("other", ["1"]));
    assert_eq!(bench.effects(), []);
    bench.send("q", in_session("mine", ["1"]));
    assert_eq!(bench.effects(), [Effect::Wake(consumer)]);
}

#[test]
fn addresses_lead_to_what_may_be_done_there() {
    let mut bench = Bench::new(&Topology::shop());
    assert!(bench.broker.target("orders").is_ok());
    assert!(bench.broker.source("orders/subscriptions/all").is_ok());
    assert!(bench.broker.source("orders/subscriptions/all/$deadletterqueue").is_ok());
    for path in ["orders", "orders/$deadletterqueue"] {
        assert!(bench.broker.source(path).is_err(), "{path}");
    }
    for path in ["orders/subscriptions/all", "orders/subscriptions/all/$deadletterqueue"] {
        assert!(matches!(bench.broker.target(path), Err(Refusal::NotAllowed(_))), "{path}");
    }
    let unknown = bench.try_send("nowhere", []).unwrap_err();
    assert_eq!(unknown.to_string(), "The messaging entity 'nowhere' could not be found.");
}
