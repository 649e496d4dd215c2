//! Faults on demand meet the frames they name, and no others.

use super::*;
use crate::faults::Rule;

fn with_fault(operation: &str, action: &str, more: &str) -> Peer {
    let peer = Peer::begun();
    let json = format!(
        r#"{{"target":"servicebus","entity":"Q","operation":"{operation}","action":"{action}"{more}}}"#
    );
    peer.faults.add(serde_json::from_str::<Rule>(&json).expect("a rule"));
    peer
}

fn sending(action: &str, more: &str) -> (Peer, Step) {
    let mut peer = with_fault("transfer", action, more);
    peer.attach_sender(0, "q");
    peer.seen();
    let step = peer.part((0, Some(0)), Value::Uint(0), false, &Sample::new("a").bytes());
    (peer, step)
}

/// The condition of a rejected disposition.
fn rejection(seen: &Seen) -> Option<&str> {
    let error = at(seen.field(4).bare().elements()?, 0).bare().elements()?;
    at(error, 0).text()
}

#[test]
fn a_busy_server_rejects_once() {
    let (mut peer, step) = sending("server-busy", "");
    assert_eq!(step, Step::Go);
    assert_eq!(rejection(&peer.only()), Some(condition::SERVER_BUSY));
    assert_eq!(peer.count("q", "active"), 0);
    peer.part((0, Some(1)), Value::Uint(0), false, &Sample::new("a").bytes());
    assert_eq!(peer.count("q", "active"), 1);
}

#[test]
fn a_rejection_carries_the_condition_asked_for() {
    let (mut peer, _) = sending("reject", r#","condition":"amqp:not-allowed""#);
    assert_eq!(rejection(&peer.only()), Some("amqp:not-allowed"));
}

#[test]
fn a_detach_takes_nothing() {
    let (mut peer, _) = sending("detach", "");
    assert_eq!(peer.only().condition(2), Some(condition::DETACH_FORCED));
    assert_eq!(peer.count("q", "active"), 0);
}

#[test]
fn a_close_takes_nothing() {
    let (mut peer, step) = sending("close", "");
    assert_eq!(step, Step::Close);
    assert_eq!(peer.only().condition(0), Some(condition::CONNECTION_FORCED));
    assert_eq!(peer.count("q", "active"), 0);
}

#[test]
fn a_drop_after_takes_the_message_and_cuts() {
    let (peer, step) = sending("drop-after", "");
    assert_eq!((step, peer.count("q", "active")), (Step::Cut, 1));
}

#[test]
fn a_delay_takes_the_message_later() {
    let (mut peer, step) = sending("delay", r#","delayMs":50"#);
    assert_eq!(step, Step::Pause(Duration::from_millis(50)));
    assert_eq!(peer.count("q", "active"), 0);
    peer.with(|engine, world| {
        engine.resume(world);
        engine.settle_down(world);
    });
    assert_eq!(peer.count("q", "active"), 1);
    assert_eq!(peer.codes(), [code::DISPOSITION]);
}

#[test]
fn an_attach_is_refused_with_the_condition() {
    for action in ["server-busy", "reject", "detach"] {
        let mut peer = with_fault("attach", action, r#","condition":"amqp:x""#);
        peer.attach_receiver(0, "q");
        let seen = peer.seen();
        let expected = if action == "server-busy" { condition::SERVER_BUSY } else { "amqp:x" };
        assert_eq!(seen[1].condition(2), Some(expected), "{action}");
        peer.attach_receiver(1, "q");
        assert_eq!(peer.codes(), [code::ATTACH], "{action}");
    }
}

#[test]
fn an_attach_is_delayed_or_cut() {
    let mut peer = with_fault("attach", "delay", r#","delayMs":50"#);
    peer.attach_receiver(0, "q");
    assert!(peer.seen().is_empty());
    peer.with(Engine::resume);
    assert_eq!(peer.codes(), [code::ATTACH]);
}

#[test]
fn other_entities_and_nodes_are_spared() {
    let mut peer = with_fault("any", "reject", "");
    peer.attach_sender(0, "orders");
    peer.attach_sender(1, "q/$management");
    peer.attach_sender(2, "$cbs");
    assert!(!peer.codes().contains(&code::DETACH));
    assert_eq!(peer.faults.rules().len(), 1);
}
