//! Peek-lock: who has a message, for how long, and what becomes of it.

use super::*;

#[test]
fn a_locked_message_is_nobody_elses_until_it_is_settled() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let (first, second) = (bench.open("q"), bench.open("q"));
    let delivery = bench.one(first);
    assert!(bench.receive(second, 1).is_empty());
    bench.complete("q", &delivery);
    assert!(bench.receive(second, 1).is_empty());
    assert_eq!(bench.count("q", "active"), 0);
}

#[test]
fn messages_come_in_order_with_consecutive_numbers() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a", "b", "c"]));
    let consumer = bench.open("q");
    let deliveries = bench.receive(consumer, 5);
    assert_eq!(ids(&deliveries), ["a", "b", "c"]);
    let sequences: Vec<_> = deliveries.iter().map(|it| it.stamp.sequence).collect();
    assert_eq!(sequences, [1, 2, 3]);
}

#[test]
fn an_abandoned_message_comes_back_first_and_counts() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a", "b"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    assert_eq!(delivery.stamp.delivery_count, 0);
    bench.abandon("q", &delivery);
    let again = bench.one(consumer);
    assert_eq!((&*again.message.id, again.stamp.delivery_count), ("a", 1));
    assert_ne!(again.token, delivery.token);
}

#[test]
fn a_lock_ends_by_itself_and_counts() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.pass(59);
    assert!(bench.receive(consumer, 1).is_empty());
    bench.pass(1);
    assert_eq!(bench.effects(), [Effect::Wake(consumer)]);
    assert_eq!(bench.one(consumer).stamp.delivery_count, 1);
    let late = bench.settle("q", &delivery, Settlement::Complete);
    assert_eq!(late, Err(Refusal::MessageLockLost));
}

#[test]
fn a_renewed_lock_holds_longer() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.pass(40);
    let queue = bench.id("q");
    let until = bench.broker.renew(queue, delivery.token, bench.now).unwrap();
    assert_eq!(until, later(bench.now, Duration::from_mins(1)));
    bench.pass(40);
    bench.complete("q", &delivery);
}

#[test]
fn a_lock_that_is_gone_can_be_neither_renewed_nor_settled_twice() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.complete("q", &delivery);
    let queue = bench.id("q");
    let renewed = bench.broker.renew(queue, delivery.token, bench.now);
    assert_eq!(renewed, Err(Refusal::MessageLockLost));
    let again = bench.settle("q", &delivery, Settlement::Complete);
    assert_eq!(again, Err(Refusal::MessageLockLost));
}

#[test]
fn a_lock_outlives_its_consumer() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let first = bench.open("q");
    let delivery = bench.one(first);
    bench.broker.close(first, bench.now);
    let second = bench.open("q");
    assert!(bench.receive(second, 1).is_empty());
    bench.complete("q", &delivery);
}

#[test]
fn receive_and_delete_takes_at_once() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let want = Want { mode: Mode::ReceiveAndDelete, ..bench.want("q") };
    let consumer = bench.broker.open(want, bench.now).unwrap();
    let delivery = bench.one(consumer);
    assert_eq!(delivery.stamp.locked_until, None);
    assert_eq!(bench.count("q", "active"), 0);
}

#[test]
fn a_deferred_message_is_had_by_its_number_only() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a", "b"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.settle("q", &delivery, Settlement::Defer(Vec::new())).unwrap();
    assert_eq!(ids(&bench.receive(consumer, 5)), ["b"]);
    assert_eq!(bench.count("q", "deferred"), 1);

    let asked = (bench.id("q"), ME);
    let take =
        |bench: &mut Bench| bench.broker.receive_deferred(asked, &[1], Mode::PeekLock, bench.now);
    let deferred = take(&mut bench).unwrap();
    assert_eq!((ids(&deferred), deferred[0].stamp.state), (vec!["a"], 1));
    assert_eq!(take(&mut bench).unwrap_err(), Refusal::MessageNotFound(1));
    bench.abandon("q", &deferred[0]);
    let deferred = take(&mut bench).unwrap();
    bench.complete("q", &deferred[0]);
    assert_eq!(bench.count("q", "deferred"), 0);
}

#[test]
fn deferred_messages_are_taken_all_or_none() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.settle("q", &delivery, Settlement::Defer(Vec::new())).unwrap();
    let asked = (bench.id("q"), ME);
    let both = bench.broker.receive_deferred(asked, &[1, 2], Mode::PeekLock, bench.now);
    assert_eq!(both.unwrap_err(), Refusal::MessageNotFound(2));
    assert!(bench.broker.receive_deferred(asked, &[1], Mode::PeekLock, bench.now).is_ok());
}

#[test]
fn peeking_shows_every_state_and_locks_nothing() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["deferred", "locked", "ready"]));
    let scheduled = Sample::new("later").scheduled(later(bench.now, Duration::from_secs(9)));
    bench.send("q", [scheduled.message()]);
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.settle("q", &delivery, Settlement::Defer(Vec::new())).unwrap();
    bench.one(consumer);
    let queue = bench.id("q");
    let part = |sequence, count| Part { sequence, count, session: None };
    let peek = |bench: &mut Bench, part| {
        let found = bench.broker.peek(queue, part, bench.now).unwrap();
        found.iter().map(|(it, stamp)| (it.id.to_string(), stamp.state)).collect::<Vec<_>>()
    };
    let all = [("deferred", 1), ("locked", 0), ("ready", 0), ("later", 2)];
    let all = all.map(|(id, state)| (id.to_owned(), state));
    assert_eq!(peek(&mut bench, part(1, 10)), all);
    assert_eq!(peek(&mut bench, part(2, 2)), all[1..3]);
    assert_eq!(bench.one(consumer).message.id, Arc::from("ready"));
}
