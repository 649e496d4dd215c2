//! Opening, beginning, ending, closing; and what breaks the protocol.

use super::*;

#[test]
fn open_and_begin_are_answered_in_full_length() {
    let mut peer = Peer::new(true);
    peer.send(0, code::OPEN, vec![string("me"), Value::Null, Value::Uint(1_048_576)]);
    let open = peer.only();
    assert_eq!((open.code, open.fields.len()), (code::OPEN, 10));
    assert_eq!(open.field(2), &Value::Uint(65_536));
    assert_eq!(open.field(4), &Value::Uint(240_000));
    peer.send(7, code::BEGIN, vec![Value::Null, Value::Uint(0), Value::Uint(1), Value::Uint(1)]);
    let begin = peer.only();
    assert_eq!((begin.code, begin.channel, begin.fields.len()), (code::BEGIN, 7, 8));
    assert_eq!(begin.field(0), &Value::Ushort(7));
}

#[test]
fn anything_before_open_closes_the_connection() {
    let mut peer = Peer::new(true);
    let step = peer.send(0, code::BEGIN, vec![Value::Null]);
    assert_eq!(step, Step::Close);
    let seen = peer.seen();
    assert_eq!(seen.iter().map(|seen| seen.code).collect::<Vec<_>>(), [code::OPEN, code::CLOSE]);
    assert_eq!(seen[1].condition(0), Some(condition::NOT_ALLOWED));
}

#[test]
fn a_second_open_closes_the_connection() {
    let mut peer = Peer::begun();
    assert_eq!(peer.send(0, code::OPEN, vec![string("me")]), Step::Close);
    assert_eq!(peer.only().condition(0), Some(condition::NOT_ALLOWED));
}

#[test]
fn a_frame_limit_below_the_least_is_refused() {
    let mut peer = Peer::new(true);
    let open = vec![string("me"), Value::Null, Value::Uint(511)];
    assert_eq!(peer.send(0, code::OPEN, open), Step::Close);
}

#[test]
fn malformed_values_close_the_connection_with_a_decode_error() {
    for bytes in [
        &[0x00][..],
        &[0x00, 0x53, 0x12, 0xc0, 9, 1],
        &[0x00, 0x53, 0x14, 0x45],
        &[0x00, 0x53, 0x15, 0xc0, 2, 1, 0x41],
        &[0x40],
        &[0x00, 0x53, 0x99, 0x45],
        &[0x00, 0xa3, 1, b'x', 0x45],
        &[0x00, 0x53, 0x12, 0x45],
    ] {
        let mut peer = Peer::begun();
        assert_eq!(peer.frame(CHANNEL, BytesMut::from(bytes)), Step::Close, "{bytes:02x?}");
        assert_eq!(peer.only().condition(0), Some(condition::DECODE), "{bytes:02x?}");
    }
}

#[test]
fn a_sasl_frame_after_sasl_closes_the_connection() {
    let mut peer = Peer::begun();
    let frame = Frame { kind: Kind::Sasl, channel: 0, body: Bytes::new() };
    assert_eq!(peer.with(|engine, world| engine.frame(&frame, world)), Step::Close);
    assert_eq!(peer.only().condition(0), Some(condition::FRAMING));
}

#[test]
fn a_heartbeat_is_taken_and_given_in_silence() {
    let mut peer = Peer::begun();
    assert_eq!(peer.frame(0, BytesMut::new()), Step::Go);
    assert!(peer.seen().is_empty());
    peer.engine.heartbeat();
    assert_eq!(peer.engine.out().split(), [0, 0, 0, 8, 2, 0, 0, 0][..]);
}

#[test]
fn the_idle_time_out_of_the_client_is_kept() {
    let mut peer = Peer::new(true);
    let mut open = vec![Value::Null; 5];
    open[0] = string("me");
    open[4] = Value::Uint(60_000);
    peer.send(0, code::OPEN, open);
    assert_eq!(peer.engine.peer_idle(), Some(Duration::from_mins(1)));
}

#[test]
fn close_and_end_are_answered() {
    let mut peer = Peer::begun();
    peer.send(CHANNEL, code::END, vec![Value::Null]);
    assert_eq!(peer.codes(), [code::END]);
    assert_eq!(peer.send(0, code::CLOSE, vec![Value::Null]), Step::Close);
    assert_eq!(peer.codes(), [code::CLOSE]);
}

#[test]
fn frames_for_a_session_that_has_ended_are_ignored() {
    let mut peer = Peer::begun();
    peer.attach_sender(0, "q");
    peer.send(CHANNEL, code::END, vec![Value::Null]);
    peer.seen();
    // Python detaches after it has ended.
    peer.send(CHANNEL, code::DETACH, vec![Value::Uint(0), Value::Bool(true)]);
    peer.transfer(0, &Sample::new("a").bytes());
    assert!(peer.seen().is_empty());
}

#[test]
fn a_channel_or_handle_in_use_is_refused() {
    let mut peer = Peer::begun();
    peer.attach_sender(0, "q");
    peer.seen();
    peer.attach_sender(0, "q");
    let end = peer.only();
    assert_eq!((end.code, end.condition(0)), (code::END, Some(condition::HANDLE_IN_USE)));
    peer.send(9, code::BEGIN, vec![Value::Null, Value::Uint(0), Value::Uint(1), Value::Uint(1)]);
    peer.seen();
    let again = vec![Value::Null, Value::Uint(0), Value::Uint(1), Value::Uint(1)];
    assert_eq!(peer.send(9, code::BEGIN, again), Step::Close);
}

#[test]
fn a_flow_or_transfer_on_an_unknown_handle_ends_the_session() {
    let mut peer = Peer::begun();
    peer.grant(5, 0, 1, false);
    assert_eq!(peer.only().condition(0), Some(condition::UNATTACHED));
    let mut peer = Peer::begun();
    peer.transfer(5, b"");
    assert_eq!(peer.only().condition(0), Some(condition::UNATTACHED));
}

#[test]
fn an_echo_is_answered_with_a_flow() {
    let mut peer = Peer::begun();
    let mut flow = vec![Value::Null; 10];
    for (index, number) in [(0, 0), (1, 5_000), (2, 0), (3, 5_000)] {
        flow[index] = Value::Uint(number);
    }
    flow[9] = Value::Bool(true);
    peer.send(CHANNEL, code::FLOW, flow);
    let flow = peer.only();
    assert_eq!((flow.code, flow.fields.len(), flow.field(4)), (code::FLOW, 11, &Value::Null));
}
