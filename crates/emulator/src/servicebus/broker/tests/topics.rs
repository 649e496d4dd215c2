//! Topics: duplicate detection at the door, a copy for each subscription whose rules say so.

use super::*;
use crate::servicebus::filter::{Action, Fields, Filter, Predicate, Rule};

fn subscription(name: &str, settings: Settings) -> SubscriptionSpec {
    SubscriptionSpec { name: name.to_owned(), settings, rules: vec![Rule::default_one()] }
}

fn sql(name: &str, condition: &str, action: Option<&str>) -> Rule {
    Rule {
        name: name.to_owned(),
        filter: Filter::Sql(Predicate::parse(condition).unwrap()),
        action: action.map(|text| Action::parse(text).unwrap()),
    }
}

/// Topic `t` with one subscription `s`.
fn one() -> Bench {
    Bench::new(&topic(vec![subscription("s", Settings::default())]))
}

const S: &str = "t/subscriptions/s";

#[test]
fn every_subscription_gets_its_own_copy() {
    let both = ["one", "two"].map(|name| subscription(name, Settings::default()));
    let mut bench = Bench::new(&topic(both.into()));
    bench.send("t", messages(["a"]));
    for path in ["t/subscriptions/one", "t/subscriptions/two"] {
        let consumer = bench.open(path);
        let delivery = bench.one(consumer);
        bench.complete(path, &delivery);
    }
}

#[test]
fn a_repeated_id_is_accepted_and_dropped_within_the_window() {
    let mut bench = one();
    bench.send("t", messages(["a", "b", "a"]));
    bench.pass(599);
    bench.send("t", messages(["a"]));
    bench.pass(1);
    bench.send("t", messages(["a"]));
    let consumer = bench.open(S);
    assert_eq!(ids(&bench.receive(consumer, 9)), ["a", "b", "a"]);
    assert_eq!((bench.count("t", "accepted"), bench.count("t", "duplicatesDropped")), (5, 2));
}

#[test]
fn a_scheduled_message_counts_for_duplicates_from_when_it_is_sent() {
    let mut bench = one();
    let at = later(bench.now, Duration::from_secs(30));
    bench.send("t", [Sample::new("a").scheduled(at).message()]);
    bench.send("t", messages(["a"]));
    assert_eq!(bench.count("t", "scheduled"), 1);
    bench.pass(30);
    let consumer = bench.open(S);
    assert_eq!(ids(&bench.receive(consumer, 9)), ["a"]);
}

#[test]
fn a_message_without_a_session_is_a_dead_letter_where_sessions_are_required() {
    let settings = Settings { requires_session: true, ..Settings::default() };
    let mut bench = Bench::new(&topic(vec![subscription("s", settings)]));
    bench.send("t", messages(["a"]));
    assert_eq!(bench.count("t/Subscriptions/s", "active"), 0);
    assert_eq!(bench.count("t/Subscriptions/s", "deadLetter"), 1);
}

#[test]
fn rules_decide_and_may_change_the_copy() {
    let mut bench = one();
    let queue = bench.id(S);
    bench.broker.remove_rule(queue, "$default").unwrap();
    bench.broker.add_rule(queue, sql("big", "size > 5", Some("SET big = TRUE"))).unwrap();
    bench.broker.add_rule(queue, sql("red", "color = 'red'", None)).unwrap();
    let sample = |id, size: i32, color: &str| {
        Sample::new(id).with("size", size).with("color", color.to_owned()).message()
    };
    bench.send("t", [sample("none", 1, "blue"), sample("one", 1, "red"), sample("two", 9, "red")]);
    let consumer = bench.open(S);
    let got: Vec<_> = bench
        .receive(consumer, 9)
        .iter()
        .map(|delivery| {
            let big = Fields::of(&delivery.message).user("big").is_some();
            (delivery.message.id.to_string(), big)
        })
        .collect();
    let expected = [("one", false), ("two", true), ("two", false)];
    assert_eq!(got, expected.map(|(id, big)| (id.to_owned(), big)));
}

#[test]
fn a_subscription_without_rules_gets_nothing() {
    let mut bench = one();
    let queue = bench.id(S);
    bench.broker.remove_rule(queue, "$Default").unwrap();
    bench.send("t", messages(["a"]));
    assert_eq!(bench.count("t/Subscriptions/s", "active"), 0);
}

#[test]
fn rules_have_names_of_their_own() {
    let mut bench = one();
    let queue = bench.id(S);
    bench.broker.add_rule(queue, sql("r", "a = 1", None)).unwrap();
    let twice = bench.broker.add_rule(queue, sql("R", "a = 2", None));
    assert_eq!(twice, Err(Refusal::RuleExists("R".to_owned())));
    bench.broker.remove_rule(queue, "R").unwrap();
    let gone = bench.broker.remove_rule(queue, "r");
    assert_eq!(gone, Err(Refusal::EntityNotFound("r".to_owned())));
    let mut plain = Bench::queue(Settings::default());
    let queue = plain.id("q");
    assert!(matches!(plain.broker.rules(queue), Err(Refusal::NotAllowed(_))));
}
