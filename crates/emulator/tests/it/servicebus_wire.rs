//! Bytes on the wire that no decent client sends, and the order of what is sent at first.

use super::servicebus::{Bus, soon};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const SASL: [u8; 8] = *b"AMQP\x03\x01\x00\x00";
pub(crate) const AMQP: [u8; 8] = *b"AMQP\x00\x01\x00\x00";

/// A sasl-init that chooses ANONYMOUS.
pub(crate) const INIT: &[u8] = b"\0\0\0\x19\x02\x01\0\0\x00\x53\x41\xc0\x0c\x01\xa3\x09ANONYMOUS";

/// An open with container-id `c`.
pub(crate) const OPEN: &[u8] = b"\0\0\0\x11\x02\0\0\0\x00\x53\x10\xc0\x04\x01\xa1\x01c";

/// A begin on channel 0.
pub(crate) const BEGIN: &[u8] =
    b"\0\0\0\x14\x02\0\0\0\x00\x53\x11\xc0\x07\x04\x40\x43\x52\x64\x52\x64";

pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) async fn connect(bus: &Bus) -> Self {
        Self(TcpStream::connect(bus.at).await.expect("it listens"))
    }

    /// Past SASL and the opening of the connection.
    pub(crate) async fn open(bus: &Bus) -> Self {
        let mut raw = Self::connect(bus).await;
        raw.write(&SASL).await;
        assert_eq!(raw.header().await, SASL);
        raw.frame().await;
        raw.write(INIT).await;
        raw.frame().await;
        raw.write(&AMQP).await;
        raw.write(OPEN).await;
        assert_eq!(raw.header().await, AMQP);
        assert_eq!(code(&raw.frame().await), 0x10);
        raw
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        soon(self.0.write_all(bytes)).await.expect("it reads");
    }

    pub(crate) async fn header(&mut self) -> [u8; 8] {
        let mut header = [0; 8];
        soon(self.0.read_exact(&mut header)).await.expect("a header");
        header
    }

    /// The body of the next frame.
    pub(crate) async fn frame(&mut self) -> Vec<u8> {
        let header = self.header().await;
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
        let mut body = vec![0; size as usize - 8];
        soon(self.0.read_exact(&mut body)).await.expect("a body");
        body
    }

    /// Reads until the server closes; what came is returned.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is as good an end as any: there were bytes nobody read.
        let _ = soon(self.0.read_to_end(&mut rest)).await;
        rest
    }

    /// Checks that the connection still answers: a begin with a begin.
    async fn is_alive(&mut self) {
        self.write(BEGIN).await;
        assert_eq!(code(&self.frame().await), 0x11);
    }
}

