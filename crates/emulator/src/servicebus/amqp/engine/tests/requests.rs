//! `$management`: requests, answers, and which link they come back on.

use super::*;
use serde_amqp::primitives::Array;

/// A client with the management links of `entity`, and credit for answers.
fn manager(entity: &str) -> Peer {
    let mut peer = Peer::begun();
    manage(&mut peer, entity);
    peer
}

fn manage(peer: &mut Peer, entity: &str) {
    peer.attach_sender(10, &format!("{entity}/$management"));
    peer.attach_receiver(11, &format!("{entity}/$management"));
    peer.grant(11, 0, 100, false);
    peer.seen();
}

/// Sends a request; returns the status and the body of the answer.
fn ask(peer: &mut Peer, operation: &str, body: Value) -> (i64, Value) {
    let operation = string(format!("com.microsoft:{operation}"));
    let mut message = BytesMut::new();
    let mut write = |code, value: Value| {
        message.put_slice(&[0, 0x53, code]);
        value::encode(&value, &mut message);
    };
    write(0x73, Value::List(vec![string("request-1")]));
    write(0x74, named([("operation", operation)]));
    write(0x77, body);
    peer.transfer(10, &message);
    let seen = peer.seen();
    let answer = seen.iter().find(|seen| seen.code == code::TRANSFER).expect("an answer");
    assert_eq!(answer.field(0), &Value::Uint(11));
    let (properties, first) = value::decode(&answer.payload).unwrap();
    assert_eq!(at(properties.bare().elements().unwrap(), 5), &string("request-1"));
    let (status, second) = value::decode(&answer.payload[first..]).unwrap();
    let (body, _) = value::decode(&answer.payload[first + second..]).unwrap();
    let status = status.bare().entry("statusCode").integer().unwrap();
    (status, body.bare().clone())
}

fn longs(numbers: impl IntoIterator<Item = i64>) -> Value {
    Value::Array(Array(numbers.into_iter().map(Value::Long).collect()))
}

#[test]
fn messages_are_scheduled_and_taken_back() {
    let mut peer = manager("q");
    let at = timestamp(peer.now + Duration::from_mins(1));
    let sample = Sample::new("a").scheduled(at.instant().unwrap());
    let entry = named([("message", Value::Binary(sample.bytes().into()))]);
    let body = named([("messages", Value::List(vec![entry]))]);
    let (status, body) = ask(&mut peer, "schedule-message", body);
    let sequences = body.entry("sequence-numbers").clone();
    assert_eq!((status, sequences.elements().map(<[Value]>::len)), (200, Some(1)));
    assert_eq!(peer.count("q", "scheduled"), 1);
    let cancel = named([("sequence-numbers", sequences)]);
    assert_eq!(ask(&mut peer, "cancel-scheduled-message", cancel.clone()).0, 200);
    assert_eq!(ask(&mut peer, "cancel-scheduled-message", cancel).0, 404);
    let nothing = named([("messages", Value::List(vec![]))]);
    assert_eq!(ask(&mut peer, "schedule-message", nothing).0, 400, "no array is empty on the wire");
    assert_eq!(peer.count("q", "scheduled"), 0);
}

#[test]
fn peeking_shows_messages_or_that_there_are_none() {
    let mut peer = manager("q");
    let from = |sequence| {
        named([("from-sequence-number", Value::Long(sequence)), ("message-count", Value::Int(2))])
    };
    assert_eq!(ask(&mut peer, "peek-message", from(1)).0, 204);
    peer.enqueue("q", samples(3));
    let (status, body) = ask(&mut peer, "peek-message", from(2));
    let messages = body.entry("messages").elements().unwrap();
    assert_eq!((status, messages.len()), (200, 2));
    let bytes = messages[0].entry("message").binary().unwrap();
    assert!(bytes.ends_with(&Sample::new("1").bytes()));
    let without_body = named([
        ("from-sequence-number", Value::Long(2)),
        ("message-count", Value::Int(1)),
        ("omit-message-body", Value::Bool(true)),
    ]);
    let (_, body) = ask(&mut peer, "peek-message", without_body);
    let bytes = body.entry("messages").elements().unwrap()[0].entry("message").binary().unwrap();
    let data = [0, 0x53, 0x75, 0xa0, 1, b'1'];
    assert!(Sample::new("1").bytes().ends_with(&data));
    assert!(bytes.ends_with(Sample::new("1").bytes().strip_suffix(&data).unwrap()));
    assert_eq!(ask(&mut peer, "peek-message", named([])).0, 400);
}

