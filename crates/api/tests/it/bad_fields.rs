//! Values that are missing, unknown or out of bounds: one entry for each, all at once.

use crate::world::{World, body_of, check, place};
use expect_test::expect;
use serde::Deserialize;

#[derive(Deserialize)]
struct Problem {
    status: u16,
    #[serde(default)]
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    field: String,
}

/// The status and the wrong fields of an answer.
fn wrong(answer: &str) -> String {
    let Problem { status, errors } = body_of(answer);
    errors.iter().fold(status.to_string(), |text, entry| format!("{text} {}", entry.field))
}

#[tokio::test]
async fn every_wrong_field_is_said_at_once() {
    let body = r#"{"orderId":"a/b","quantity":0,"colour":"red"}"#;
    check(
        &place(body),
        expect![[r#"
            422 Unprocessable Entity
            content-type: application/problem+json

            {"type":"urn:problem-type:orders:invalid-fields",
             "title":"Some values are not valid",
             "status":422,
             "detail":"See errors: one entry for each; nothing was done",
             "errors":[{"field":"orderId",
             "detail":"has the character '/'; allowed are A-Z a-z 0-9 . _ -"},
             {"field":"accountNumber",
             "detail":"is missing"},
             {"field":"quantity",
             "detail":"must be a whole number from 1 to 1000000"},
             {"field":"colour",
             "detail":"is not known here"}]}"#]],
    )
    .await;
}

#[tokio::test]
async fn wrong_types_are_told_from_wrong_values() {
    let body = r#"{"orderId":17,"accountNumber":["A"],"quantity":"3"}"#;
    check(
        &place(body),
        expect![[r#"
            422 Unprocessable Entity
            content-type: application/problem+json

            {"type":"urn:problem-type:orders:invalid-fields",
             "title":"Some values are not valid",
             "status":422,
             "detail":"See errors: one entry for each; nothing was done",
             "errors":[{"field":"orderId",
             "detail":"must be a string"},
             {"field":"accountNumber",
             "detail":"must be a string"},
             {"field":"quantity",
             "detail":"must be a number"}]}"#]],
    )
    .await;
}

#[tokio::test]
async fn quantities_outside_the_bounds_are_422() {
    let world = World::new().await;
    for quantity in [
        "0",
        "-1",
        "-0",
        "1000001",
        "1.5",
        "3.0",
        "1e400",
        "1e3",
        "99999999999999999999999",
        "null",
        "true",
    ] {
        let body = format!(r#"{{"accountNumber":"A","quantity":{quantity}}}"#);
        let answer = world.ask(&place(&body)).await;
        let is_refused = wrong(&answer) == "422 quantity" || answer.starts_with("400");
        assert!(is_refused, "{quantity}: {answer}");
    }
    assert_eq!(world.store.calls(), [""; 0]);
}

#[tokio::test]
async fn the_largest_quantity_is_accepted() {
    let answer =
        World::new().await.ask(&place(r#"{"accountNumber":"A","quantity":1000000}"#)).await;
    assert!(answer.starts_with("201"), "{answer}");
}

/// INVARIANT(refuse-early): what a path, the store or Service Bus would choke on is not stored.
#[tokio::test]
async fn refuse_early_ids_that_others_would_choke_on() {
    let world = World::new().await;
    let long = "x".repeat(65);
    let ids = [
        "",
        ".",
        "..",
        "a/b",
        r"a\\b",
        "a?b",
        "a#b",
        r"a\nb",
        r"a\u0000b",
        "é",
        "a b",
        "注文",
        &long,
    ];
    for id in ids {
        let body = format!(r#"{{"orderId":"{id}","accountNumber":"{id}","quantity":1}}"#);
        let answer = world.ask(&place(&body)).await;
        assert_eq!(wrong(&answer), "422 orderId accountNumber", "{id}");
    }
    assert_eq!(world.store.calls(), [""; 0]);
}

#[tokio::test]
async fn an_empty_object_misses_what_must_be_there() {
    let answer = World::new().await.ask(&place("{}")).await;
    assert_eq!(wrong(&answer), "422 accountNumber quantity");
}

#[tokio::test]
async fn both_spellings_of_a_field_are_one_too_many() {
    let body = r#"{"accountNumber":"A","AccountNumber":"B","quantity":1}"#;
    check(
        &place(body),
        expect![[r#"
        422 Unprocessable Entity
        content-type: application/problem+json

        {"type":"urn:problem-type:orders:invalid-fields",
         "title":"Some values are not valid",
         "status":422,
         "detail":"See errors: one entry for each; nothing was done",
         "errors":[{"field":"accountNumber",
         "detail":"is given twice, once as AccountNumber"}]}"#]],
    )
    .await;
}

#[tokio::test]
async fn other_spellings_are_unknown_fields() {
    let body = r#"{"ACCOUNTNUMBER":"A","account_number":"A","quantity":1,"accountNumber":"A"}"#;
    let answer = World::new().await.ask(&place(body)).await;
    assert_eq!(wrong(&answer), "422 ACCOUNTNUMBER account_number");
}

#[tokio::test]
async fn thousands_of_unknown_fields_get_a_short_answer() {
    let fields: Vec<String> = (0..3000).map(|n| format!(r#""field{n}":{n}"#)).collect();
    let answer = World::new().await.ask(&place(&format!("{{{}}}", fields.join(",")))).await;
    assert_eq!(wrong(&answer).split(' ').count(), 101);
}

#[tokio::test]
async fn a_wrong_idempotency_key_is_one_entry_among_the_others() {
    let world = World::new().await;
    let long = "x".repeat(256);
    for lines in [
        "Idempotency-Key:",
        "Idempotency-Key: a b",
        "Idempotency-Key: a\nIdempotency-Key: b",
        &format!("Idempotency-Key: {long}"),
    ] {
        let request = format!(
            "POST /api/orders\nContent-Type: application/json\n{lines}\n\n{{\"accountNumber\":\"A\"}}"
        );
        let answer = world.ask(&request).await;
        assert_eq!(wrong(&answer), "422 quantity Idempotency-Key", "{lines}");
    }
}
