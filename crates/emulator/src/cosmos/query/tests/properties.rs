//! What holds for every text: parsing ends, and rendering means the same.

use super::super::parser::OPERATORS;
use super::super::{Condition, check, parse, parser, render};
use super::{outbox, run};
use proptest::prelude::*;
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
