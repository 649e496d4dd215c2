//! Tokens: what is taken, what it opens, and what happens when it expires.

use super::*;
use crate::servicebus::amqp::cbs::{KEY, KEY_NAME};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

const JWT: &str = "jwt";
const SAS: &str = "servicebus.windows.net:sastoken";

fn sas(resource: &str, expiry: i64, key: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let resource = encode(resource);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{resource}\n{expiry}").as_bytes());
    let signature = encode(&STANDARD.encode(mac.finalize().into_bytes()));
    format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={KEY_NAME}")
}

fn jwt(payload: &str) -> String {
    let parts = [r#"{"alg":"RS256"}"#, payload, "signature"];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

/// A client that has shown no key, with its `$cbs` links.
fn stranger() -> Peer {
    let mut peer = Peer::new(false);
    peer.send(0, code::OPEN, vec![string("me")]);
    let window = Value::Uint(1_000);
    peer.send(CHANNEL, code::BEGIN, vec![Value::Null, Value::Uint(0), window.clone(), window]);
    peer.attach_sender(0, "$cbs");
    peer.attach_receiver(1, "$cbs");
    peer.grant(1, 0, 100, false);
    peer.seen();
    peer
}

/// Puts a token; returns the status.
fn put(peer: &mut Peer, kind: &str, name: &str, token: &str) -> i64 {
    let properties = [("operation", "put-token"), ("type", kind), ("name", name)];
    let mut message = BytesMut::new();
    let mut write = |code, value: Value| {
        message.put_slice(&[0, 0x53, code]);
        value::encode(&value, &mut message);
    };
    write(0x73, Value::List(vec![Value::Ulong(7)]));
    write(0x74, named(properties.map(|(key, text)| (key, string(text)))));
    write(0x77, string(token));
    peer.transfer(0, &message);
    let seen = peer.seen();
    let answer = seen.iter().find(|seen| seen.code == code::TRANSFER).expect("an answer");
    let (properties, length) = value::decode(&answer.payload).unwrap();
    assert_eq!(at(properties.bare().elements().unwrap(), 5), &Value::Ulong(7));
    let (status, _) = value::decode(&answer.payload[length..]).unwrap();
    assert!(status.bare().entry("status-description").text().is_some());
    status.bare().entry("status-code").integer().unwrap()
}

#[test]
fn tokens_are_judged_by_structure_signature_audience_and_expiry() {
    let audience = "sb://host:5672/q";
    let good = sas(audience, 3_600, KEY);
    for (kind, token, status) in [
        (SAS, good.clone(), 202),
        (JWT, good.clone(), 202),
        (SAS, sas("sb://host:5672/", 3_600, KEY), 202),
        (SAS, sas(audience, 0, KEY), 401),
        (SAS, sas(audience, 3_600, "wrong"), 401),
        (SAS, sas("sb://host:5672/other", 3_600, KEY), 401),
        (SAS, sas("sb://host:5672/qq", 3_600, KEY), 401),
        (SAS, good.replace("&skn=", "&x="), 401),
        (SAS, good.replace("&se=3600", "&se=9999"), 401),
        (SAS, "SharedAccessSignature".to_owned(), 401),
        (JWT, jwt(r#"{"aud":"https://servicebus.azure.net/","exp":3600}"#), 202),
        (JWT, jwt(r#"{"aud":"https://contoso.servicebus.windows.net","exp":3600}"#), 202),
        (JWT, jwt(r#"{"aud":"https://servicebus.azure.net","exp":0}"#), 401),
        (JWT, jwt(r#"{"aud":"https://servicebus.azure.net"}"#), 401),
        (JWT, jwt(r#"{"aud":"https://cosmos.azure.com","exp":3600}"#), 401),
        (JWT, jwt(r#"{"exp":3600}"#), 401),
        (JWT, jwt("{}"), 401),
        (JWT, jwt("not json"), 401),
        (JWT, "a.b".to_owned(), 401),
        ("unknown", good, 400),
    ] {
        assert_eq!(put(&mut stranger(), kind, audience, &token), status, "{kind} {token}");
    }
}

#[test]
fn a_token_opens_its_entity_and_what_is_below() {
    let mut peer = stranger();
    put(&mut peer, SAS, "sb://host/orders", &sas("sb://host/orders", 3_600, KEY));
    for (handle, address, opens) in [
        (2, "orders", true),
        (3, "orders/$management", true),
        (4, "orders/Subscriptions/all/$management", true),
        (5, "q", false),
    ] {
        peer.attach_sender(handle, address);
        let detached = peer.codes().contains(&code::DETACH);
        assert_eq!(detached, !opens, "{address}");
    }
}

#[test]
fn a_token_for_management_opens_only_that() {
    let mut peer = stranger();
    let audience = "sb://host/q/$management";
    put(&mut peer, SAS, audience, &sas(audience, 3_600, KEY));
    peer.attach_sender(2, "q/$management");
    assert_eq!(peer.codes(), [code::ATTACH, code::FLOW]);
    peer.attach_sender(3, "q");
    assert_eq!(peer.codes(), [code::ATTACH, code::DETACH]);
}

#[test]
fn an_expired_token_detaches_its_links_unless_it_was_renewed() {
    let mut peer = stranger();
    put(&mut peer, SAS, "sb://h/q", &sas("sb://h/q", 10, KEY));
    put(&mut peer, SAS, "sb://h/orders", &sas("sb://h/orders", 10, KEY));
    peer.attach_sender(2, "q");
    peer.attach_sender(3, "orders");
    put(&mut peer, SAS, "sb://h/orders", &sas("sb://h/orders", 99, KEY));
    assert_eq!(peer.engine.next_expiry(), Timestamp::from_second(10).ok());
    peer.seen();
    peer.machine = Timestamp::from_second(10).unwrap();
    peer.with(Engine::expire_tokens);
    let detach = peer.only();
    assert_eq!(detach.field(0), &Value::Uint(2));
    assert_eq!(detach.condition(2), Some(condition::UNAUTHORIZED));
    assert_eq!(peer.engine.next_expiry(), Timestamp::from_second(99).ok());
}

#[test]
fn advancing_the_emulators_clock_expires_no_token() {
    let mut peer = stranger();
    peer.pass(1_000_000);
    assert_eq!(put(&mut peer, SAS, "sb://h/q", &sas("sb://h/q", 10, KEY)), 202);
}

#[test]
fn more_requests_than_the_first_credit_are_answered() {
    let mut peer = stranger();
    let token = sas("sb://h/q", 10, KEY);
    for round in 0..2_100 {
        peer.grant(1, round, 100, false);
        assert_eq!(put(&mut peer, SAS, "sb://h/q", &token), 202);
    }
}

#[test]
fn a_connection_puts_tokens_for_a_bounded_number_of_paths() {
    let mut peer = stranger();
    let token = sas("sb://h/", 10, KEY);
    let mut refused = 0;
    for round in 0..1_010 {
        peer.grant(1, round, 100, false);
        let status = put(&mut peer, SAS, &format!("sb://h/{round}"), &token);
        refused += u32::from(status == 403);
    }
    assert_eq!(refused, 10);
}
