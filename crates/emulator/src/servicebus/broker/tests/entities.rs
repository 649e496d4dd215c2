//! Entities that come, change and go: nobody is left waiting, and what they hold is counted.

use super::*;

/// A queue that holds a megabyte at most.
fn small() -> Bench {
    let mut bench = Bench::new(&Topology::default());
    let about = About { megabytes_max: 1, ..About::default() };
    bench.broker.create_queue(&queue("q", Settings::default()), about).unwrap();
    bench
}

fn size(bench: &Bench) -> u64 {
    bench.broker.size(Target::Queue(bench.id("q")))
}

/// A message of some 400 KiB.
fn large(id: &str) -> Message {
    Message { bare: vec![0; 400 << 10].into(), ..Sample::new(id).message() }
}

#[test]
fn a_deleted_queue_ends_its_consumers_and_takes_nothing_more() {
    let mut bench = small();
    let (consumer, target) = (bench.open("q"), Target::Queue(bench.id("q")));
    bench.send("q", messages(["a"]));
    let delivery = bench.one(consumer);
    let queue = bench.id("q");
    bench.effects();
    bench.broker.delete("Q", bench.now).unwrap();
    let gone = Refusal::EntityNotFound("q".to_owned());
    assert_eq!(bench.effects(), [Effect::Dismissed(consumer, gone.clone())]);
    assert_eq!(bench.broker.send(target, messages(["b"]).into(), bench.now), Err(gone.clone()));
    let settled = bench.broker.settle(queue, delivery.token, Settlement::Complete, bench.now);
    assert_eq!(settled, Err(Refusal::MessageLockLost));
    assert_eq!(bench.broker.delete("q", bench.now), Err(gone));
    assert_eq!(bench.broker.report(), serde_json::json!({}));
}

#[test]
fn a_consumer_that_waits_for_a_session_is_told_too() {
    let mut bench = Bench::sessions();
    let deadline = later(bench.now, Duration::from_mins(1));
    let waiting = bench.broker.open_next_session(bench.want("q"), deadline, bench.now);
    let Ok(Accepted::Waiting(consumer)) = waiting else { unreachable!("{waiting:?}") };
    bench.broker.delete("q", bench.now).unwrap();
    assert!(matches!(bench.effects()[..], [Effect::Dismissed(told, _)] if told == consumer));
    bench.pass(120);
    assert_eq!(bench.effects(), []);
}

#[test]
fn a_full_queue_takes_again_when_there_is_room() {
    let mut bench = small();
    bench.send("q", [large("a"), large("b")]);
    let full = Refusal::Full("q".to_owned(), 1);
    assert_eq!(bench.try_send("q", [large("c")]), Err(full));
    let consumer = bench.open("q");
    let delivery = bench.one(consumer);
    bench.complete("q", &delivery);
    bench.send("q", [large("c")]);
}

#[test]
fn what_a_queue_holds_is_counted_until_the_last_message_has_left() {
    let mut bench = small();
    let scheduled = Sample::new("later").message();
    let at = Some(later(bench.now, Duration::from_mins(1)));
    bench.send("q", [Message { scheduled: at, ..scheduled }]);
    bench.send("q", messages(["a", "b", "c"]));
    let before = size(&bench);
    let consumer = bench.open("q");
    let [a, b, c] = &bench.receive(consumer, 3)[..] else { unreachable!("three messages") };
    let note = vec![("note".to_owned(), Value::String("longer".to_owned()))];
    bench.settle("q", a, Settlement::Abandon(note)).unwrap();
    assert!(before < size(&bench), "a note takes room");
    bench.complete("q", b);
    let (reason, description) = (Some("why".to_owned()), None);
    let dead = Settlement::DeadLetter { reason, description, properties: Vec::new() };
    bench.settle("q", c, dead).unwrap();
    bench.pass(61);
    let path = "q/$deadletterqueue";
    let mortician = bench.open(path);
    for (path, consumer, count) in [("q", consumer, 2), (path, mortician, 1)] {
        for delivery in bench.receive(consumer, count) {
            bench.complete(path, &delivery);
        }
    }
    assert_eq!(size(&bench), 0);
}

