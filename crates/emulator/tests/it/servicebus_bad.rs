//! Frames that break the protocol: each ends what it broke, with the right condition, and no more.

use super::{
    servicebus::Bus,
    servicebus_wire::{AMQP, BEGIN, INIT, Raw, SASL, code, contains},
};
use tokio::io::AsyncWriteExt as _;

/// Field values, encoded.
const NULL: &[u8] = b"\x40";
const TRUE: &[u8] = b"\x41";
const ZERO: &[u8] = b"\x43";
const HUNDRED: &[u8] = b"\x52\x64";
const TEXT: &[u8] = b"\xa1\x01x";
const NAME: &[u8] = b"\xa1\x04link";
const SENDER: &[u8] = b"\x42";
const SOURCE: &[u8] = b"\x00\x53\x28\x45";
const CBS: &[u8] = b"\x00\x53\x29\xc0\x07\x01\xa1\x04$cbs";
const NOWHERE: &[u8] = b"\x00\x53\x29\xc0\x0a\x01\xa1\x07nowhere";

/// A frame with this performative.
fn frame(channel: u16, code: u8, fields: &[&[u8]], payload: &[u8]) -> Vec<u8> {
    let list = fields.concat();
    let byte = |length: usize| u8::try_from(length).expect("a short list");
    let head = [0, 0x53, code, 0xc0, byte(list.len() + 1), byte(fields.len())];
    raw(2, 0, channel, &[&head, &*list, payload].concat())
}

