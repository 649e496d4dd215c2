//! W3C trace context: the `traceparent` that links a consumer's trace to the first request.

use std::fmt;
use std::str::FromStr;

/// A valid `traceparent` of version 00: `00-<32 hex>-<16 hex>-<2 hex>`, lower case.
///
/// Source: W3C Trace Context, section 3.2.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceParent(Box<str>);

impl TraceParent {
    /// A trace context of the given ids. Zero ids mean «none» on the wire and are made one.
    pub fn new(trace_id: u128, span_id: u64, sampled: bool) -> Self {
        let (trace_id, span_id) = (trace_id.max(1), span_id.max(1));
        Self(format!("00-{trace_id:032x}-{span_id:016x}-{:02x}", u8::from(sampled)).into())
    }

    /// The same trace seen from another span: what a service passes on as its own.
    #[must_use]
    pub fn child(&self, span_id: u64) -> Self {
        let span_id = span_id.max(1);
        Self(format!("00-{}-{span_id:016x}-{}", self.trace_id(), self.flags()).into())
    }

    /// The whole header value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The trace id: 32 lower-case hex digits.
    pub fn trace_id(&self) -> &str {
        self.part(1)
    }

    fn flags(&self) -> &str {
        self.part(3)
    }

    fn part(&self, index: usize) -> &str {
        self.0.split('-').nth(index).unwrap_or_default()
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace_id, span_id, flags] = parts[..] else {
            return Err(TraceParentError);
        };
        let is_valid =
            version == "00" && is_id(trace_id, 32) && is_id(span_id, 16) && is_hex(flags, 2);
        if is_valid { Ok(Self(text.into())) } else { Err(TraceParentError) }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not a `traceparent` of version 00. The specification says: start a new trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a traceparent of the form 00-<32 hex>-<16 hex>-<2 hex>")]
pub struct TraceParentError;

fn is_id(text: &str, len: usize) -> bool {
    is_hex(text, len) && text.bytes().any(|digit| digit != b'0')
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_child_keeps_trace_and_flags_and_has_its_own_span() {
        let given: TraceParent = GIVEN.parse().unwrap();
        let child = given.child(0xabc);
        assert_eq!(child.as_str(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000abc-01");
        assert_eq!(child.trace_id(), given.trace_id());
    }

    #[test]
    fn a_new_one_reads_back() {
        let new = TraceParent::new(7, 0, false);
        assert_eq!(new.as_str(), "00-00000000000000000000000000000007-0000000000000001-00");
        assert_eq!(new.as_str().parse(), Ok(new));
    }

    #[test]
    fn malformed_ones_are_rejected() {
        let upper = GIVEN.to_uppercase();
        let no_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        for wrong in ["", "00", &upper, no_trace, "01-aa-bb-00", &format!("{GIVEN}-extra")] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(TraceParentError), "{wrong}");
        }
    }
}
