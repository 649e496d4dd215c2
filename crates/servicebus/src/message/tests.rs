//! The message, pinned: consumers in other languages read exactly this.

use domain::{Json, Sequence};
use expect_test::expect;

use super::*;

fn envelope() -> Envelope {
    Envelope {
        key: "order-17".parse().unwrap(),
        sequence: Sequence::new(2).unwrap(),
        event_type: "QuantityChanged".into(),
        occurred_at: "2026-11-23T20:15:30.5Z".parse().unwrap(),
        data: Json::from_valid(r#"{"quantity":5}"#),
        traceparent: Some(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
        ),
    }
}

fn lines(message: &Message<Data>) -> String {
    use std::fmt::Write as _;
    let properties = message.properties.as_ref().unwrap();
    let mut text = String::new();
    let _ = writeln!(text, "message-id {:?}", properties.message_id.as_ref().unwrap());
    let _ = writeln!(text, "group-id {:?}", properties.group_id.as_ref().unwrap());
    let _ = writeln!(text, "subject {:?}", properties.subject.as_ref().unwrap());
    let _ = writeln!(text, "content-type {:?}", properties.content_type.as_ref().unwrap());
    let _ = writeln!(text, "correlation-id {:?}", properties.correlation_id.as_ref().unwrap());
    for (name, value) in &message.application_properties.as_ref().unwrap().0 {
        let _ = writeln!(text, "{name} = {value:?}");
    }
    let _ = write!(text, "body {}", String::from_utf8_lossy(&message.body.0));
    text
}

#[test]
fn an_event_becomes_exactly_this_message() {
    expect![[r#"
        message-id String("order-17.2")
        group-id "order-17"
        subject "QuantityChanged"
        content-type Symbol("application/json")
        correlation-id String("order-17")
        cloudEvents:specversion = String("1.0")
        cloudEvents:id = String("order-17.2")
        cloudEvents:source = String("/orders")
        cloudEvents:type = String("QuantityChanged")
        cloudEvents:subject = String("order-17")
        cloudEvents:time = String("2026-11-23T20:15:30.5Z")
        cloudEvents:traceparent = String("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        Diagnostic-Id = String("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        traceparent = String("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        sequence = Long(2)
        body {"quantity":5}"#]]
    .assert_eq(&lines(&message(&envelope(), "/orders")));
}

#[test]
fn an_event_without_a_trace_claims_none() {
    let message = message(&Envelope { traceparent: None, ..envelope() }, "/orders");
    let names = message.application_properties.unwrap();
    assert!(names.0.keys().all(|name| !name.contains("trace") && name != "Diagnostic-Id"));
}

#[test]
fn the_bytes_of_a_message_are_pinned() {
    let bytes = encode(&message(&Envelope { traceparent: None, ..envelope() }, "/o")).unwrap();
    let text: String =
        bytes.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
    expect![[r#"\x00Ss\xc0J\x0b\xa1\norder-17.2@@\xa1\x0fQuantityChanged@\xa1\x08order-17\xa3\x10application/json@@@\xa1\x08order-17\x00St\xc1\xcb\x0e\xa1\x17cloudEvents:specversion\xa1\x031.0\xa1\x0ecloudEvents:id\xa1\norder-17.2\xa1\x12cloudEvents:source\xa1\x02/o\xa1\x10cloudEvents:type\xa1\x0fQuantityChanged\xa1\x13cloudEvents:subject\xa1\x08order-17\xa1\x10cloudEvents:time\xa1\x162026-11-23T20:15:30.5Z\xa1\x08sequenceU\x02\x00Su\xa0\x0e{\"quantity\":5}"#]].assert_eq(&text);
}

#[test]
fn a_repeat_has_the_same_bytes() {
    let bytes = || encode(&message(&envelope(), "/orders")).unwrap();
    assert_eq!(bytes(), bytes());
}
