//! The client receives: credit, drain, windows, settlements.

use super::*;

/// A receiver on `q` that has `count` messages waiting for it.
fn receiver(count: usize) -> Peer {
    let mut peer = Peer::begun();
    peer.enqueue("q", samples(count));
    peer.attach_receiver(0, "q");
    peer.seen();
    peer
}

fn transfers(seen: &[Seen]) -> Vec<u32> {
    let transfers = seen.iter().filter(|seen| seen.code == code::TRANSFER);
    transfers.map(|seen| seen.field(1).uint().unwrap()).collect()
}

#[test]
fn a_transfer_says_what_the_sdks_need() {
    let mut peer = receiver(1);
    peer.grant(0, 0, 1, false);
    let transfer = peer.only();
    assert_eq!(transfer.fields.len(), 11);
    assert_eq!((transfer.field(0), transfer.field(1)), (&Value::Uint(0), &Value::Uint(0)));
    assert_eq!(transfer.field(2).binary().unwrap().len(), 16);
    assert_eq!(transfer.field(3), &Value::Uint(0), "rhea does not decode without a format");
    assert_eq!(transfer.field(4), &Value::Bool(false));
    assert!(transfer.payload.ends_with(&Sample::new("0").bytes()));
}

#[test]
fn no_more_is_sent_than_there_is_credit() {
    let mut peer = receiver(5);
    peer.grant(0, 0, 2, false);
    assert_eq!(transfers(&peer.seen()), [0, 1]);
    // A flow that crossed the transfers restates the same grant: nothing is left of it.
    peer.grant(0, 0, 2, false);
    assert!(peer.seen().is_empty());
    peer.grant(0, 2, 2, false);
    assert_eq!(transfers(&peer.seen()), [2, 3]);
}

#[test]
fn a_message_that_comes_later_is_sent_for_credit_that_is_left() {
    let mut peer = receiver(0);
    peer.grant(0, 0, 2, false);
    assert!(peer.seen().is_empty());
    peer.enqueue("q", samples(3));
    assert_eq!(transfers(&peer.seen()), [0, 1]);
}

#[test]
fn a_drain_sends_what_there_is_and_returns_the_rest_of_the_credit() {
    let mut peer = receiver(2);
    peer.grant(0, 0, 10, true);
    let seen = peer.seen();
    assert_eq!(transfers(&seen), [0, 1]);
    let flow = seen.last().unwrap();
    assert_eq!((flow.code, flow.field(8)), (code::FLOW, &Value::Bool(true)));
    assert_eq!((flow.field(5), flow.field(6)), (&Value::Uint(10), &Value::Uint(0)));
    peer.enqueue("q", samples(1));
    assert!(peer.seen().is_empty());
}

#[test]
fn a_drain_without_credit_is_answered_too() {
    let mut peer = receiver(1);
    peer.grant(0, 0, 0, true);
    assert_eq!(peer.codes(), [code::FLOW]);
}

#[test]
fn the_clients_window_bounds_what_is_sent() {
    let mut peer = Peer::begun_with(65_536, 2);
    peer.enqueue("q", samples(5));
    peer.attach_receiver(0, "q");
    peer.flow((0, 2), (0, 0, 10), false);
    assert_eq!(transfers(&peer.seen()), [0, 1]);
    peer.flow((2, 2), (0, 2, 8), false);
    assert_eq!(transfers(&peer.seen()), [2, 3]);
}

#[test]
fn a_message_larger_than_the_window_goes_on_when_it_opens() {
    let mut peer = Peer::begun_with(512, 1);
    let sample = Sample::new("big").body(vec![7; 900]);
    peer.enqueue("q", [sample.clone(), Sample::new("small")]);
    peer.attach_receiver(0, "q");
    let mut payload = Vec::new();
    let mut more = true;
    for window in 0.. {
        peer.flow((window, 1), (0, window.min(1), 2), false);
        let seen = peer.seen();
        let part = seen.iter().find(|seen| seen.code == code::TRANSFER).unwrap();
        assert_eq!((part.field(1), part.field(0)), (&Value::Uint(0), &Value::Uint(0)));
        payload.extend_from_slice(&part.payload);
        more = part.field(5) == &Value::Bool(true);
        if !more {
            break;
        }
    }
    assert!(!more && payload.ends_with(&sample.bytes()));
}

#[test]
fn frames_keep_within_the_clients_limit() {
    let mut peer = Peer::begun_with(512, 100);
    peer.enqueue("q", [Sample::new("big").body(vec![7; 5_000])]);
    peer.attach_receiver(0, "q");
    peer.seen();
    peer.grant(0, 0, 1, false);
    let mut largest = 0;
    while let Some(frame) = frame::next(peer.engine.out()).unwrap() {
        largest = largest.max(frame.body.len() + 8);
    }
    assert!((256..=512).contains(&largest), "{largest}");
}

#[test]
fn delivery_ids_are_consecutive_across_the_links_of_a_session() {
    let mut peer = receiver(4);
    peer.attach_receiver(1, "q");
    peer.seen();
    let mut ids = Vec::new();
    for (handle, delivered) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        peer.grant(handle, delivered, 1, false);
        ids.extend(transfers(&peer.seen()));
    }
    assert_eq!(ids, [0, 1, 2, 3]);
}

#[test]
fn completing_is_confirmed_with_the_same_outcome_over_the_range() {
    let mut peer = receiver(3);
    peer.grant(0, 0, 3, false);
    peer.seen();
    peer.dispose((0, 2), false, accepted());
    let reply = peer.only();
    assert_eq!(reply.field(0), &Value::Bool(false));
    assert_eq!((reply.field(1), reply.field(2)), (&Value::Uint(0), &Value::Uint(2)));
    assert_eq!((reply.field(3), reply.field(4).code()), (&Value::Bool(true), Some(0x24)));
    assert_eq!((peer.count("q", "active"), peer.tallies.settlements), (0, 3));
}

