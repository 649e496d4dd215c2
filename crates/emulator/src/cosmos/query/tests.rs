//! Queries over documents: text in, values out.

mod bounds;
mod clauses;
mod conditions;
mod functions;
mod operators;
mod plans;
mod properties;
mod requirements;
mod sources;

use super::{QueryError, parse};
use expect_test::Expect;
use serde_json::{Map, Value, json};

/// Runs a query over documents, with `@n` = 2 and `@s` = "pending" as parameters.
fn run(text: &str, documents: &Value) -> Result<Vec<Value>, QueryError> {
    let documents = documents.as_array().expect("documents come as an array");
    let parameters = Map::from_iter([
        ("@n".to_owned(), json!(2)),
        ("@s".to_owned(), json!("pending")),
        ("@list".to_owned(), json!(["a", "b"])),
    ]);
    parse(text)?.evaluate(&parameters, documents.iter())
}

/// The values of a query, one on a line, or why there are none.
fn shown(text: &str, documents: &Value) -> String {
    match run(text, documents) {
        Ok(values) => values.iter().fold(String::new(), |shown, value| format!("{shown}{value}\n")),
        Err(error) => format!("{error}\n"),
    }
}

#[track_caller]
fn check(text: &str, documents: &Value, expect: Expect) {
    expect.assert_eq(&shown(text, documents));
}

/// Checks many expressions at once: each on a line, with its value.
#[track_caller]
fn check_values(expressions: &[&str], document: &Value, expect: Expect) {
    let documents = json!([document]);
    let line = |expression: &&str| {
        let values = shown(&format!("SELECT VALUE {expression} FROM c"), &documents);
        let value = if values.is_empty() { "undefined" } else { values.trim_end() };
        format!("{expression} → {value}\n")
    };
    expect.assert_eq(&expressions.iter().map(line).collect::<String>());
}

/// Checks many texts that are refused.
#[track_caller]
fn check_errors(texts: &[&str], expect: Expect) {
    let line = |text: &&str| format!("{text} → {}", shown(text, &json!([{"id": "1"}])));
    expect.assert_eq(&texts.iter().map(line).collect::<String>());
}

/// Two orders and three events.
fn outbox() -> Value {
    json!([
        {"id": "1", "type": "order", "state": null, "n": 1, "tags": ["a", "b"]},
        {"id": "1.1", "type": "event", "state": "pending", "n": 3, "who": {"name": "Ann"}},
        {"id": "1.2", "type": "event", "state": "processed", "n": 2, "tags": []},
        {"id": "2", "type": "order", "n": 10, "tags": ["b", "c"]},
        {"id": "2.1", "type": "event", "state": "pending", "n": 2.5, "who": {"name": "Bob"}}
    ])
}
