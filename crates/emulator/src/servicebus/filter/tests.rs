//! Which messages rules take, and what actions make of them.

use super::*;
use crate::servicebus::{
    amqp::value::{Ask, string},
    message::sample::Sample,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_amqp::Value;

/// The message that all conditions below are about.
fn sample() -> Sample {
    Sample::new("m-1")
        .session("s-1")
        .label("Placed")
        .with("n", 7)
        .with("price", 2.5)
        .with("color", "red".to_owned())
        .with("ok", true)
        .with("odd name", 1)
        .with("text", "100%_a".to_owned())
}

fn holds(condition: &str) -> bool {
    let predicate = Predicate::parse(condition);
    let predicate = predicate.unwrap_or_else(|error| unreachable!("{condition}: {error}"));
    predicate.holds(&Fields::of(&sample().message()))
}

#[test]
fn conditions_that_are_true() {
    for condition in [
        "n = 7",
        "7 = n",
        "n <> 8",
        "n != 8",
        "n > 6 AND n >= 7 AND n < 8 AND n <= 7",
        "n + 1 = 8 and n - 1 = 6 and n * 2 = 14 and n / 2 = 3 and n % 4 = 3",
        "price * 2 = 5",
        "n > price",
        "-n = -7",
        "+n = 7",
        "2 + 3 * 2 = 8",
        "(2 + 3) * 2 = 10",
        "(n + 1) * 2 > 15",
        "((n)) = 7",
        "color = 'red'",
        "color + '!' = 'red!'",
        "color IN ('blue', 'red')",
        "color NOT IN ('blue', 'green')",
        "color LIKE 'r%'",
        "color LIKE '_ed'",
        "color LIKE '%'",
        "color NOT LIKE 'b%'",
        "text LIKE '100!%!_a' ESCAPE '!'",
        "ok",
        "ok = TRUE",
        "NOT ok = FALSE",
        "NOT (n = 8 OR color = 'blue')",
        "n = 8 OR color = 'red' AND ok",
        "missing IS NULL",
        "n IS NOT NULL",
        "EXISTS(n)",
        "NOT EXISTS(missing)",
        "exists(sys.Label) AND NOT exists(sys.To)",
        "sys.Label = 'Placed' AND sys.MessageId = 'm-1' AND sys.SessionId = 's-1'",
        "user.n = 7",
        "[odd name] = 1",
        "\"odd name\" = 1",
        "'it''s' = 'it''s'",
        "1=1",
        "n = 8 OR TRUE",
    ] {
        assert!(holds(condition), "{condition}");
    }
}

#[test]
fn conditions_that_are_false_or_unknown() {
    for condition in [
        "n = 8",
        "n = '7'",
        "color = 'Red'",
        "color > 1",
        "missing = 1",
        "missing <> 1",
        "NOT missing = 1",
        "missing = missing",
        "missing IN (1)",
        "color NOT IN ('blue', missing)",
        "missing LIKE '%'",
        "n LIKE '7'",
        "n AND ok",
        "color",
        "n / 0 = 1",
        "9223372036854775807 + 1 > 0",
        "color LIKE 'r'",
        "color LIKE ''",
        "text LIKE '100!%b' ESCAPE '!'",
        "1=0",
        "ok AND missing = 1",
    ] {
        assert!(!holds(condition), "{condition}");
    }
}

#[track_caller]
fn check(text: &str, expect: Expect) {
    expect.assert_eq(&Predicate::parse(text).unwrap_err().to_string());
}

#[test]
fn what_is_not_a_condition_is_refused_with_its_position() {
    check("", expect!["expected a value at position 0"]);
    check("n >", expect!["expected a value at position 3"]);
    check("n = 1 n", expect!["unexpected text at position 6"]);
    check("n = 'x", expect!["a closing ' is missing at position 4"]);
    check("n ~ 1", expect!["unexpected '~' at position 2"]);
    check("n = 1e", expect!["'1e' is not a number at position 4"]);
    check("(n = 1", expect!["expected ')' at position 6"]);
    check("n IS 1", expect!["expected NULL at position 5"]);
    check("n NOT 1", expect!["expected IN or LIKE at position 6"]);
    check("n IN 1", expect!["expected '(' at position 5"]);
    check("sys.Nothing = 1", expect!["no system property 'Nothing' at position 4"]);
    check("other.n = 1", expect!["a scope is sys or user at position 8"]);
    check("newid() = 1", expect!["the function 'newid' is not supported at position 5"]);
    check("n LIKE 'a' ESCAPE 'ab'", expect!["expected one character at position 18"]);
    check(&"(".repeat(200), expect!["nested too deeply at position 64"]);
    check(&"a".repeat(1_025), expect!["longer than 1024 characters at position 1024"]);
}

#[test]
fn an_action_sets_and_removes() {
    let action = Action::parse("SET total = n * 2; REMOVE color; SET [a b] = 'x';").unwrap();
    let message = sample().message();
    let changed = action.apply(&message, &Fields::of(&message));
    let fields = Fields::of(&changed);
    assert_eq!(fields.user("total"), Some(&Value::Long(14)));
    assert_eq!(fields.user("a b"), Some(&string("x")));
    assert_eq!((fields.user("color"), fields.user("ok")), (None, Some(&Value::Bool(true))));
    assert_eq!(action.text(), "SET total = n * 2; REMOVE color; SET [a b] = 'x';");
}

#[test]
fn what_is_not_an_action_is_refused() {
    for (text, why) in [
        ("total = 1", "expected SET or REMOVE at position 0"),
        ("SET total", "expected '=' at position 5"),
        ("SET a = 1 SET b = 2", "expected ';' at position 10"),
        ("SET sys.Label = 'x'", "system properties cannot be changed at position 14"),
    ] {
        assert_eq!(Action::parse(text).unwrap_err().to_string(), why);
    }
}

fn correlates(correlation: Correlation) -> bool {
    correlation.holds(&Fields::of(&sample().message()))
}

#[test]
fn a_correlation_filter_wants_everything_it_names() {
    let named = |wanted: &[(&str, &str)]| {
        let of = |name| wanted.iter().find(|(own, _)| *own == name).map(|(_, is)| (*is).to_owned());
        Correlation { system: SYSTEM.map(|(_, name, _)| of(name)), ..Correlation::default() }
    };
    assert!(correlates(named(&[("Label", "Placed")])));
    assert!(!correlates(named(&[("Label", "placed")])));
    assert!(!correlates(named(&[("Label", "Placed"), ("To", "x")])));
    let with = |n| {
        let placed = named(&[("Label", "Placed")]);
        Correlation { properties: vec![("n".to_owned(), n)], ..placed }
    };
    assert!(correlates(with(Value::Int(7))));
    assert!(!correlates(with(Value::Int(8))));
    assert!(Correlation::default().is_empty() && !named(&[("To", "x")]).is_empty());
}

#[test]
fn numbers_correlate_whatever_their_width() {
    let with = |n| Correlation { properties: vec![("n".to_owned(), n)], ..Correlation::default() };
    assert!(correlates(with(Value::Long(7))));
    assert!(!correlates(with(string("7"))));
}

#[test]
fn a_rule_of_the_default_kind_shares_the_message() {
    let message = Arc::new(sample().message());
    let copies = copies(&[Rule::default_one()], &message, &mut None);
    assert!(matches!(&copies[..], [only] if Arc::ptr_eq(only, &message)));
}

#[test]
fn a_false_filter_takes_nothing() {
    let rule = Rule { filter: Filter::False, ..Rule::default_one() };
    assert!(copies(&[rule], &Arc::new(sample().message()), &mut None).is_empty());
}

#[test]
fn ids_of_any_type_are_text_to_filters() {
    let message = Sample::nameless().id(Value::Ulong(12)).message();
    let fields = Fields::of(&message);
    assert_eq!(fields.system(fields::System::MessageId).text(), Some("12"));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z0-9 ()'%_=<>.+*/\\-\\[\\]\"]{0,80}") {
        if let Ok(predicate) = Predicate::parse(&text) {
            predicate.holds(&Fields::of(&sample().message()));
        }
        let _ = Action::parse(&text);
    }

    #[test]
    fn like_agrees_with_a_plain_search(text in "[ab]{0,8}", part in "[ab]{0,3}") {
        let message = Sample::new("m").with("t", text.clone()).message();
        let predicate = Predicate::parse(&format!("t LIKE '%{part}%'")).unwrap();
        prop_assert_eq!(predicate.holds(&Fields::of(&message)), text.contains(&part));
    }
}