#[test]
fn each_outcome_does_what_its_name_says() {
    let deferred = vec![Value::Bool(true), Value::Bool(true), Value::Null];
    let error = described(0x1d, vec![symbol("com.microsoft:dead-letter"), Value::Null, map([])]);
    for (state, counts) in [
        (accepted(), [0, 0, 0]),
        (described(0x26, vec![]), [1, 0, 0]),
        (described(code::MODIFIED, vec![Value::Bool(true)]), [1, 0, 0]),
        (described(code::MODIFIED, deferred), [0, 1, 0]),
        (described(code::REJECTED, vec![error]), [0, 0, 1]),
    ] {
        let mut peer = receiver(1);
        peer.grant(0, 0, 1, false);
        peer.seen();
        peer.dispose((0, 0), false, state.clone());
        let reply = peer.only();
        assert_eq!(reply.field(4).code(), state.code(), "{state:?}");
        assert_eq!(reply.field(4).bare().elements(), Some(&[][..]), "{state:?}");
        let kinds = ["active", "deferred", "deadLetter"];
        assert_eq!(kinds.map(|kind| peer.count("q", kind)), counts, "{state:?}");
    }
}

#[test]
fn settling_what_is_lost_is_told_with_the_reason() {
    let mut peer = receiver(1);
    peer.grant(0, 0, 1, false);
    peer.seen();
    peer.pass(60);
    peer.dispose((0, 0), false, accepted());
    let reply = peer.only();
    let error = at(reply.field(4).bare().elements().unwrap(), 0).bare().elements().unwrap();
    assert_eq!(at(error, 0).text(), Some(condition::MESSAGE_LOCK_LOST));
    assert_eq!(peer.count("q", "active"), 1);
}

#[test]
fn a_settled_disposition_is_not_answered() {
    let mut peer = receiver(1);
    peer.grant(0, 0, 1, false);
    peer.seen();
    peer.dispose((0, 0), true, accepted());
    assert!(peer.seen().is_empty());
    assert_eq!(peer.count("q", "active"), 0);
}

#[test]
fn a_range_reaches_only_what_is_unsettled() {
    let mut peer = receiver(2);
    peer.grant(0, 0, 2, false);
    peer.seen();
    peer.dispose((0, u32::MAX), false, accepted());
    assert_eq!(peer.only().field(2), &Value::Uint(1));
    peer.dispose((0, 1), false, accepted());
    assert!(peer.seen().is_empty());
}

#[test]
fn a_detached_receiver_loses_nothing() {
    let mut peer = receiver(2);
    peer.grant(0, 0, 1, false);
    peer.send(CHANNEL, code::DETACH, vec![Value::Uint(0), Value::Bool(true)]);
    peer.seen();
    peer.pass(60);
    peer.attach_receiver(1, "q");
    peer.seen();
    peer.grant(1, 0, 5, false);
    let seen = peer.seen();
    assert_eq!(transfers(&seen), [1, 2]);
    let counts: Vec<_> = seen.iter().map(|seen| delivery_count(&seen.payload)).collect();
    assert_eq!(counts, [1, 0]);
}

#[test]
fn the_dead_letters_of_transfers_are_none_of_the_entitys() {
    let mut peer = receiver(1);
    peer.grant(0, 0, 1, false);
    let error = described(0x1d, vec![symbol("com.microsoft:dead-letter"), Value::Null, map([])]);
    peer.dispose((0, 0), false, described(code::REJECTED, vec![error]));
    peer.seen();
    assert_eq!(peer.count("q", "deadLetter"), 1);
    peer.attach_receiver(1, "q/$Transfer/$DeadLetterQueue");
    peer.grant(1, 0, 5, true);
    assert_eq!(peer.codes(), [code::ATTACH, code::FLOW]);
}

fn delivery_count(payload: &Bytes) -> u32 {
    let (header, _) = value::decode(payload).expect("a header");
    at(header.bare().elements().unwrap(), 4).uint().unwrap()
}

#[test]
fn a_long_backlog_is_sent_in_portions_that_are_written_in_between() {
    let mut peer = Peer::begun();
    peer.enqueue("q", (0..1_000).map(|_| Sample::new("m").body(vec![0; 1_024])));
    peer.attach_receiver(0, "q");
    peer.seen();
    peer.grant(0, 0, 1_000, false);
    let first = peer.seen().len();
    assert!((200..300).contains(&first) && peer.engine.is_hungry(), "{first}");
    let mut sent = first;
    while peer.engine.is_hungry() {
        peer.with(Engine::settle_down);
        sent += peer.seen().len();
    }
    assert_eq!(sent, 1_000);
}

#[test]
fn nothing_is_sent_on_a_link_after_its_detach() {
    let mut peer = Peer::begun_with(512, 1);
    peer.enqueue("q", [Sample::new("big").body(vec![7; 900])]);
    peer.attach_receiver(0, "q");
    peer.flow((0, 1), (0, 0, 1), false);
    peer.seen();
    peer.send(CHANNEL, code::DETACH, vec![Value::Uint(0), Value::Bool(true)]);
    assert_eq!(peer.codes(), [code::DETACH]);
    peer.send(CHANNEL, code::FLOW, [1, 100, 0, 100].map(Value::Uint).into());
    assert!(peer.seen().is_empty());
    peer.pass(60);
    assert_eq!(peer.count("q", "active"), 1);
}
