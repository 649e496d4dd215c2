//! Golden texts of event documents: what is written, and what is read.

use domain::{Sequence, TraceParent};
use expect_test::{Expect, expect};

use super::*;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn envelope() -> Envelope<()> {
    Envelope {
        key: "o-1".parse().unwrap(),
        sequence: Sequence::FIRST,
        event_type: "OrderPlaced".into(),
        occurred_at: "2026-11-23T20:24:24.1234567Z".parse().unwrap(),
        data: (),
        traceparent: Some(TRACE.parse::<TraceParent>().unwrap()),
    }
}

#[track_caller]
fn check(document: &str, expected: Expect) {
    expected.assert_eq(&format!("{:?}", reading_of(document)));
}

#[test]
fn a_new_event_is_written_by_name() {
    let envelope = envelope();
    let document = EventDocument::new(&envelope, serde_json::json!({"quantity": 3}));
    expect![[r#"{"id":"o-1.1","partitionKey":"o-1","type":"event","state":"pending","sequence":1,"eventType":"OrderPlaced","occurredAt":"2026-11-23T20:24:24.123456Z","data":{"quantity":3},"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#]].assert_eq(&serde_json::to_string(&document).unwrap());
}

#[test]
fn what_is_written_says_the_same_when_read() {
    let envelope = envelope();
    let data = serde_json::json!({"quantity": 3, "accountNumber": "A-17"});
    let text = serde_json::to_string(&EventDocument::new(&envelope, &data)).unwrap();
    let stored = Says::of_stored(&text).unwrap();
    assert_eq!(stored, Says::of_new(&envelope, &data).unwrap());
    let other = Envelope { traceparent: None, ..envelope.clone() };
    assert_ne!(stored, Says::of_new(&other, &data).unwrap());
}

#[test]
fn data_is_kept_to_the_letter() {
    let document = r#"{"id":"o-1.1","partitionKey":"o-1","type":"event","state":"pending","sequence":1,"eventType":"OrderPlaced","occurredAt":"2026-11-23T20:24:24.123456Z","data":{ "b" : 1.50,"a":[]},"_etag":"\"e\"","_ts":7,"new field":{}}"#;
    let Reading::Event(entry) = reading_of(document) else { panic!("an event") };
    assert_eq!(entry.envelope.data.as_str(), r#"{ "b" : 1.50,"a":[]}"#);
    assert_eq!(entry.state, EventState::Pending);
}

#[test]
fn every_state_reads_back() {
    for (fields, expected) in [
        (
            r#""state":"processed","processedAt":"2026-11-23T20:24:25Z","ttl":604800"#,
            EventState::Processed { at: "2026-11-23T20:24:25Z".parse().unwrap() },
        ),
        (
            r#""state":"parked","parkedAt":"2026-11-23T20:24:25Z","reason":"too large""#,
            EventState::Parked {
                at: "2026-11-23T20:24:25Z".parse().unwrap(),
                reason: "too large".to_owned(),
            },
        ),
        (r#""state":"skipped""#, EventState::Skipped),
    ] {
        let document = format!(
            r#"{{"id":"o.2","partitionKey":"o","type":"event","sequence":2,"eventType":"E","occurredAt":"2026-11-23T20:24:24Z","data":{{}},{fields}}}"#
        );
        let Reading::Event(entry) = reading_of(&document) else { panic!("{document}") };
        assert_eq!(entry.state, expected);
    }
}

#[test]
fn other_documents_are_none_of_our_business() {
    check(r#"{"id":"o-1","partitionKey":"o-1","type":"order","state":{}}"#, expect!["Other"]);
    check(r#"{"id":"x"}"#, expect!["Other"]);
}

#[test]
fn what_claims_to_be_an_event_and_is_not_is_named() {
    check(
        "nonsense",
        expect![[r#"Unreadable { id: "?", reason: "expected ident at line 1 column 2" }"#]],
    );
    check(
        r#"{"id":7,"type":"event"}"#,
        expect![[
            r#"Unreadable { id: "?", reason: "invalid type: integer `7`, expected a string at line 1 column 7" }"#
        ]],
    );
    check(
        r#"{"id":"o.1","type":"event"}"#,
        expect![[
            r#"Unreadable { id: "o.1", reason: "missing field `partitionKey` at line 1 column 27" }"#
        ]],
    );
    let event = |id: &str, rest: &str| {
        format!(
            r#"{{"id":"{id}","partitionKey":"o","type":"event","eventType":"E","occurredAt":"2026-11-23T20:24:24Z","data":{{}},{rest}}}"#
        )
    };
    check(
        &event("o.2", r#""state":"pending","sequence":1"#),
        expect![[r#"Unreadable { id: "o.2", reason: "the id should be o.1" }"#]],
    );
    check(
        &event("o.0", r#""state":"pending","sequence":0"#),
        expect![[r#"Unreadable { id: "o.0", reason: "sequence 0 does not exist" }"#]],
    );
    check(
        &event("o.1", r#""state":"held","sequence":1"#),
        expect![[r#"Unreadable { id: "o.1", reason: "the state \"held\" is unknown" }"#]],
    );
    check(
        &event("o.1", r#""state":"processed","sequence":1"#),
        expect![[r#"Unreadable { id: "o.1", reason: "it is processed without processedAt" }"#]],
    );
    check(
        &event("o.1", r#""state":"pending","sequence":-1"#),
        expect![[
            r#"Unreadable { id: "o.1", reason: "invalid value: integer `-1`, expected u32 at line 1 column 139" }"#
        ]],
    );
}
