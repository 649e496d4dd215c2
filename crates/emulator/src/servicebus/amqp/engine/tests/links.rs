//! Attaching and detaching.

use super::*;

#[test]
fn an_attach_is_answered_with_both_ends_and_a_size_limit() {
    let mut peer = Peer::begun();
    peer.attach_receiver(4, "amqps://host:5671/Q");
    let attach = peer.only();
    assert_eq!((attach.code, attach.fields.len()), (code::ATTACH, 14));
    assert_eq!(attach.field(2), &Value::Bool(false));
    assert_eq!((attach.field(3), attach.field(4)), (&Value::Ubyte(0), &Value::Ubyte(1)));
    let source = attach.field(5).bare().elements().unwrap();
    assert_eq!((source.len(), at(source, 0).text()), (11, Some("amqps://host:5671/Q")));
    assert_eq!(attach.field(6).bare().elements().unwrap().len(), 7);
    assert_eq!(attach.field(9), &Value::Uint(0));
    assert_eq!(attach.field(10), &Value::Ulong(262_144));
}

#[test]
fn a_sender_is_given_credit_with_its_attach() {
    let mut peer = Peer::begun();
    peer.attach_sender(4, "q");
    let seen = peer.seen();
    assert_eq!(seen[0].field(2), &Value::Bool(true));
    let flow = &seen[1];
    assert_eq!((flow.code, flow.field(4)), (code::FLOW, &Value::Uint(4)));
    assert_eq!((flow.field(5), flow.field(6)), (&Value::Uint(0), &Value::Uint(1_000)));
    assert_eq!(flow.field(0), &Value::Uint(0), "rhea computes NaN without it");
}

#[test]
fn what_is_not_there_is_refused_with_an_attach_and_a_detach() {
    for (receives, terminus) in [(true, 5), (false, 6)] {
        let mut peer = Peer::begun();
        if receives {
            peer.attach_receiver(0, "nowhere");
        } else {
            peer.attach_sender(0, "nowhere");
        }
        let seen = peer.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[0].code, seen[0].field(terminus)), (code::ATTACH, &Value::Null));
        assert_eq!((seen[1].code, seen[1].field(1)), (code::DETACH, &Value::Bool(true)));
        assert_eq!(seen[1].condition(2), Some(condition::NOT_FOUND));
    }
}

#[test]
fn a_refused_handle_is_free_again_once_the_client_has_detached() {
    let mut peer = Peer::begun();
    peer.attach_receiver(0, "nowhere");
    peer.seen();
    peer.send(CHANNEL, code::DETACH, vec![Value::Uint(0), Value::Bool(true)]);
    assert!(peer.seen().is_empty());
    peer.attach_receiver(0, "q");
    assert_eq!(peer.codes(), [code::ATTACH]);
}

#[test]
fn what_still_comes_on_a_detached_link_is_ignored() {
    let mut peer = Peer::begun();
    peer.attach_sender(0, "nowhere");
    peer.seen();
    peer.transfer(0, &Sample::new("a").bytes());
    peer.grant(0, 0, 10, false);
    assert!(peer.seen().is_empty());
}

#[test]
fn without_a_token_nothing_but_cbs_can_be_attached() {
    let mut peer = Peer::new(false);
    peer.send(0, code::OPEN, vec![string("me")]);
    let window = Value::Uint(100);
    peer.send(CHANNEL, code::BEGIN, vec![Value::Null, Value::Uint(0), window.clone(), window]);
    peer.seen();
    peer.attach_sender(0, "q");
    assert_eq!(peer.seen()[1].condition(2), Some(condition::UNAUTHORIZED));
    peer.attach_sender(1, "q/$management");
    assert_eq!(peer.seen()[1].condition(2), Some(condition::UNAUTHORIZED));
    peer.attach_sender(2, "$cbs");
    assert_eq!(peer.codes(), [code::ATTACH, code::FLOW]);
}

#[test]
fn a_session_is_granted_by_name() {
    for filter in [string("x"), described_filter("x")] {
        let mut peer = Peer::begun();
        peer.attach_session(0, "s", filter);
        let attach = peer.only();
        let source = attach.field(5).bare().elements().unwrap();
        let granted = at(source, 7).entry("com.microsoft:session-filter");
        assert_eq!(granted, &string("x"));
        let until = attach.field(13).entry("com.microsoft:locked-until-utc");
        assert_eq!(until, &Value::Long(621_355_968_000_000_000 + 60 * 10_000_000));
    }
}

fn described_filter(session: &str) -> Value {
    use serde_amqp::{described::Described, descriptor::Descriptor};
    let descriptor = Descriptor::Code(0x137_0000_000c);
    Value::Described(Box::new(Described { descriptor, value: string(session) }))
}

#[test]
fn a_session_held_elsewhere_is_refused() {
    let mut peer = Peer::begun();
    peer.attach_session(0, "s", string("x"));
    peer.seen();
    peer.attach_session(1, "s", string("x"));
    assert_eq!(peer.seen()[1].condition(2), Some(condition::SESSION_CANNOT_BE_LOCKED));
    peer.send(CHANNEL, code::DETACH, vec![Value::Uint(0), Value::Bool(true)]);
    peer.seen();
    peer.attach_session(2, "s", string("x"));
    assert_eq!(peer.codes(), [code::ATTACH]);
}

#[test]
fn the_attach_for_any_session_waits_for_one() {
    let mut peer = Peer::begun();
    peer.attach_session(0, "s", Value::Null);
    assert!(peer.seen().is_empty());
    peer.enqueue("s", [Sample::new("1").session("x")]);
    let attach = peer.only();
    let source = attach.field(5).bare().elements().unwrap();
    assert_eq!(at(source, 7).entry("com.microsoft:session-filter"), &string("x"));
}

#[test]
fn the_wait_for_any_session_ends_with_a_timeout() {
    let mut peer = Peer::begun();
    peer.attach_session(0, "s", Value::Null);
    peer.pass(5);
    let seen = peer.seen();
    assert_eq!(seen[0].field(5), &Value::Null);
    assert_eq!(seen[1].condition(2), Some(condition::TIMEOUT));
}

#[test]
fn a_client_that_gives_up_waiting_is_answered_and_given_nothing() {
    let mut peer = Peer::begun();
    peer.attach_session(0, "s", Value::Null);
    peer.send(CHANNEL, code::DETACH, vec![Value::Uint(0), Value::Bool(true)]);
    assert_eq!(peer.codes(), [code::ATTACH, code::DETACH]);
    peer.enqueue("s", [Sample::new("1").session("x")]);
    assert!(peer.seen().is_empty());
}

#[test]
fn no_attach_is_written_after_the_client_has_ended_the_session() {
    let mut peer = Peer::begun();
    peer.attach_session(0, "s", Value::Null);
    peer.send(CHANNEL, code::END, vec![Value::Null]);
    peer.seen();
    peer.enqueue("s", [Sample::new("1").session("x")]);
    peer.pass(10);
    assert!(peer.seen().is_empty());
}

#[test]
fn a_lost_session_detaches_its_link() {
    let mut peer = Peer::begun();
    peer.attach_session(0, "s", string("x"));
    peer.seen();
    peer.pass(60);
    let detach = peer.only();
    assert_eq!(detach.condition(2), Some(condition::SESSION_LOCK_LOST));
}

#[test]
fn a_plain_receiver_on_sessions_is_not_allowed() {
    let mut peer = Peer::begun();
    peer.attach_receiver(0, "s");
    assert_eq!(peer.seen()[1].condition(2), Some(condition::NOT_ALLOWED));
}