/// Receives one message from `q` on link 0; returns its lock token as a UUID.
fn locked(peer: &mut Peer) -> Value {
    peer.enqueue("q", samples(1));
    peer.attach_receiver(0, "q");
    peer.grant(0, 0, 1, false);
    let seen = peer.seen();
    let transfer = seen.iter().find(|seen| seen.code == code::TRANSFER).expect("a message");
    let mut uuid: [u8; 16] = transfer.field(2).binary().unwrap().try_into().unwrap();
    uuid[..4].reverse();
    uuid[4..6].reverse();
    uuid[6..8].reverse();
    Value::Array(Array(vec![Value::Uuid(uuid.into())]))
}

#[test]
fn a_lock_is_renewed_until_it_is_lost() {
    let mut peer = manager("q");
    let tokens = named([("lock-tokens", locked(&mut peer))]);
    peer.pass(30);
    let (status, body) = ask(&mut peer, "renew-lock", tokens.clone());
    let until = body.entry("expirations").elements().unwrap()[0].instant();
    assert_eq!((status, until), (200, Timestamp::from_second(90).ok()));
    peer.pass(60);
    assert_eq!(ask(&mut peer, "renew-lock", tokens).0, 410);
}

#[test]
fn messages_are_settled_by_their_tokens() {
    for (status, counts) in [
        ("completed", [0, 0, 0]),
        ("abandoned", [1, 0, 0]),
        ("defered", [0, 1, 0]),
        ("suspended", [0, 0, 1]),
    ] {
        let mut peer = manager("q");
        let tokens = locked(&mut peer);
        let body = named([("disposition-status", string(status)), ("lock-tokens", tokens)]);
        assert_eq!(ask(&mut peer, "update-disposition", body.clone()).0, 200, "{status}");
        let kinds = ["active", "deferred", "deadLetter"];
        assert_eq!(kinds.map(|kind| peer.count("q", kind)), counts, "{status}");
        assert_eq!(ask(&mut peer, "update-disposition", body).0, 410, "{status}");
    }
}

#[test]
fn deferred_messages_come_with_their_tokens() {
    let mut peer = manager("q");
    let body =
        named([("disposition-status", string("defered")), ("lock-tokens", locked(&mut peer))]);
    ask(&mut peer, "update-disposition", body);
    let body = named([("sequence-numbers", longs([1])), ("receiver-settle-mode", Value::Uint(1))]);
    let (status, found) = ask(&mut peer, "receive-by-sequence-number", body.clone());
    let found = &found.entry("messages").elements().unwrap()[0];
    let token = found.entry("lock-token").uuid().unwrap();
    let message = found.entry("message").binary().unwrap();
    assert_eq!(status, 200);
    assert!(message.windows(16).any(|bytes| bytes == token), "old Python looks in the message");
    assert_eq!(ask(&mut peer, "receive-by-sequence-number", body).0, 404);
}

#[test]
fn a_session_is_renewed_and_its_state_kept() {
    let mut peer = Peer::begun();
    peer.attach_session(0, "s", string("x"));
    manage(&mut peer, "s");
    let session = ("session-id", string("x"));
    let (status, body) = ask(&mut peer, "get-session-state", named([session.clone()]));
    assert_eq!((status, body.entry("session-state")), (200, &Value::Null));
    let state = ("session-state", Value::Binary(vec![1, 2].into()));
    assert_eq!(ask(&mut peer, "set-session-state", named([session.clone(), state])).0, 200);
    let (_, body) = ask(&mut peer, "get-session-state", named([session.clone()]));
    assert_eq!(body.entry("session-state").binary(), Some(&[1, 2][..]));
    peer.pass(30);
    let (status, body) = ask(&mut peer, "renew-session-lock", named([session]));
    assert_eq!(
        (status, body.entry("expiration").instant()),
        (200, Timestamp::from_second(90).ok())
    );
    let other = named([("session-id", string("y"))]);
    assert_eq!(ask(&mut peer, "renew-session-lock", other).0, 410);
}

