//! What holds for every text: parsing ends, and rendering means the same.

use super::super::evaluate::{canonical, compare};
use super::super::parser::OPERATORS;
use super::super::{Condition, check, parse, parser, render};
use super::{outbox, run};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cmp::Ordering;

/// What queries are made of.
const WORDS: [&str; 64] = [
    "SELECT",
    "VALUE",
    "*",
    "DISTINCT",
    "TOP",
    "FROM",
    "c",
    "c",
    "c.n",
    "c.tags",
    "c.who",
    "r",
    "AS",
    "JOIN",
    "IN",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "BETWEEN",
    "LIKE",
    "ESCAPE",
    "EXISTS",
    "ARRAY",
    "ORDER BY",
    "GROUP BY",
    "OFFSET",
    "LIMIT",
    "ASC",
    "DESC",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    "?",
    "??",
    "||",
    "=",
    "!=",
    "<",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "~",
    "1",
    "2.5",
    "'a'",
    "\"b%\"",
    "@n",
    "@list",
    "null",
    "true",
    "undefined",
    "COUNT(1)",
    "MAX(c.n)",
    "LOWER('A')",
];

/// An expression, written with no more parentheses than its parts bring along.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "2.5",
        "'a'",
        "null",
        "true",
        "false",
        "undefined",
        "c.n",
        "c.who.name",
        "c['tags'][0]",
        "@n",
        "@s",
        "c.missing",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 4, |inner| {
        let operator = prop::sample::select(
            OPERATORS.iter().map(|found| found.0).chain(["AND", "OR", "??"]).collect::<Vec<_>>(),
        );
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} NOT IN ({b}, 1))")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("(({a}) BETWEEN ({b}) AND 3)")),
            inner.clone().prop_map(|a| format!("NOT ({a})")),
            inner.clone().prop_map(|a| format!("(- {a})")),
            inner.clone().prop_map(|a| format!("[{a}, {{'k': {a}}}]")),
            inner.prop_map(|a| format!("CONCAT('x', ToString({a}))")),
        ]
    })
}

/// The text of a query, as the parser understood it.
fn rendered(text: &str) -> Option<String> {
    parser::select(text).ok().map(|select| render::select(&select))
}

/// Whatever was understood can be said again, and means the same.
fn means_the_same(text: &str) -> Result<(), TestCaseError> {
    let Ok(mut select) = parser::select(text) else { return Ok(()) };
    let again = render::select(&select);
    prop_assert_eq!(rendered(&again), Some(again.clone()), "{}", text);
    if check::outermost(&mut select).is_ok() {
        let _plan = parse(text).map(|query| query.plan());
        let (answer, repeated) = (run(text, &outbox()), run(&again, &outbox()));
        prop_assert_eq!(answer.is_ok(), repeated.is_ok(), "{} and {}", text, again);
        prop_assert_eq!(answer.unwrap_or_default(), repeated.unwrap_or_default(), "{}", text);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end(text in any::<String>()) {
        let _query = parse(&text);
        let _condition = Condition::parse(&text);
    }

    #[test]
    fn any_characters_of_the_language_are_read(text in "[-a-c0-9.@'\"\\\\/*+(){}\\[\\] eE_xXu\n]{0,40}") {
        let _query = parse(&format!("SELECT VALUE {text} FROM c"));
    }

    #[test]
    fn any_words_in_any_order_are_read(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..20),
    ) {
        let words = words.join(" ");
        means_the_same(&words)?;
        means_the_same(&format!("SELECT {words}"))?;
        means_the_same(&format!("SELECT VALUE c.id FROM c WHERE {words}"))?;
    }

    #[test]
    fn an_expression_means_what_its_rendering_means(text in expression()) {
        let text = format!("SELECT VALUE {text} FROM c");
        prop_assert!(rendered(&text).is_some(), "{}", text);
        means_the_same(&text)?;
    }
}

/// Values of every type, some of them equal to others.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        (-3..3_i32).prop_map(|n| json!(f64::from(n) / 2.0)),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// A LIKE pattern as a regular expression.
fn as_regex(pattern: &str) -> regex::Regex {
    let body = pattern.replace('%', ".*").replace('_', ".");
    regex::Regex::new(&format!("^(?s:{body})$")).unwrap()
}

proptest! {
    #[test]
    fn like_agrees_with_a_regular_expression(text in "[ab]{0,8}", pattern in "([ab%_]|\\[\\^?[ab]\\]){0,6}") {
        let answer = run(&format!("SELECT VALUE '{text}' LIKE '{pattern}'"), &json!([]));
        prop_assert_eq!(answer.unwrap(), [json!(as_regex(&pattern).is_match(&text))]);
    }

    #[test]
    fn any_page_of_a_sort_is_that_part_of_the_whole(
        values in prop::collection::vec(prop::option::of(value()), 0..200),
        (skip, take) in (0..150_usize, 0..40_usize),
        direction in prop::sample::select(vec!["ASC", "DESC"]),
    ) {
        let documents: Vec<_> = (0..).zip(&values).map(|(id, value)| match value {
            Some(value) => json!({"id": id, "k": value}),
            None => json!({"id": id}),
        }).collect();
        let documents = json!(documents);
        let text = format!("SELECT VALUE c.id FROM c ORDER BY c.k {direction}, c.id");
        let whole = run(&text, &documents).unwrap();
        prop_assert_eq!(whole.len(), values.len());
        let page = run(&format!("{text} OFFSET {skip} LIMIT {take}"), &documents).unwrap();
        prop_assert_eq!(page, whole.into_iter().skip(skip).take(take).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_values_is_total(a in value(), b in value(), c in value()) {
        let order = |left, right| compare::total(Some(left), Some(right));
        prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
        prop_assert!(order(&a, &b).is_gt() || order(&b, &c).is_gt() || order(&a, &c).is_le());
        prop_assert_eq!(order(&a, &b).is_eq(), compare::equal(&a, &b));
        prop_assert_eq!(canonical(&a) == canonical(&b), compare::equal(&a, &b));
    }

    #[test]
    fn groups_count_every_row_once(values in prop::collection::vec(value(), 1..30)) {
        let documents: Vec<_> = values.iter().map(|value| json!({"k": value})).collect();
        let groups = run("SELECT c.k, COUNT(1) AS n FROM c GROUP BY c.k", &json!(documents)).unwrap();
        let distinct = run("SELECT DISTINCT c.k FROM c", &json!(documents)).unwrap();
        prop_assert_eq!(groups.len(), distinct.len());
        let rows: u64 = groups.iter().filter_map(|group| group["n"].as_u64()).sum();
        prop_assert_eq!(rows, values.len() as u64);
    }
}

#[test]
fn every_pair_of_operators_binds_by_its_levels() {
    let tree = |expr: &str| rendered(&format!("SELECT VALUE {expr} FROM c")).unwrap();
    for (first, first_level, _) in OPERATORS {
        for (second, second_level, _) in OPERATORS {
            let plain = tree(&format!("1 {first} 2 {second} 3"));
            let right = tree(&format!("1 {first} (2 {second} 3)"));
            let left = tree(&format!("(1 {first} 2) {second} 3"));
            match first_level.cmp(&second_level) {
                Ordering::Less => assert_eq!(plain, right, "1 {first} 2 {second} 3"),
                Ordering::Greater => assert_eq!(plain, left, "1 {first} 2 {second} 3"),
                Ordering::Equal => assert_ne!(plain, right, "1 {first} 2 {second} 3"),
            }
        }
    }
}