/// A frame with this header, whatever the body.
fn raw(offset: u8, kind: u8, channel: u16, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(8 + body.len()).expect("a short frame");
    let mut bytes = size.to_be_bytes().to_vec();
    bytes.extend([offset, kind]);
    bytes.extend(channel.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn attach(handle: &[u8], target: &[u8]) -> Vec<u8> {
    attach_on(0, handle, target)
}

fn attach_on(channel: u16, handle: &[u8], target: &[u8]) -> Vec<u8> {
    frame(channel, 0x12, &[NAME, handle, SENDER, NULL, NULL, SOURCE, target, NULL, NULL, ZERO], b"")
}

fn transfer(channel: u16, handle: &[u8], id: &[u8], more: &[u8], payload: &[u8]) -> Vec<u8> {
    frame(channel, 0x14, &[handle, id, b"\xa0\x01t", ZERO, NULL, more], payload)
}

fn flow(fields: &[&[u8]]) -> Vec<u8> {
    frame(0, 0x13, fields, b"")
}

/// A connection that does everything right: it must never notice the others.
struct Witness(Raw);

impl Witness {
    async fn new(bus: &Bus) -> Self {
        let mut raw = Raw::open(bus).await;
        raw.write(BEGIN).await;
        assert_eq!(code(&raw.frame().await), 0x11);
        Self(raw)
    }

    /// Asks for a flow, and gets it.
    async fn is_well(&mut self) {
        let echo = [ZERO, HUNDRED, ZERO, HUNDRED, NULL, NULL, NULL, NULL, NULL, TRUE];
        self.0.write(&flow(&echo)).await;
        assert_eq!(code(&self.0.frame().await), 0x13);
    }
}

/// A connection with a session on channel 0.
async fn begun(bus: &Bus) -> Raw {
    Witness::new(bus).await.0
}

/// The next frame of this kind.
async fn until(raw: &mut Raw, kind: u8) -> Vec<u8> {
    loop {
        let frame = raw.frame().await;
        if code(&frame) == kind {
            return frame;
        }
    }
}

/// What breaks the connection, behind an opened one with a session, and the condition.
fn closing() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    const FRAMING: &str = "amqp:connection:framing-error";
    const DECODE: &str = "amqp:decode-error";
    const NOT_ALLOWED: &str = "amqp:not-allowed";
    let begin = |channel, fields: &[&[u8]]| frame(channel, 0x11, fields, b"");
    let whole: &[&[u8]] = &[NULL, ZERO, HUNDRED, HUNDRED];
    vec![
        ("a frame larger than the limit", raw(2, 0, 0, &vec![0; 65_536]), FRAMING),
        ("a data offset below 2", raw(1, 0, 0, &[0; 8]), FRAMING),
        ("a data offset behind the end", raw(9, 0, 0, &[0; 8]), FRAMING),
        ("a kind of frame that there is not", raw(2, 9, 0, &[0; 8]), FRAMING),
        ("a SASL frame after SASL", INIT.to_vec(), FRAMING),
        ("a second open", frame(0, 0x10, &[TEXT], b""), NOT_ALLOWED),
        ("a performative that there is not", frame(0, 0x30, &[ZERO], b""), DECODE),
        ("a section instead of a performative", frame(0, 0x70, &[TRUE], b""), DECODE),
        ("a body that is no performative", raw(2, 0, 0, TEXT), DECODE),
        ("a list that says it is longer", raw(2, 0, 0, b"\0\x53\x13\xc0\xff\x01\x43"), DECODE),
        ("a begin on a channel in use", begin(0, whole), NOT_ALLOWED),
        ("a channel beyond channel-max", begin(5_000, whole), FRAMING),
        ("a begin without windows", begin(1, &[NULL, ZERO]), DECODE),
        ("a begin with a text as window", begin(1, &[NULL, ZERO, TEXT, TEXT]), DECODE),
        ("an attach without a handle", frame(0, 0x12, &[NAME, NULL, SENDER], b""), DECODE),
        ("a handle beyond handle-max", attach(b"\x70\0\0\x10\0", CBS), FRAMING),
        ("an attach without a session", attach_on(7, ZERO, CBS), NOT_ALLOWED),
        ("a transfer without a session", transfer(7, ZERO, ZERO, NULL, b""), NOT_ALLOWED),
        ("a transfer without a handle", transfer(0, NULL, ZERO, NULL, b""), DECODE),
        ("a flow without a window", flow(&[ZERO, NULL, ZERO, HUNDRED]), DECODE),
        ("a flow with a text as window", flow(&[ZERO, TEXT, ZERO, HUNDRED]), DECODE),
        ("a flow with a text as handle", flow(&[ZERO, HUNDRED, ZERO, HUNDRED, TEXT]), DECODE),
        ("a disposition without a delivery", frame(0, 0x15, &[TRUE], b""), DECODE),
        ("a detach without a handle", frame(0, 0x16, &[NULL], b""), DECODE),
    ]
}

#[tokio::test]
async fn what_breaks_a_connection_closes_it_and_no_other() {
    let bus = Bus::shop().await;
    let mut witness = Witness::new(&bus).await;
    for (told, bytes, condition) in closing() {
        let mut bad = begun(&bus).await;
        bad.write(&bytes).await;
        let rest = bad.rest().await;
        assert_eq!(code(rest.get(8..).unwrap_or_default()), 0x18, "{told}: {rest:02x?}");
        assert!(contains(&rest, condition), "{told}: {}", String::from_utf8_lossy(&rest));
        witness.is_well().await;
    }
    bus.until("/connections", 1).await;
}

#[tokio::test]
async fn the_answer_names_the_limit_that_was_passed() {
    let bus = Bus::shop().await;
    let begin = frame(6_000, 0x11, &[NULL, ZERO, HUNDRED, HUNDRED], b"");
    let handle = attach(b"\x70\0\0\x10\0", CBS);
    for (bytes, limit) in
        [(raw(2, 0, 0, &vec![0; 65_600]), "65536"), (begin, "4999"), (handle, "1023")]
    {
        let mut bad = begun(&bus).await;
        bad.write(&bytes).await;
        assert!(contains(&bad.rest().await, limit), "{limit}");
    }
}

#[tokio::test]
async fn what_breaks_a_session_ends_it_and_not_the_connection() {
    let bus = Bus::shop().await;
    let mut witness = Witness::new(&bus).await;
    let stray = flow(&[ZERO, HUNDRED, ZERO, HUNDRED, b"\x52\x09", ZERO, HUNDRED]);
    let twice = [attach(ZERO, NOWHERE), attach(ZERO, NOWHERE)].concat();
    // A refused link takes no more credit, so nothing opens the window again.
    let flood = transfer(0, ZERO, ZERO, NULL, b"").repeat(5_001);
    let flood = [attach(ZERO, NOWHERE), flood].concat();
    for (told, bytes, condition) in [
        (
            "a transfer on no link",
            transfer(0, b"\x52\x09", ZERO, NULL, b""),
            "amqp:session:unattached-handle",
        ),
        ("a flow for no link", stray, "amqp:session:unattached-handle"),
        ("a handle in use", twice, "amqp:session:handle-in-use"),
        ("more transfers than the window takes", flood, "amqp:session:window-violation"),
    ] {
        let mut bad = begun(&bus).await;
        bad.write(&bytes).await;
        let ended = until(&mut bad, 0x17).await;
        assert!(contains(&ended, condition), "{told}: {}", String::from_utf8_lossy(&ended));
        // What was on its way is ignored, and the channel is free once the end is answered.
        bad.write(&transfer(0, ZERO, ZERO, NULL, b"")).await;
        bad.write(&frame(0, 0x17, &[NULL], b"")).await;
        bad.write(BEGIN).await;
        assert_eq!(code(&bad.frame().await), 0x11, "{told}");
        witness.is_well().await;
    }
}

#[tokio::test]
async fn what_breaks_a_link_detaches_it_and_not_the_session() {
    let bus = Bus::shop().await;
    let mut witness = Witness::new(&bus).await;
    let mut bad = begun(&bus).await;
    bad.write(&attach(ZERO, CBS)).await;
    assert_eq!(code(&bad.frame().await), 0x12);
    assert_eq!(code(&bad.frame().await), 0x13);
    for _ in 0..5 {
        bad.write(&transfer(0, ZERO, ZERO, TRUE, &vec![0; 60_000])).await;
    }
    let detached = until(&mut bad, 0x16).await;
    assert!(contains(&detached, "amqp:link:message-size-exceeded"));
    assert!(contains(&detached, "262144"), "{}", String::from_utf8_lossy(&detached));
    Witness(bad).is_well().await;
    witness.is_well().await;
}

#[tokio::test]
async fn a_frame_that_breaks_off_is_nobody_elses_affair() {
    let bus = Bus::shop().await;
    let mut witness = Witness::new(&bus).await;
    let whole = attach(ZERO, CBS);
    for length in [1, 7, 8, 12, whole.len() - 1] {
        let mut bad = begun(&bus).await;
        bad.write(&whole[..length]).await;
        bad.0.shutdown().await.expect("it is open");
        assert!(bad.rest().await.is_empty(), "{length}");
        witness.is_well().await;
    }
    bus.until("/connections", 1).await;
}

#[tokio::test]
async fn another_version_of_amqp_is_told_the_one_there_is() {
    let bus = Bus::shop().await;
    for wrong in [*b"AMQP\x00\x01\x01\x00", *b"AMQP\x00\x00\x09\x01", *b"AMQP\x02\x01\x00\x00"] {
        let mut bad = Raw::connect(&bus).await;
        bad.write(&SASL).await;
        bad.header().await;
        bad.frame().await;
        bad.write(INIT).await;
        bad.frame().await;
        bad.write(&wrong).await;
        assert_eq!(bad.header().await, AMQP, "{wrong:?}");
        assert!(bad.rest().await.is_empty(), "{wrong:?}");
    }
}
