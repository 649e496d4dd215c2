//! Where messages go that are not consumed in time: dead letters, expiry, schedules, forwarding.

use super::*;
use crate::servicebus::{amqp::value::Ask, filter::Fields};

/// The application property of a dead letter that says why.
fn reason(delivery: &Delivery) -> Option<String> {
    let fields = Fields::of(&delivery.message);
    fields.user("DeadLetterReason").and_then(Ask::text).map(str::to_owned)
}

#[test]
fn the_last_failed_delivery_moves_a_message_to_the_dead_letters() {
    let mut bench = Bench::queue(Settings { deliveries_max: 3, ..Settings::default() });
    bench.send("q", messages(["poison", "good"]));
    let consumer = bench.open("q");
    for count in 0..3 {
        let delivery = bench.one(consumer);
        assert_eq!((&*delivery.message.id, delivery.stamp.delivery_count), ("poison", count));
        bench.abandon("q", &delivery);
    }
    assert_eq!(&*bench.one(consumer).message.id, "good");
    let dead = bench.open("q/$deadletterqueue");
    let delivery = bench.one(dead);
    assert_eq!(reason(&delivery).as_deref(), Some("MaxDeliveryCountExceeded"));
    assert_eq!(delivery.stamp.sequence, 1);
}

#[test]
fn a_receiver_dead_letters_with_its_own_words() {
    let mut bench = Bench::queue(Settings::default());
    bench.send("q", messages(["a"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    let settlement = Settlement::DeadLetter {
        reason: Some("why".to_owned()),
        description: None,
        properties: vec![("extra".to_owned(), Value::Int(1))],
    };
    bench.settle("q", &delivery, settlement).unwrap();
    assert_eq!(bench.count("q", "deadLetter"), 1);
    let dead = bench.open("q/$deadletterqueue");
    let delivery = bench.one(dead);
    assert_eq!(reason(&delivery).as_deref(), Some("why"));
    assert_eq!(Fields::of(&delivery.message).user("extra"), Some(&Value::Int(1)));
}

#[test]
fn an_expired_message_is_dropped_or_dead_lettered() {
    for dead_letter_expired in [false, true] {
        let mut bench = Bench::queue(Settings { dead_letter_expired, ..Settings::default() });
        bench.send("q", [Sample::new("a").time_to_live(5_000).message()]);
        bench.pass(4);
        assert_eq!(bench.count("q", "active"), 1);
        bench.pass(1);
        assert_eq!(bench.count("q", "active"), 0);
        assert_eq!(bench.count("q", "deadLetter"), u64::from(dead_letter_expired));
    }
}

#[test]
fn the_shorter_of_both_lives_counts() {
    let time_to_live = Some(Duration::from_secs(10));
    for (own, lives) in [(5_000, 5), (50_000, 10)] {
        let mut bench = Bench::queue(Settings { time_to_live, ..Settings::default() });
        bench.send("q", [Sample::new("a").time_to_live(own).message()]);
        bench.pass(lives - 1);
        assert_eq!(bench.count("q", "active"), 1, "{own}");
        bench.pass(1);
        assert_eq!(bench.count("q", "active"), 0, "{own}");
    }
}

#[test]
fn a_locked_message_does_not_expire_before_its_lock() {
    let mut bench = Bench::queue(Settings { dead_letter_expired: true, ..Settings::default() });
    bench.send("q", [Sample::new("a").time_to_live(5_000).message()]);
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.pass(10);
    assert_eq!(bench.count("q", "deadLetter"), 0);
    bench.abandon("q", &delivery);
    assert_eq!((bench.count("q", "active"), bench.count("q", "deadLetter")), (0, 1));
}

#[test]
fn dead_letters_do_not_expire() {
    let time_to_live = Some(Duration::from_secs(1));
    let settings = Settings { time_to_live, dead_letter_expired: true, ..Settings::default() };
    let mut bench = Bench::queue(settings);
    bench.send("q", messages(["a"]));
    bench.pass(1);
    bench.pass(1_000_000);
    assert_eq!(bench.count("q", "deadLetter"), 1);
}

#[test]
fn a_scheduled_message_appears_when_it_is_due_under_a_new_number() {
    let mut bench = Bench::queue(Settings::default());
    let consumer = bench.open("q");
    let at = later(bench.now, Duration::from_secs(30));
    bench.send("q", [Sample::new("later").scheduled(at).message()]);
    bench.send("q", messages(["now"]));
    assert_eq!(ids(&bench.receive(consumer, 5)), ["now"]);
    assert_eq!(bench.broker.next_alarm(), Some(at));
    bench.pass(30);
    let delivery = bench.one(consumer);
    assert_eq!((&*delivery.message.id, delivery.stamp.sequence), ("later", 3));
}

#[test]
fn scheduled_messages_are_cancelled_all_or_none() {
    let mut bench = Bench::queue(Settings::default());
    let target = bench.broker.target("q").unwrap();
    let at = later(bench.now, Duration::from_secs(30));
    let both = ["a", "b"].map(|id| Sample::new(id).scheduled(at).message());
    let sequences = bench.broker.schedule(target, both.into(), bench.now).unwrap();
    let wrong = bench.broker.cancel(target, &[sequences[0], 99], bench.now);
    assert_eq!(wrong, Err(Refusal::MessageNotFound(99)));
    assert_eq!(bench.count("q", "scheduled"), 2);
    bench.broker.cancel(target, &sequences, bench.now).unwrap();
    bench.pass(60);
    assert_eq!((bench.count("q", "scheduled"), bench.count("q", "active")), (0, 0));
}

#[test]
fn messages_are_forwarded_and_dead_letters_too() {
    let forward = |to: &str| Settings { forward_to: Some(to.to_owned()), ..Settings::default() };
    let dead = Settings {
        forward_dead_letters_to: Some("MORGUE".to_owned()),
        deliveries_max: 1,
        ..Settings::default()
    };
    let mut bench = Bench::new(&Topology {
        queues: vec![
            queue("front", forward("back")),
            queue("back", dead),
            queue("morgue", Settings::default()),
        ],
        topics: Vec::new(),
    });
    bench.send("front", messages(["a"]));
    let consumer = bench.open("back");
    let delivery = bench.one(consumer);
    bench.abandon("back", &delivery);
    let morgue = bench.open("morgue");
    let delivery = bench.one(morgue);
    assert_eq!(delivery.stamp.dead_letter_source.as_deref(), Some("back"));
}

#[test]
fn a_chain_of_forwarding_that_is_too_long_ends_in_the_dead_letters() {
    let queues = (0..6).map(|n| {
        let forward_to = (n < 5).then(|| format!("q{}", n + 1));
        queue(&format!("q{n}"), Settings { forward_to, ..Settings::default() })
    });
    let mut bench = Bench::new(&Topology { queues: queues.collect(), topics: Vec::new() });
    bench.send("q0", messages(["a"]));
    assert_eq!(bench.count("q4", "deadLetter"), 1);
    assert_eq!(bench.count("q5", "active"), 0);
}

/// Queue `front` forwards to queue `back`, which may be changed.
fn forwarding() -> Bench {
    let forward_to = Some("back".to_owned());
    Bench::new(&Topology {
        queues: vec![
            queue("front", Settings { forward_to, ..Settings::default() }),
            queue("back", Settings::default()),
        ],
        topics: Vec::new(),
    })
}

#[test]
fn what_cannot_be_forwarded_is_a_dead_letter() {
    let disabled = About { status: Status::Disabled, ..About::default() };
    let full = About { megabytes_max: 0, ..About::default() };
    for (about, words) in [(Some(disabled), "disabled"), (Some(full), "quota"), (None, "found")] {
        let mut bench = forwarding();
        match about {
            Some(about) => {
                let change = (Settings::default(), None);
                bench.broker.update_queue("back", change, about, bench.now).unwrap();
            }
            None => bench.broker.delete("back", bench.now).unwrap(),
        }
        bench.send("front", messages(["a"]));
        let dead = bench.open("front/$deadletterqueue");
        let delivery = bench.one(dead);
        let fields = Fields::of(&delivery.message);
        let told = fields.user("DeadLetterErrorDescription").and_then(Ask::text).unwrap();
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn an_entity_that_forwards_is_not_received_from() {
    let mut bench = forwarding();
    let want = bench.want("front");
    let refused = Refusal::NotAllowed(receive::FORWARDS);
    assert_eq!(bench.broker.open(want, bench.now), Err(refused));
    let part = Part { sequence: 1, count: 1, session: None };
    let peeked = bench.broker.peek(want.queue, part, bench.now);
    assert!(matches!(peeked, Err(Refusal::NotAllowed(_))), "{peeked:?}");
    bench.open("front/$deadletterqueue");
}

#[test]
fn forwarding_that_is_set_later_takes_what_waits_and_what_comes_back() {
    let mut bench = Bench::new(&Topology {
        queues: ["front", "back"].map(|name| queue(name, Settings::default())).into(),
        topics: Vec::new(),
    });
    bench.send("front", messages(["locked", "waits"]));
    let consumer = bench.open("front");
    bench.one(consumer);
    let forward_to = Some("back".to_owned());
    let change = (Settings { forward_to, ..Settings::default() }, None);
    bench.broker.update_queue("front", change, About::default(), bench.now).unwrap();
    let refused = Refusal::NotAllowed(receive::FORWARDS);
    assert!(bench.effects().contains(&Effect::Dismissed(consumer, refused)));
    bench.pass(60);
    let back = bench.open("back");
    assert_eq!(ids(&bench.receive(back, 5)), ["waits", "locked"]);
    assert_eq!(bench.count("front", "active"), 0);
}

#[test]
fn a_dead_letter_cannot_be_dead_lettered() {
    let mut bench = Bench::queue(Settings { deliveries_max: 1, ..Settings::default() });
    bench.send("q", messages(["a"]));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.abandon("q", &delivery);
    let path = "q/$deadletterqueue";
    let dead = bench.open(path);
    let delivery = bench.one(dead);
    let (reason, description, properties) = (None, None, Vec::new());
    let again = Settlement::DeadLetter { reason, description, properties };
    let settled = bench.settle(path, &delivery, again);
    assert!(matches!(settled, Err(Refusal::NotAllowed(_))), "{settled:?}");
    bench.complete(path, &delivery);
}

#[test]
fn a_deferred_message_outlives_its_time_but_is_not_had_any_more() {
    let mut bench = Bench::queue(Settings { dead_letter_expired: true, ..Settings::default() });
    bench.send("q", [Sample::new("a").time_to_live(5_000).message()]);
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.settle("q", &delivery, Settlement::Defer(Vec::new())).unwrap();
    bench.pass(6);
    assert_eq!((bench.count("q", "deferred"), bench.count("q", "deadLetter")), (1, 0));
    let asked = (bench.id("q"), ME);
    let found = bench.broker.receive_deferred(asked, &[1], Mode::PeekLock, bench.now);
    assert!(matches!(found, Err(Refusal::MessageNotFound(1))), "{found:?}");
}

#[test]
fn receivers_are_told_the_life_that_counts() {
    let time_to_live = Some(Duration::from_secs(10));
    for (own, told) in [(None, 10_000), (Some(5_000), 5_000), (Some(50_000), 10_000)] {
        let mut bench = Bench::queue(Settings { time_to_live, ..Settings::default() });
        let sample = Sample::new("a");
        bench.send("q", [own.map_or(sample.clone(), |own| sample.time_to_live(own)).message()]);
        let consumer = bench.open("q");
        let life = bench.one(consumer).message.time_to_live;
        assert_eq!(life, Some(Duration::from_millis(told)), "{own:?}");
    }
}

#[test]
fn a_released_message_was_not_delivered() {
    let mut bench = Bench::queue(Settings { deliveries_max: 1, ..Settings::default() });
    bench.send("q", messages(["a"]));
    let consumer = bench.open("q");
    for _ in 0..3 {
        let delivery = bench.one(consumer);
        assert_eq!(delivery.stamp.delivery_count, 0);
        bench.settle("q", &delivery, Settlement::Release).unwrap();
    }
}

#[test]
fn what_is_forwarded_is_looked_at_for_duplicates_where_it_goes() {
    let forward_to = Some("back".to_owned());
    let mut bench = Bench::new(&Topology {
        queues: vec![
            queue("front", Settings { forward_to, ..Settings::default() }),
            QueueSpec {
                duplicates: Some(Duration::from_mins(1)),
                ..queue("back", Settings::default())
            },
        ],
        topics: Vec::new(),
    });
    bench.send("back", messages(["a"]));
    bench.send("front", messages(["a", "b", "b"]));
    let consumer = bench.open("back");
    assert_eq!(ids(&bench.receive(consumer, 5)), ["a", "b"]);
    assert_eq!(bench.count("back", "duplicatesDropped"), 2);
}
