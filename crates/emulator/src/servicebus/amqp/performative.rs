//! Performatives: what a frame says.
//!
//! Transfer and disposition, of which there is one a message, are read by hand; the rest through
//! `serde_amqp`'s values. All lists are written in full length.

use super::{
    scan::{self, Malformed},
    value::{self, Ask, described, symbol},
};
use bytes::{BufMut, Bytes, BytesMut};
use serde_amqp::Value;

/// Descriptor codes.
pub(crate) mod code {
    /// `open`
    pub(crate) const OPEN: u64 = 0x10;
    /// `begin`
    pub(crate) const BEGIN: u64 = 0x11;
    /// `attach`
    pub(crate) const ATTACH: u64 = 0x12;
    /// `flow`
    pub(crate) const FLOW: u64 = 0x13;
    /// `transfer`
    pub(crate) const TRANSFER: u64 = 0x14;
    /// `disposition`
    pub(crate) const DISPOSITION: u64 = 0x15;
    /// `detach`
    pub(crate) const DETACH: u64 = 0x16;
    /// `end`
    pub(crate) const END: u64 = 0x17;
    /// `close`
    pub(crate) const CLOSE: u64 = 0x18;
    /// `accepted`
    pub(crate) const ACCEPTED: u64 = 0x24;
    /// `rejected`
    pub(crate) const REJECTED: u64 = 0x25;
    /// `modified`
    pub(crate) const MODIFIED: u64 = 0x27;
}

/// A performative that has come in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Performative {
    /// One of those read through values: its code and fields.
    Rare(u64, Vec<Value>),
    /// A transfer.
    Transfer(Transfer),
    /// A disposition.
    Disposition(Disposition),
}

/// A transfer frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) handle: u32,
    pub(crate) delivery_id: Option<u32>,
    pub(crate) format: Option<u32>,
    pub(crate) settled: bool,
    pub(crate) more: bool,
    pub(crate) aborted: bool,
    pub(crate) payload: Bytes,
}

/// A disposition frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Disposition {
    /// Whether it is the receiver that tells.
    pub(crate) from_receiver: bool,
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) settled: bool,
    /// The state's descriptor code and fields.
    pub(crate) state: Option<(u64, Vec<Value>)>,
}

/// Reads the performative of a frame.
///
/// # Errors
/// If it is malformed, or none of AMQP's.
pub(crate) fn read(body: &Bytes) -> Result<Performative, Malformed> {
    match body.get(..3) {
        Some([0, 0x53, 0x14]) => read_transfer(body).map(Performative::Transfer),
        Some([0, 0x53, 0x15]) => read_disposition(body).map(Performative::Disposition),
        _ => match value::decode(body)? {
            (Value::Described(it), _) => read_rare(Value::Described(it), body),
            _ => Err(Malformed),
        },
    }
}

/// Reads a performative that is a value already, or one whose descriptor is written in full.
fn read_rare(value: Value, body: &Bytes) -> Result<Performative, Malformed> {
    let code = value.code().ok_or(Malformed)?;
    match code {
        code::TRANSFER => read_transfer(body).map(Performative::Transfer),
        code::DISPOSITION => read_disposition(body).map(Performative::Disposition),
        code::OPEN..=code::CLOSE | 0x40..=0x44 => {
            let fields = value.bare().elements().ok_or(Malformed)?;
            Ok(Performative::Rare(code, fields.to_vec()))
        }
        _ => Err(Malformed),
    }
}

/// Reads a transfer; its payload is what follows.
fn read_transfer(body: &Bytes) -> Result<Transfer, Malformed> {
    let (mut fields, end) = Fields::of(body)?;
    let handle = uint(fields.next()?).ok_or(Malformed)?;
    let delivery_id = uint(fields.next()?);
    fields.next()?;
    let format = uint(fields.next()?);
    let settled = flag(fields.next()?);
    let more = flag(fields.next()?);
    fields.next()?;
    fields.next()?;
    fields.next()?;
    let aborted = flag(fields.next()?);
    Ok(Transfer { handle, delivery_id, format, settled, more, aborted, payload: body.slice(end..) })
}

/// Reads a disposition.
fn read_disposition(body: &Bytes) -> Result<Disposition, Malformed> {
    let (mut fields, _) = Fields::of(body)?;
    let from_receiver = flag(fields.next()?);
    let first = uint(fields.next()?).ok_or(Malformed)?;
    let last = uint(fields.next()?).unwrap_or(first);
    let settled = flag(fields.next()?);
    let state = match fields.next()? {
        [] | [0x40] => None,
        // How every client says `accepted`: once a message, so it is not decoded.
        [0, 0x53, code, 0x45] | [0, 0x53, code, 0xc0, 1, 0] => Some(((*code).into(), Vec::new())),
        state => {
            let (state, _) = value::decode(state)?;
            let code = state.code().ok_or(Malformed)?;
            Some((code, state.bare().elements().ok_or(Malformed)?.to_vec()))
        }
    };
    Ok(Disposition { from_receiver, first, last, settled, state })
}

