//! Nothing is without bounds: not the text, not its nesting, not the work of answering it.

use super::super::limits::{DEPTH_MAX, ITEMS_MAX, OPERANDS_MAX, TEXT_BYTES_MAX, WORK_MAX};
use super::super::{evaluate, parse};
use super::run;
use serde_json::{Map, Value, json};

/// Every way to nest, as what opens, what stands inside and what closes.
const NESTS: [(&str, &str, &str); 11] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("{'a': ", "1", "}"),
    ("NOT ", "true", ""),
    ("- ", "1", ""),
    ("ABS(", "1", ")"),
    ("true ? ", "1", " : 2"),
    ("1 IN (", "1", ")"),
    ("1 + (2 * (", "3", "))"),
    ("(SELECT VALUE ", "1", ")"),
    ("c[", "'a'", "]"),
];

fn nested((open, inside, close): (&str, &str, &str), levels: usize) -> String {
    format!("SELECT VALUE {}{inside}{} FROM c", open.repeat(levels), close.repeat(levels))
}

#[test]
fn deep_nesting_is_refused_without_a_stack_overflow() {
    for nest in NESTS {
        let error = parse(&nested(nest, 10_000)).unwrap_err().to_string();
        assert!(error.ends_with("nesting deeper than 128 levels"), "{nest:?}: {error}");
    }
}

#[test]
fn nesting_up_to_the_limit_is_answered() {
    for nest in NESTS {
        // The deepest that still parses, whatever one level of this form counts for.
        let deepest = (1..=DEPTH_MAX).rev().find(|levels| parse(&nested(nest, *levels)).is_ok());
        let text = nested(nest, deepest.unwrap());
        let plan = parse(&text).unwrap().plan();
        assert!(plan.is_object() && run(&text, &json!([{"a": 1}])).is_ok(), "{nest:?}");
    }
}

#[test]
fn long_chains_are_flat() {
    for (operator, operand) in [(" OR ", "c.a = 1"), (" AND ", "true"), (" + ", "1"), (" ?? ", "1")]
    {
        let chain = vec![operand; OPERANDS_MAX].join(operator);
        assert!(run(&format!("SELECT VALUE {chain} FROM c"), &json!([{}])).is_ok());
        let longer = format!("SELECT VALUE {chain}{operator}{chain} FROM c");
        assert!(parse(&longer).unwrap_err().to_string().contains("operators in a row"));
    }
}

#[test]
fn lists_and_texts_have_a_longest() {
    let list = vec!["1"; ITEMS_MAX + 1].join(",");
    let error = parse(&format!("SELECT VALUE 1 IN ({list}) FROM c")).unwrap_err().to_string();
    assert!(error.ends_with("a list of more than 6000 entries"), "{error}");
    let error = parse(&" ".repeat(TEXT_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error.offset, TEXT_BYTES_MAX);
}

/// The answer within a thousandth of the work that is allowed otherwise.
fn shortly(text: &str, documents: &Value) -> String {
    let query = parse(text).unwrap();
    let documents = documents.as_array().unwrap().iter();
    let answer = evaluate::outermost(&query.select, &Map::new(), documents, WORK_MAX / 1_000);
    answer.map_or_else(|error| error.to_string(), |values| format!("{} values", values.len()))
}

#[test]
fn a_runaway_join_ends() {
    let documents = json!([{"n": (0..1_000).collect::<Vec<_>>()}]);
    let joins = (0..10).fold(String::new(), |joins, n| format!("{joins} JOIN j{n} IN c.n"));
    for what in ["VALUE COUNT(1)", "VALUE c", "DISTINCT VALUE 1", "TOP 1 VALUE c.missing"] {
        let text = format!("SELECT {what} FROM c{joins} WHERE true");
        assert!(shortly(&text, &documents).contains("takes too many rows"), "{what}");
    }
}

#[test]
fn what_doubles_again_and_again_ends() {
    let nested = |first: &str, twice: &str| {
        let inner = format!("(SELECT VALUE {first})");
        let inner =
            (0..40).fold(inner, |inner, _| format!("(SELECT VALUE {twice} FROM x IN {inner})"));
        shortly(&format!("SELECT VALUE {inner} FROM c"), &json!([{}]))
    };
    for (first, twice) in [
        ("'ab'", "x || x"),
        ("'ab'", "CONCAT(x, x)"),
        ("'ab'", "REPLACE(x, 'a', 'aa')"),
        ("1", "[x, x]"),
        ("1", "{'a': x, 'b': x}"),
        ("[1]", "ARRAY_CONCAT(x, x)"),
    ] {
        let answer = nested(first, twice);
        assert!(
            answer.contains("builds too much") || answer.contains("a text of"),
            "{twice}: {answer}"
        );
    }
}

#[test]
fn long_texts_cost_their_length() {
    let documents = json!([{"text": "a".repeat(100_000), "n": (0..200).collect::<Vec<_>>()}]);
    for test in ["CONTAINS(c.text, 'b')", "c.text LIKE '%b%'", "RegexMatch(c.text, 'b')"] {
        let text = format!("SELECT VALUE 1 FROM c JOIN a IN c.n WHERE {test}");
        assert!(shortly(&text, &documents).contains("takes too many rows"), "{test}");
    }
}
