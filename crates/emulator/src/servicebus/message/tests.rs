//! What goes in comes out: bare bytes unchanged, the broker's words around them.

use super::{
    sample::{Sample, batch},
    sections::sections,
    *,
};
use crate::servicebus::amqp::value::{self, Ask, at, map, string, symbol};
use bytes::BytesMut;
use proptest::prelude::*;
use serde_amqp::Value;

fn stamp() -> Stamp {
    Stamp {
        sequence: 7,
        enqueued_sequence: 3,
        enqueued: Timestamp::from_millisecond(1_000).unwrap(),
        delivery_count: 2,
        locked_until: Timestamp::from_millisecond(61_000).ok(),
        lock_token: None,
        state: 0,
        dead_letter_source: None,
    }
}

fn encoded(message: &Message, stamp: &Stamp) -> BytesMut {
    let mut bytes = BytesMut::new();
    encode(message, stamp, &mut bytes);
    bytes
}

fn section_value(bytes: &[u8], code: u8) -> Option<Value> {
    let mut found = sections(bytes).map(Result::unwrap).filter(|section| section.code == code);
    found.next().map(|section| value::decode(section.value).unwrap().0)
}

#[test]
fn delivery_annotations_behind_the_footer_are_taken_and_not_passed_on() {
    // As azure-servicebus 7.15.0 writes them: properties, data, footer, delivery annotations.
    let id = b"\0\x53\x73\xc0\x04\x01\xa1\x01i";
    let body = b"\0\x53\x75\xa0\x01x";
    let footer = b"\0\x53\x78\xc1\x05\x02\xa3\x01f\x40";
    let loose = b"\0\x53\x71\xc1\x05\x02\xa3\x01d\x40";
    let sent = [&id[..], body, footer, loose].concat();
    let found = decode(&sent, String::new).unwrap();
    assert_eq!(found.bare, [&id[..], body, footer].concat());
    assert_eq!(decode(&[&sent[..], loose].concat(), String::new), Err(BadMessage::Malformed));
}

#[test]
fn bare_bytes_leave_as_they_came() {
    let sent = Sample::new("a").session("s").with("k", "v").bytes();
    let message = decode(&sent, String::new).unwrap();
    assert!(encoded(&message, &stamp()).ends_with(&sent));
}

#[test]
fn the_header_says_the_delivery_count_and_keeps_the_time_to_live() {
    let message = Sample::new("a").time_to_live(5_000).message();
    let header = section_value(&encoded(&message, &stamp()), section::HEADER).unwrap();
    let fields = header.elements().unwrap();
    assert_eq!(fields.len(), 5);
    assert_eq!((at(fields, 0).flag(), at(fields, 2).uint()), (Some(true), Some(5_000)));
    assert_eq!(at(fields, 4).uint(), Some(2));
}

#[test]
fn a_first_delivery_says_zero_and_not_nothing() {
    let first = Stamp { delivery_count: 0, ..stamp() };
    let header = section_value(&encoded(&Sample::new("a").message(), &first), section::HEADER);
    assert_eq!(at(header.unwrap().elements().unwrap(), 4), &Value::Uint(0));
}

#[test]
fn the_annotations_say_what_the_broker_knows() {
    let bytes = encoded(&Sample::new("a").message(), &stamp());
    let annotations = section_value(&bytes, section::MESSAGE_ANNOTATIONS).unwrap();
    assert_eq!(annotations.entry("x-opt-sequence-number"), &Value::Long(7));
    assert_eq!(annotations.entry("x-opt-enqueue-sequence-number"), &Value::Long(3));
    assert_eq!(annotations.entry("x-opt-message-state"), &Value::Int(0));
    let millis = |key| annotations.entry(key).instant().map(Timestamp::as_millisecond);
    assert_eq!(millis("x-opt-enqueued-time"), Some(1_000));
    assert_eq!(millis("x-opt-locked-until"), Some(61_000));
}

#[test]
fn annotations_of_the_sender_stay_unless_they_are_the_brokers() {
    let mut bytes = BytesMut::from(&[0, 0x53, 0x72][..]);
    let sent = [("x-mine", 1), ("x-opt-sequence-number", 99), ("x-opt-partition-key", 2)];
    value::encode(&map(sent.map(|(key, n)| (symbol(key), Value::Int(n)))), &mut bytes);
    bytes.extend_from_slice(&Sample::new("a").bytes());
    let message = decode(&bytes, String::new).unwrap();
    let out = encoded(&message, &stamp());
    let annotations = section_value(&out, section::MESSAGE_ANNOTATIONS).unwrap();
    assert_eq!(annotations.entry("x-mine"), &Value::Int(1));
    assert_eq!(annotations.entry("x-opt-partition-key"), &Value::Int(2));
    assert_eq!(annotations.entry("x-opt-sequence-number"), &Value::Long(7));
}

#[test]
fn a_message_without_an_id_is_given_one_and_keeps_the_rest() {
    let sample = Sample::nameless().session("s").label("l").with("k", 1);
    let message = decode(&sample.bytes(), || "given".to_owned()).unwrap();
    assert_eq!(&*message.id, "given");
    let properties = section_value(&message.bare, section::PROPERTIES).unwrap();
    let fields = properties.elements().unwrap();
    assert_eq!((at(fields, 0).text(), at(fields, 3).text()), (Some("given"), Some("l")));
    assert_eq!(at(fields, 10).text(), Some("s"));
    let body = section_value(&message.bare, section::DATA).unwrap();
    assert_eq!(body.binary(), Some(&b"nameless"[..]));
}