/// The encoded fields of a performative, one by one.
struct Fields<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Fields<'a> {
    /// The fields, and where the performative ends.
    fn of(body: &'a [u8]) -> Result<(Self, usize), Malformed> {
        let end = scan::skip(body)?;
        let descriptor = 1 + scan::skip(body.get(1..).ok_or(Malformed)?)?;
        let (left, rest) = match body.get(descriptor..end).ok_or(Malformed)? {
            [0x45] => (0, &[][..]),
            [0xc0, _, count, rest @ ..] => (u32::from(*count), rest),
            [0xd0, _, _, _, _, a, b, c, d, rest @ ..] => {
                (u32::from_be_bytes([*a, *b, *c, *d]), rest)
            }
            _ => return Err(Malformed),
        };
        Ok((Self { rest, left }, end))
    }

    /// The next field; empty if the list is shorter.
    fn next(&mut self) -> Result<&'a [u8], Malformed> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(&[]) };
        self.left = left;
        let length = scan::skip(self.rest)?;
        let (field, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(field)
    }
}

/// An encoded unsigned integer; none for null or anything else.
fn uint(field: &[u8]) -> Option<u32> {
    match field {
        [0x43] => Some(0),
        [0x52, number] => Some(u32::from(*number)),
        [0x70, a, b, c, d] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

/// An encoded boolean; false for null or anything else.
fn flag(field: &[u8]) -> bool {
    matches!(field, [0x41] | [0x56, 1])
}

/// An outgoing transfer's fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TransferHead<'a> {
    pub(crate) handle: u32,
    pub(crate) delivery_id: u32,
    pub(crate) tag: &'a [u8],
    pub(crate) settled: bool,
    pub(crate) more: bool,
}

/// Bytes that frame header and transfer take at most, with tags of 16 bytes.
pub(crate) const TRANSFER_OVERHEAD: usize = 8 + 6 + 5 + 5 + 2 + 16 + 8;

/// Appends a transfer performative. The message-format is an explicit zero: rhea hands over
/// undecoded bytes without it.
pub(crate) fn put_transfer(into: &mut BytesMut, head: TransferHead<'_>) {
    let tag = u8::try_from(head.tag.len()).unwrap_or(u8::MAX);
    into.put_slice(&[0, 0x53, 0x14, 0xc0, 1 + 5 + 5 + 2 + tag + 8, 11, 0x70]);
    into.put_u32(head.handle);
    into.put_u8(0x70);
    into.put_u32(head.delivery_id);
    into.put_slice(&[0xa0, tag]);
    into.put_slice(head.tag);
    into.put_slice(&[0x43, boolean(head.settled), boolean(head.more)]);
    into.put_slice(&[0x40, 0x40, 0x42, 0x42, 0x42]);
}

/// Appends a settled disposition for `first` to `last`.
pub(crate) fn put_disposition(
    into: &mut BytesMut,
    from_receiver: bool,
    (first, last): (u32, u32),
    state: &State,
) {
    let mut outcome = BytesMut::new();
    match state {
        State::Bare(code) => outcome.put_slice(&[0, 0x53, *code, 0x45]),
        State::Whole(value) => value::encode(value, &mut outcome),
    }
    into.put_slice(&[0, 0x53, 0x15, 0xd0]);
    into.put_u32(u32::try_from(4 + 1 + 5 + 5 + 1 + outcome.len() + 1).unwrap_or(u32::MAX));
    into.put_u32(6);
    into.put_slice(&[boolean(from_receiver), 0x70]);
    into.put_u32(first);
    into.put_u8(0x70);
    into.put_u32(last);
    into.put_u8(0x41);
    into.put_slice(&outcome);
    into.put_u8(0x42);
}

/// A delivery state to send.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// An outcome without fields, by its descriptor code.
    Bare(u8),
    /// Any other.
    Whole(Value),
}

/// Accepted.
pub(crate) const ACCEPTED: State = State::Bare(0x24);

/// `rejected` with an error.
pub(crate) fn rejected(error: Value) -> State {
    State::Whole(described(code::REJECTED, vec![error]))
}

/// The format code that is a boolean by itself.
fn boolean(flag: bool) -> u8 {
    if flag { 0x41 } else { 0x42 }
}

/// An array of symbols.
pub(crate) fn symbols(names: &[&str]) -> Value {
    Value::Array(names.iter().map(|name| symbol(name)).collect())
}