#[test]
fn a_disabled_queue_ends_its_consumers_and_takes_and_gives_nothing() {
    let mut bench = small();
    let consumer = bench.open("q");
    let about = About { status: Status::Disabled, ..About::default() };
    let change = (Settings::default(), None);
    bench.broker.update_queue("q", change, about, bench.now).unwrap();
    let disabled = Refusal::Disabled("q".to_owned());
    assert_eq!(bench.effects(), [Effect::Dismissed(consumer, disabled.clone())]);
    assert_eq!(bench.try_send("q", messages(["a"])), Err(disabled.clone()));
    let want = bench.want("q");
    assert_eq!(bench.broker.open(want, bench.now), Err(disabled));
}

#[test]
fn a_queue_that_is_made_again_starts_empty_and_receives() {
    let mut bench = small();
    bench.send("q", messages(["old"]));
    bench.broker.delete("q", bench.now).unwrap();
    let again = queue("q", Settings::default());
    bench.broker.create_queue(&again, About::default()).unwrap();
    let consumer = bench.open("q");
    bench.send("q", messages(["new"]));
    assert_eq!(ids(&bench.receive(consumer, 5)), ["new"]);
}

const IDLE: Duration = Duration::from_mins(5);

fn goes_when_idle() -> About {
    About { idle: Some(IDLE), ..About::default() }
}

#[test]
fn an_idle_queue_goes_and_one_that_is_used_stays() {
    let mut bench = Bench::new(&Topology::default());
    for name in ["unused", "sent", "peeked", "received", "scheduled"] {
        bench.broker.create_queue(&queue(name, Settings::default()), goes_when_idle()).unwrap();
    }
    let at = later(bench.now, 3 * IDLE);
    bench.send("scheduled", [Sample::new("a").scheduled(at).message()]);
    let consumer = bench.open("received");
    bench.pass(299);
    bench.send("sent", messages(["a"]));
    let peeked = bench.id("peeked");
    bench.broker.peek(peeked, Part { sequence: 1, count: 1, session: None }, bench.now).unwrap();
    bench.pass(2);
    assert_eq!(bench.broker.names(Kind::Queues), ["peeked", "received", "scheduled", "sent"]);
    bench.pass(300);
    assert_eq!(bench.broker.names(Kind::Queues), ["received", "scheduled"]);
    bench.broker.close(consumer, bench.now);
    bench.pass(299);
    assert_eq!(bench.broker.names(Kind::Queues), ["received", "scheduled"]);
    bench.pass(1);
    assert_eq!(bench.broker.names(Kind::Queues), ["scheduled"]);
    bench.pass(600);
    assert!(bench.broker.names(Kind::Queues).is_empty());
    assert_eq!(bench.broker.next_alarm(), None);
}

#[test]
fn an_idle_topic_goes_with_its_subscriptions_and_an_idle_subscription_alone() {
    let mut bench = Bench::new(&Topology::default());
    let topic = |name: &str| TopicSpec {
        name: name.to_owned(),
        time_to_live: None,
        duplicates: None,
        subscriptions: Vec::new(),
    };
    let subscription = |name: &str| SubscriptionSpec {
        name: name.to_owned(),
        settings: Settings::default(),
        rules: Vec::new(),
    };
    bench.broker.create_topic(&topic("idle"), goes_when_idle()).unwrap();
    bench.broker.create_topic(&topic("busy"), About::default()).unwrap();
    for (topic, name, about) in [
        ("idle", "s", About::default()),
        ("busy", "s", About::default()),
        ("busy", "idle", goes_when_idle()),
    ] {
        bench.broker.create_subscription(topic, &subscription(name), about).unwrap();
    }
    bench.pass(300);
    assert_eq!(bench.broker.names(Kind::Topics), ["busy"]);
    assert_eq!(bench.broker.topic_view("busy").unwrap().subscriptions, ["s"]);
    assert!(bench.broker.queue_view("idle/Subscriptions/s").is_none());
}