#[test]
fn sessions_are_listed_in_pages() {
    let mut peer = manager("s");
    let page = |skip| {
        named([
            ("last-updated-time", Value::Timestamp(253_402_300_800_000.into())),
            ("skip", Value::Int(skip)),
            ("top", Value::Int(2)),
        ])
    };
    assert_eq!(ask(&mut peer, "get-message-sessions", page(0)).0, 204);
    peer.enqueue("s", ["c", "a", "b"].map(|id| Sample::new(id).session(id)));
    let (status, body) = ask(&mut peer, "get-message-sessions", page(0));
    assert_eq!((status, body.entry("skip")), (200, &Value::Int(2)));
    assert_eq!(body.entry("sessions-ids").elements(), Some(&[string("a"), string("b")][..]));
    let (_, body) = ask(&mut peer, "get-message-sessions", page(2));
    assert_eq!(body.entry("sessions-ids").elements(), Some(&[string("c")][..]));
}

#[test]
fn rules_are_added_listed_and_removed() {
    let mut peer = manager("orders/subscriptions/all");
    let expression = |text: &str| named([("expression", string(text))]);
    let rule = |name: &str, text: &str| {
        let description =
            named([("sql-filter", expression(text)), ("sql-rule-action", expression("SET a = 1"))]);
        named([("rule-name", string(name)), ("rule-description", description)])
    };
    assert_eq!(ask(&mut peer, "add-rule", rule("r", "x > 1")).0, 200);
    assert_eq!(ask(&mut peer, "add-rule", rule("r", "x > 1")).0, 409);
    assert_eq!(ask(&mut peer, "add-rule", rule("bad", "x >")).0, 400);

    let page = named([("skip", Value::Int(0)), ("top", Value::Int(100))]);
    let (_, body) = ask(&mut peer, "enumerate-rules", page.clone());
    let rules = body.entry("rules").elements().unwrap();
    assert_eq!(rules.len(), 2);
    let description = rules[1].entry("rule-description");
    assert_eq!(description.code(), Some(1_335_734_829_060), "JS keeps no others");
    let [filter, action, name] = description.bare().elements().unwrap() else {
        unreachable!("three fields")
    };
    assert_eq!((filter.code(), action.code()), (Some(0x13_7000_0006), Some(0x137_0000_0006)));
    assert_eq!(
        (at(filter.bare().elements().unwrap(), 0).text(), name.text()),
        (Some("x > 1"), Some("r"))
    );

    for name in ["r", "$Default"] {
        assert_eq!(ask(&mut peer, "remove-rule", named([("rule-name", string(name))])).0, 200);
    }
    assert_eq!(ask(&mut peer, "remove-rule", named([("rule-name", string("r"))])).0, 404);
    assert_eq!(ask(&mut peer, "enumerate-rules", page).0, 204);
}

#[test]
fn an_unknown_operation_is_answered_too() {
    let mut peer = manager("q");
    assert_eq!(ask(&mut peer, "fly", named([])).0, 501);
}

#[test]
fn answers_wait_for_credit() {
    let mut peer = Peer::begun();
    peer.attach_sender(10, "q/$management");
    peer.attach_receiver(11, "q/$management");
    peer.seen();
    let mut message = BytesMut::from(&[0, 0x53, 0x77][..]);
    value::encode(&string("?"), &mut message);
    peer.transfer(10, &message);
    assert_eq!(peer.codes(), [code::DISPOSITION]);
    peer.grant(11, 0, 1, false);
    assert_eq!(peer.codes(), [code::TRANSFER]);
}

#[test]
fn management_of_what_is_not_there_is_refused() {
    let mut peer = Peer::begun();
    peer.attach_sender(0, "nowhere/$management");
    assert_eq!(peer.seen()[1].condition(2), Some(condition::NOT_FOUND));
}
