//! Which messages rules take, and what actions make of them.

use super::*;
use crate::servicebus::{
    amqp::value::{Ask, string, timestamp},
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
        .with("farbé", 1)
        .with("text", "100%_a".to_owned())
        .with("at", timestamp(jiff::Timestamp::UNIX_EPOCH))
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
        "FARBÉ = 1",
        "COLOR = 'red' AND User.N = 7 AND SYS.label = 'Placed'",
        "property('odd name') = 1 AND p('COL' + 'or') = 'red' AND p('sys.Label') = 'Placed'",
        "p('missing') IS NULL",
        "newid() <> newid()",
        "at = at AND NOT at > at",
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
    check("length(n) = 1", expect!["the function 'length' is not supported at position 0"]);
    check("n = @n", expect!["the parameter '@n' has no value at position 4"]);
    check("n LIKE 'a' ESCAPE 'ab'", expect!["expected one character at position 18"]);
    check(&"(".repeat(200), expect!["nested too deeply at position 64"]);
    check(&"a".repeat(1_025), expect!["longer than 1024 characters at position 1024"]);
}

#[test]
fn an_action_sets_and_removes() {
    let action = Action::parse("SET total = n * 2; REMOVE color; SET [a b] = 'x';").unwrap();
    let message = sample().message();
    let changed = action.apply(&message, &Fields::of(&message), "rule");
    let fields = Fields::of(&changed);
    assert_eq!(fields.user("RuleName"), Some(&string("rule")));
    assert_eq!(fields.user("total"), Some(&Value::Long(14)));
    assert_eq!(fields.user("a b"), Some(&string("x")));
    assert_eq!((fields.user("color"), fields.user("ok")), (None, Some(&Value::Bool(true))));
    assert_eq!(action.text(), "SET total = n * 2; REMOVE color; SET [a b] = 'x';");
}

/// What actions make of the message above.
fn acted(action: &str) -> Message {
    let message = sample().message();
    Action::parse(action).unwrap().apply(&message, &Fields::of(&message), "rule")
}

#[test]
fn a_statement_sees_what_those_before_it_did() {
    let fields = Fields::of(&acted("SET a = 1 SET b = a + 1; REMOVE COLOR SET c = color"));
    assert_eq!(fields.user("b"), Some(&Value::Long(2)));
    assert_eq!((fields.user("color"), fields.user("c")), (None, Some(&Value::Null)));
}

#[test]
fn a_property_that_is_set_keeps_its_type() {
    let fields = Fields::of(&acted(
        "SET N = n / 2; SET color = 5; SET price = 3; SET ok = 2.5; SET copy = at; SET id = newid()",
    ));
    assert_eq!(fields.user("n"), Some(&Value::Int(3)));
    assert_eq!(fields.user("color"), Some(&string("5")));
    assert_eq!(fields.user("price"), Some(&Value::from(3.0)));
    assert_eq!(fields.user("ok"), Some(&Value::from(2.5)));
    assert_eq!(fields.user("copy"), fields.user("at"));
    assert!(matches!(fields.user("id"), Some(Value::Uuid(_))));
}

#[test]
fn system_properties_are_set_and_removed() {
    let changed = acted(
        "SET sys.To = sys.Label + '!'; REMOVE sys.Label; SET sys.SessionId = n; \
         SET sys.MessageId = 'm-2'; REMOVE sys.MessageId",
    );
    assert_eq!((&*changed.id, changed.session.as_deref()), ("m-2", Some("7")));
    let fields = Fields::of(&changed);
    assert_eq!(fields.system(fields::System::To), string("Placed!"));
    assert_eq!(fields.system(fields::System::Label), Value::Null);
    assert_eq!(fields.system(fields::System::MessageId), string("m-2"));
}

#[test]
fn parameters_stand_for_their_values() {
    let parameters = vec![("@n".to_owned(), Value::Int(7)), ("@c".to_owned(), string("r%"))];
    let message = sample().message();
    let fields = Fields::of(&message);
    let predicate = Predicate::with("n = @N AND color LIKE @c", parameters.clone()).unwrap();
    assert!(predicate.holds(&fields));
    let action = Action::with("SET seen = @c", parameters).unwrap();
    let changed = Fields::of(&action.apply(&message, &fields, "rule"));
    assert_eq!(changed.user("seen"), Some(&string("r%")));
}

#[test]
fn what_is_not_an_action_is_refused() {
    for (text, why) in [
        ("total = 1", "expected SET or REMOVE at position 0"),
        ("SET total", "expected '=' at position 5"),
        ("SET a = 1, SET b = 2", "expected SET or REMOVE at position 9"),
        ("SET sys.Nothing = 'x'", "no system property 'Nothing' at position 8"),
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
