//! The SASL layer: mechanisms as Azure offers them, outcome ok without a challenge.
//!
//! Only PLAIN can fail; the others leave it to `$cbs` to show a token.

use super::{
    cbs::{KEY, KEY_NAME},
    frame::{self, Kind},
    performative::symbols,
    scan::Malformed,
    value::{self, Ask, at, described},
};
use bytes::BytesMut;
use serde_amqp::Value;

/// The protocol header of the SASL layer.
pub(crate) const SASL_HEADER: [u8; 8] = *b"AMQP\x03\x01\x00\x00";

/// The protocol header of the AMQP layer.
pub(crate) const AMQP_HEADER: [u8; 8] = *b"AMQP\x00\x01\x00\x00";

/// How SASL ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well, and the client has shown that it knows the key.
    Trusted,
    /// Well; tokens are to follow.
    Anonymous,
    /// Not: wrong name or key, or an unknown mechanism.
    Refused,
}

/// Appends the offer of mechanisms.
pub(crate) fn put_mechanisms(out: &mut BytesMut) {
    let offer = symbols(&["MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL"]);
    frame::put(out, Kind::Sasl, 0, |out| value::encode(&described(0x40, vec![offer]), out));
}

/// Judges a sasl-init, and appends the outcome.
///
/// # Errors
/// If the body is not a sasl-init.
pub(crate) fn answer_init(body: &[u8], out: &mut BytesMut) -> Result<Outcome, Malformed> {
    let (init, _) = value::decode(body)?;
    if init.code() != Some(0x41) {
        return Err(Malformed);
    }
    let fields = init.bare().elements().ok_or(Malformed)?;
    let outcome = match at(fields, 0).text() {
        Some("PLAIN") => plain(at(fields, 1).binary().unwrap_or_default()),
        Some("MSSBCBS" | "ANONYMOUS" | "EXTERNAL") => Outcome::Anonymous,
        Some(_) | None => Outcome::Refused,
    };
    let code = u8::from(outcome == Outcome::Refused);
    let fields = vec![Value::Ubyte(code), Value::Null];
    frame::put(out, Kind::Sasl, 0, |out| value::encode(&described(0x44, fields), out));
    Ok(outcome)
}

/// Judges `authzid NUL name NUL key`.
fn plain(response: &[u8]) -> Outcome {
    let mut parts = response.splitn(3, |byte| *byte == 0).skip(1);
    let known = parts.next() == Some(KEY_NAME.as_bytes()) && parts.next() == Some(KEY.as_bytes());
    if known { Outcome::Trusted } else { Outcome::Refused }
}