#[test]
fn a_message_without_properties_is_given_some() {
    let message = decode(&[0, 0x53, 0x77, 0x40], || "given".to_owned()).unwrap();
    let properties = section_value(&message.bare, section::PROPERTIES).unwrap();
    assert_eq!(at(properties.elements().unwrap(), 0).text(), Some("given"));
    assert!(message.bare.ends_with(&[0, 0x53, 0x77, 0x40]));
}

#[test]
fn an_id_of_any_type_identifies() {
    let uuid = uuid::Uuid::from_u128(7);
    for (id, text) in [
        (Value::Ulong(12), "12".to_owned()),
        (Value::Uuid(uuid.into_bytes().into()), uuid.to_string()),
        (Value::Binary(vec![1, 2].into()), "AQI".to_owned()),
        (string("a"), "a".to_owned()),
    ] {
        assert_eq!(*Sample::nameless().id(id).message().id, *text);
    }
}

#[test]
fn properties_that_are_too_long_are_refused_by_name() {
    let long = "x".repeat(LENGTH_MAX + 1);
    let id = decode(&Sample::new(&long).bytes(), String::new);
    assert_eq!(id, Err(BadMessage::TooLong { property: "MessageId" }));
    let session = decode(&Sample::new("a").session(&long).bytes(), String::new);
    assert_eq!(session, Err(BadMessage::TooLong { property: "SessionId" }));
    assert!(decode(&Sample::new(&long[1..]).bytes(), String::new).is_ok());
}

#[test]
fn a_batch_is_taken_apart_in_order() {
    let samples = ["a", "b", "c"].map(Sample::new);
    let messages = split_batch(&batch(&samples), String::new).unwrap();
    let ids: Vec<_> = messages.iter().map(|message| &*message.id).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[test]
fn a_batch_without_data_or_with_garbage_is_refused_whole() {
    assert_eq!(split_batch(&[], String::new), Err(BadMessage::EmptyBatch));
    let mut bytes = batch(&[Sample::new("a")]);
    bytes.extend_from_slice(&[0, 0x53, 0x75, 0xa0, 1, 0xff]);
    assert_eq!(split_batch(&bytes, String::new), Err(BadMessage::Malformed));
}

#[test]
fn application_properties_are_set_in_place() {
    let message = Sample::new("a").with("keep", 1).with("old", 2).message();
    let edits = [("old".to_owned(), Value::Null), ("new".to_owned(), string("x"))];
    let edited = edit_application_properties(&message, edits);
    let properties = section_value(&edited.bare, section::APPLICATION_PROPERTIES).unwrap();
    assert_eq!(properties.entry("keep"), &Value::Int(1));
    assert_eq!(
        (properties.entry("old"), properties.entry("new").text()),
        (&Value::Null, Some("x"))
    );
    let body = section_value(&edited.bare, section::DATA).unwrap();
    assert_eq!(body.binary(), Some(&b"a"[..]));
}

#[test]
fn a_message_without_application_properties_gets_them_before_its_body() {
    let message = Sample::new("a").message();
    let edited = edit_application_properties(&message, [("k".to_owned(), string("v"))]);
    let codes: Vec<_> = sections(&edited.bare).map(|section| section.unwrap().code).collect();
    assert_eq!(codes, [section::PROPERTIES, section::APPLICATION_PROPERTIES, section::DATA]);
}

#[test]
fn sections_out_of_order_are_refused() {
    let bytes = [&[0, 0x53, 0x75, 0xa0, 0][..], &[0, 0x53, 0x73, 0x45]].concat();
    assert_eq!(decode(&bytes, String::new), Err(BadMessage::Malformed));
}

#[test]
fn a_footer_before_the_body_is_taken_as_it_came() {
    // So does rhea, and with it the JavaScript SDK.
    let footer = [0, 0x53, section::FOOTER, 0xc1, 1, 0];
    let sent = [&[0, 0x53, 0x73, 0x45][..], &footer, &[0, 0x53, 0x75, 0xa0, 1, b'x']].concat();
    let message = decode(&sent, || "id".to_owned()).unwrap();
    let edited = edit_application_properties(&message, [("k".to_owned(), string("v"))]);
    let codes: Vec<_> = sections(&edited.bare).map(|section| section.unwrap().code).collect();
    assert_eq!(codes, [0x73, 0x74, section::FOOTER, 0x75]);
    let twice = [&sent[..], &footer].concat();
    assert_eq!(decode(&twice, String::new), Err(BadMessage::Malformed));
}

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes, || "id".to_owned());
        let _ = split_batch(&bytes, || "id".to_owned());
    }

    #[test]
    fn a_damaged_message_never_panics(at in 0_usize..120, byte: u8) {
        let mut bytes = Sample::new("a").session("s").time_to_live(1).with("k", 1).bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(message) = decode(&bytes, || "id".to_owned()) {
            let edited = edit_application_properties(&message, [("k".to_owned(), Value::Null)]);
            encoded(&edited, &stamp());
        }
    }
}