pub(crate) fn code(body: &[u8]) -> u8 {
    body.get(2).copied().unwrap_or_default()
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn nothing_is_sent_behind_the_sasl_outcome_before_the_clients_header() {
    let bus = Bus::shop().await;
    let mut raw = Raw::connect(&bus).await;
    raw.write(&SASL).await;
    raw.header().await;
    raw.frame().await;
    raw.write(INIT).await;
    assert_eq!(code(&raw.frame().await), 0x44);
    // rhea loses whatever comes in the same segment as the outcome.
    let early = tokio::time::timeout(Duration::from_millis(50), raw.0.read_u8()).await;
    assert!(early.is_err(), "{early:?}");
    raw.write(&AMQP).await;
    assert_eq!(raw.header().await, AMQP);
}

#[tokio::test]
async fn a_client_that_pipelines_everything_is_served() {
    let bus = Bus::shop().await;
    let mut raw = Raw::connect(&bus).await;
    raw.write(&[&SASL[..], INIT, &AMQP, OPEN, BEGIN].concat()).await;
    assert_eq!(raw.header().await, SASL);
    assert_eq!(code(&raw.frame().await), 0x40);
    assert_eq!(code(&raw.frame().await), 0x44);
    assert_eq!(raw.header().await, AMQP);
    assert_eq!(code(&raw.frame().await), 0x10);
    assert_eq!(code(&raw.frame().await), 0x11);
}

#[tokio::test]
async fn a_client_without_sasl_is_served_as_one_that_has_shown_nothing() {
    let bus = Bus::shop().await;
    let mut raw = Raw::connect(&bus).await;
    // So does rhea when it has no user name: the JavaScript SDK by a connection string with a token.
    raw.write(&[&AMQP[..], OPEN].concat()).await;
    assert_eq!(raw.header().await, AMQP);
    assert_eq!(code(&raw.frame().await), 0x10);
    raw.is_alive().await;
}

#[tokio::test]
async fn what_is_not_sasl_is_told_what_is_expected() {
    for header in [&b"AMQP\x02\x01\x00\x00"[..], b"GET / HTTP/1.1\r\n\r\n"] {
        let bus = Bus::shop().await;
        let mut raw = Raw::connect(&bus).await;
        raw.write(header).await;
        assert_eq!(raw.header().await, SASL);
        assert!(raw.rest().await.is_empty());
    }
}

#[tokio::test]
async fn a_bad_frame_closes_its_connection_and_no_other() {
    let bus = Bus::shop().await;
    let mut good = Raw::open(&bus).await;
    for (bytes, condition) in [
        (&b"\0\0\0\x04\x02\0\0\0"[..], "amqp:connection:framing-error"),
        (b"\xff\xff\xff\xff\x02\0\0\0", "amqp:connection:framing-error"),
        (b"\0\0\0\x08\x02\x07\0\0", "amqp:connection:framing-error"),
        (b"\0\0\0\x0a\x02\0\0\0\x00\x53", "amqp:decode-error"),
        (b"\0\0\0\x10\x02\0\0\0\x00\x53\x12\xd0\xff\xff\xff\xff", "amqp:decode-error"),
    ] {
        let mut bad = Raw::open(&bus).await;
        bad.write(bytes).await;
        let rest = bad.rest().await;
        assert_eq!(code(&rest[8..]), 0x18, "{bytes:02x?}");
        assert!(contains(&rest, condition), "{bytes:02x?}");
    }
    good.is_alive().await;
    bus.until("/connections", 1).await;
}

#[tokio::test]
async fn garbage_instead_of_sasl_ends_the_connection() {
    let bus = Bus::shop().await;
    for garbage in [&b"\0\0\0\x0c\x02\x01\0\0\x00\x53\x40\x45"[..], b"\0\0\0\x00\0\0\0\0", OPEN] {
        let mut raw = Raw::connect(&bus).await;
        raw.write(&SASL).await;
        raw.header().await;
        raw.frame().await;
        raw.write(garbage).await;
        assert!(raw.rest().await.is_empty(), "{garbage:02x?}");
    }
    bus.until("/connections", 0).await;
}

#[tokio::test]
async fn a_wrong_key_is_refused_by_sasl() {
    let bus = Bus::shop().await;
    let mut raw = Raw::connect(&bus).await;
    raw.write(&SASL).await;
    raw.header().await;
    raw.frame().await;
    raw.write(b"\0\0\0\x1a\x02\x01\0\0\x00\x53\x41\xc0\x0d\x02\xa3\x05PLAIN\xa0\x03\0a\0").await;
    let outcome = raw.frame().await;
    assert_eq!((code(&outcome), outcome.get(6)), (0x44, Some(&0x50)));
    assert_eq!(outcome.get(7), Some(&1));
    assert!(raw.rest().await.is_empty());
}

#[tokio::test]
async fn frames_may_come_byte_by_byte() {
    let bus = Bus::shop().await;
    let mut raw = Raw::open(&bus).await;
    for byte in BEGIN {
        raw.write(&[*byte]).await;
    }
    assert_eq!(code(&raw.frame().await), 0x11);
}

#[tokio::test]
async fn a_client_that_vanishes_is_forgotten() {
    let bus = Bus::shop().await;
    let raw = Raw::open(&bus).await;
    bus.until("/connections", 1).await;
    drop(raw);
    bus.until("/connections", 0).await;
    bus.end().await;
}
