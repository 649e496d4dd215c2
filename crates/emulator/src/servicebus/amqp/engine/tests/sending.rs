//! The client sends: credit, frames, outcomes.

use super::*;
use crate::servicebus::message::sample::batch;

fn sender() -> Peer {
    let mut peer = Peer::begun();
    peer.attach_sender(0, "q");
    peer.seen();
    peer
}

/// The outcome's code of a disposition.
fn outcome(seen: &Seen) -> Option<u64> {
    assert_eq!((seen.code, seen.field(3)), (code::DISPOSITION, &Value::Bool(true)));
    seen.field(4).code()
}

#[test]
fn a_message_is_taken_and_accepted() {
    let mut peer = sender();
    let id = peer.transfer(0, &Sample::new("a").bytes());
    let seen = peer.only();
    assert_eq!(outcome(&seen), Some(code::ACCEPTED));
    assert_eq!((seen.field(0), seen.field(1)), (&Value::Bool(true), &Value::Uint(id)));
    assert_eq!(peer.count("q", "active"), 1);
}

#[test]
fn deliveries_of_one_read_are_accepted_in_one_range() {
    let mut peer = sender();
    peer.with(|engine, world| {
        for id in 0..5_u32 {
            let mut body = BytesMut::new();
            let fields = vec![Value::Uint(0), Value::Uint(id), Value::Null, Value::Uint(0)];
            value::encode(&described(code::TRANSFER, fields), &mut body);
            body.put_slice(&Sample::new(&id.to_string()).bytes());
            let frame = Frame { kind: Kind::Amqp, channel: CHANNEL, body: body.freeze() };
            engine.frame(&frame, world);
        }
        engine.settle_down(world);
    });
    let seen = peer.only();
    assert_eq!((seen.field(1), seen.field(2)), (&Value::Uint(0), &Value::Uint(4)));
}

#[test]
fn a_delivery_in_several_frames_is_one_message() {
    let mut peer = sender();
    let bytes = Sample::new("a").body(vec![7; 1_000]).bytes();
    let (first, rest) = bytes.split_at(300);
    peer.part((0, Some(0)), Value::Uint(0), true, first);
    assert!(peer.seen().is_empty());
    peer.part((0, None), Value::Null, false, rest);
    assert_eq!(outcome(&peer.only()), Some(code::ACCEPTED));
    assert_eq!(peer.count("q", "active"), 1);
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let format = Value::Uint(0x8001_3700);
    let mut peer = sender();
    peer.transfer_as(0, format.clone(), &batch(&["a", "b"].map(Sample::new)));
    assert_eq!(outcome(&peer.only()), Some(code::ACCEPTED));
    assert_eq!(peer.count("q", "active"), 2);

    let long = "x".repeat(129);
    peer.transfer_as(0, format.clone(), &batch(&[Sample::new("c"), Sample::new(&long)]));
    assert_eq!(outcome(&peer.only()), Some(code::REJECTED));
    peer.transfer_as(0, format, &[]);
    assert_eq!(outcome(&peer.only()), Some(code::REJECTED));
    assert_eq!(peer.count("q", "active"), 2);
    assert_eq!((peer.tallies.deliveries_in, peer.tallies.messages_in), (1, 2));
}

#[test]
fn garbage_is_rejected_with_an_error_of_three_fields() {
    let mut peer = sender();
    peer.transfer(0, b"garbage");
    let seen = peer.only();
    assert_eq!(outcome(&seen), Some(code::REJECTED));
    let error = at(seen.field(4).bare().elements().unwrap(), 0).bare().elements().unwrap();
    assert_eq!((error.len(), at(error, 0).text()), (3, Some(condition::DECODE)));
}

#[test]
fn an_oversized_message_is_rejected_and_then_its_link_detached() {
    let mut peer = sender();
    let chunk = vec![0; 60_000];
    for index in 0..5 {
        peer.part((0, (index == 0).then_some(0)), Value::Uint(0), true, &chunk);
    }
    let seen = peer.seen();
    assert_eq!(outcome(&seen[0]), Some(code::REJECTED));
    assert_eq!((seen[1].code, seen[1].condition(2)), (code::DETACH, Some(condition::TOO_LARGE)));
    peer.part((0, None), Value::Null, false, &chunk);
    assert!(peer.seen().is_empty());
}

#[test]
fn credit_is_exact_and_comes_again_at_half() {
    let mut peer = sender();
    let message = Sample::new("a").bytes();
    let mut granted = 1_000_u32;
    for sent in 1..=1_200_u32 {
        peer.transfer(0, &message);
        for flow in peer.seen().iter().filter(|seen| seen.code == code::FLOW) {
            assert_eq!(flow.field(5), &Value::Uint(sent));
            granted = sent + flow.field(6).uint().unwrap();
        }
        assert!(sent <= granted);
    }
    assert_eq!(granted, 2_000);
}

#[test]
fn a_transfer_without_credit_detaches_the_link() {
    let mut peer = sender();
    if let Some(Link::Incoming(incoming)) =
        peer.engine.sessions.get_mut(&CHANNEL).and_then(|session| session.links.get_mut(&0))
    {
        incoming.credit = 0;
    }
    peer.transfer(0, &Sample::new("a").bytes());
    assert_eq!(peer.only().condition(2), Some(condition::TRANSFER_LIMIT));
    assert_eq!(peer.count("q", "active"), 0);
}

#[test]
fn an_aborted_delivery_leaves_nothing() {
    let mut peer = sender();
    peer.part((0, Some(0)), Value::Uint(0), true, b"half");
    let mut fields = vec![Value::Null; 11];
    fields[0] = Value::Uint(0);
    fields[9] = Value::Bool(true);
    peer.send(CHANNEL, code::TRANSFER, fields);
    assert!(peer.seen().is_empty());
    peer.transfer_as(0, Value::Uint(0), &Sample::new("a").bytes());
    assert_eq!(outcome(&peer.only()), Some(code::ACCEPTED));
}

#[test]
fn a_settled_transfer_is_not_answered_and_a_bad_one_detaches() {
    let mut peer = sender();
    let mut settled = |payload: &[u8]| {
        let mut body = BytesMut::new();
        let mut fields = vec![Value::Uint(0), Value::Uint(0), Value::Null, Value::Uint(0)];
        fields.push(Value::Bool(true));
        value::encode(&described(code::TRANSFER, fields), &mut body);
        body.put_slice(payload);
        peer.frame(CHANNEL, body);
        peer.seen()
    };
    assert!(settled(&Sample::new("a").bytes()).is_empty());
    assert_eq!(settled(b"garbage")[0].condition(2), Some(condition::DECODE));
}

#[test]
fn a_queue_with_sessions_rejects_a_message_without_one() {
    let mut peer = Peer::begun();
    peer.attach_sender(0, "s");
    peer.seen();
    peer.transfer(0, &Sample::new("a").bytes());
    assert_eq!(outcome(&peer.only()), Some(code::REJECTED));
}
