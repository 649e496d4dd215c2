//! Performatives, requests and SASL: bytes to meaning and back.

use super::{
    cbs::{KEY, KEY_NAME},
    frame,
    performative::{self, Performative, TRANSFER_OVERHEAD, Transfer, TransferHead, code},
    sasl::{self, Outcome},
    scan::Malformed,
    value::{self, Ask, at, described, string, symbol},
};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use serde_amqp::Value;

fn encoded(value: &Value) -> Bytes {
    let mut bytes = BytesMut::new();
    value::encode(value, &mut bytes);
    bytes.freeze()
}

#[test]
fn a_transfer_is_read_as_it_is_written() {
    let mut bytes = BytesMut::new();
    let tag = [7; 16];
    let head = TransferHead { handle: 3, delivery_id: 9, tag: &tag, settled: true, more: true };
    performative::put_transfer(&mut bytes, head);
    assert!(bytes.len() + 8 <= TRANSFER_OVERHEAD);
    bytes.extend_from_slice(b"payload");
    let read = performative::read(&bytes.freeze());
    let transfer = Transfer {
        handle: 3,
        delivery_id: Some(9),
        format: Some(0),
        settled: true,
        more: true,
        aborted: false,
        payload: Bytes::from_static(b"payload"),
    };
    assert_eq!(read, Ok(Performative::Transfer(transfer)));
}

#[test]
fn a_transfer_may_leave_out_its_last_fields() {
    let body = [0, 0x53, 0x14, 0xc0, 4, 2, 0x52, 5, 0x43, b'x'];
    let Ok(Performative::Transfer(transfer)) = performative::read(&Bytes::copy_from_slice(&body))
    else {
        unreachable!("a transfer")
    };
    assert_eq!((transfer.handle, transfer.delivery_id), (5, Some(0)));
    assert_eq!((transfer.format, &transfer.payload[..]), (None, &b"x"[..]));
}

#[test]
fn descriptors_may_be_written_in_full() {
    let body = [&[0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x14, 0xc0, 3, 1, 0x52, 5][..], b"x"].concat();
    let read = performative::read(&Bytes::from(body));
    assert!(
        matches!(read, Ok(Performative::Transfer(it)) if it.handle == 5 && &it.payload[..] == b"x")
    );
}

#[test]
fn accepted_is_read_in_each_of_its_short_forms() {
    for list in [&[0x45][..], &[0xc0, 1, 0], &[0xd0, 0, 0, 0, 4, 0, 0, 0, 0]] {
        let state = [&[0, 0x53, 0x24], list].concat();
        let fields = [&[0x41, 0x52, 4, 0x40, 0x41][..], &state].concat();
        let size = u8::try_from(fields.len() + 1).unwrap();
        let body = [&[0, 0x53, 0x15, 0xc0, size, 5][..], &fields].concat();
        let read = performative::read(&Bytes::from(body)).unwrap();
        let Performative::Disposition(disposition) = read else { unreachable!("a disposition") };
        assert_eq!(disposition.state, Some((code::ACCEPTED, Vec::new())), "{list:?}");
    }
}

#[test]
fn a_disposition_without_a_last_is_about_one() {
    let state = described(code::MODIFIED, vec![Value::Bool(true)]);
    let fields = vec![Value::Bool(true), Value::Uint(4), Value::Null, Value::Bool(false), state];
    let read = performative::read(&encoded(&described(code::DISPOSITION, fields)));
    let Ok(Performative::Disposition(disposition)) = read else { unreachable!("a disposition") };
    assert_eq!((disposition.first, disposition.last), (4, 4));
    assert_eq!(disposition.state, Some((code::MODIFIED, vec![Value::Bool(true)])));
}

#[test]
fn lists_are_written_in_full_length() {
    let bytes = encoded(&described(code::OPEN, vec![string("a"), Value::Null, Value::Null]));
    let (value, length) = value::decode(&bytes).unwrap();
    assert_eq!((value.bare().elements().map(<[Value]>::len), length), (Some(3), bytes.len()));
}

#[test]
fn values_answer_only_what_they_are() {
    let map = value::map([(symbol("k"), Value::Int(1)), (string("s"), Value::Int(2))]);
    assert_eq!((map.entry("k").integer(), map.entry("s").uint()), (Some(1), Some(2)));
    assert_eq!((map.entry("x"), map.text(), map.elements()), (&Value::Null, None, None));
    assert_eq!((Value::Int(-1).uint(), Value::Ulong(u64::MAX).integer()), (None, None));
    assert_eq!((Value::Bool(true).flag(), Value::Null.flag()), (Some(true), None));
    assert_eq!(at(&[], 3), &Value::Null);
}

fn init(mechanism: &str, response: &[u8]) -> (Result<Outcome, Malformed>, Option<Value>) {
    let fields = vec![symbol(mechanism), Value::Binary(response.to_vec().into())];
    let mut out = BytesMut::new();
    let outcome = sasl::answer_init(&encoded(&described(0x41, fields)), &mut out);
    let answer = frame::next(&mut out).unwrap().map(|frame| value::decode(&frame.body).unwrap().0);
    (outcome, answer)
}

#[test]
fn sasl_is_well_with_each_mechanism_and_only_plain_can_show_the_key() {
    let plain = |key: &str| format!("\0{KEY_NAME}\0{key}").into_bytes();
    for (mechanism, response, expected) in [
        ("ANONYMOUS", b"".to_vec(), Outcome::Anonymous),
        ("MSSBCBS", b"".to_vec(), Outcome::Anonymous),
        ("EXTERNAL", b"".to_vec(), Outcome::Anonymous),
        ("PLAIN", plain(KEY), Outcome::Trusted),
        ("PLAIN", plain("wrong"), Outcome::Refused),
        ("PLAIN", b"".to_vec(), Outcome::Refused),
        ("GSSAPI", b"".to_vec(), Outcome::Refused),
    ] {
        let (outcome, answer) = init(mechanism, &response);
        assert_eq!(outcome, Ok(expected), "{mechanism}");
        let code = u8::from(expected == Outcome::Refused);
        let answer = answer.unwrap();
        assert_eq!(answer.bare().elements().unwrap()[0], Value::Ubyte(code), "{mechanism}");
    }
}

#[test]
fn what_is_not_a_sasl_init_is_not_answered() {
    let mut out = BytesMut::new();
    assert_eq!(sasl::answer_init(&[0, 0x53, 0x40, 0x45], &mut out), Err(Malformed));
    assert!(out.is_empty());
}

#[test]
fn the_mechanisms_of_azure_are_offered() {
    let mut out = BytesMut::new();
    sasl::put_mechanisms(&mut out);
    let frame = frame::next(&mut out).unwrap().unwrap();
    let (offer, _) = value::decode(&frame.body).unwrap();
    let names = offer.bare().elements().unwrap()[0].elements().unwrap();
    let names: Vec<_> = names.iter().filter_map(Ask::text).collect();
    assert_eq!(names, ["MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL"]);
}

proptest! {
    #[test]
    fn no_bytes_make_reading_a_performative_panic(
        code in 0x10_u8..0x19,
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let body = [&[0, 0x53, code][..], &bytes].concat();
        let _ = performative::read(&Bytes::from(body));
        let _ = performative::read(&Bytes::from(bytes));
    }
}
