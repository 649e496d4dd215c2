//! The trace and the instant of a request, taken once, before any route sees it.

use domain::{Timestamp, TraceParent};
use http::{HeaderMap, Request};
use tracing::{Span, field, info_span};

/// Under which trace a request runs, and when it came.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// When it came, to the millisecond: what an answer says is what a later read says.
    pub(crate) now: Timestamp,
    /// This service's span in the client's trace, or in a new one.
    pub(crate) trace: TraceParent,
}

impl Context {
    /// The context of a request with these headers. A `traceparent` that cannot be read, or is
    /// given twice, starts a new trace, as W3C Trace Context asks.
    pub(crate) fn of(headers: &HeaderMap, now: Timestamp) -> Self {
        let span_id = fastrand::u64(..);
        let trace = match given(headers) {
            Some(given) => given.child(span_id),
            None => TraceParent::new(fastrand::u128(..), span_id, true),
        };
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Self { now, trace }
    }

    /// The span that every log line of the request stands in. The query is left out: the Functions
    /// host takes its key from there and passes it on.
    pub(crate) fn span<B>(&self, request: &Request<B>) -> Span {
        let span = info_span!(
            "request",
            trace_id = self.trace.trace_id(),
            invocation_id = field::Empty,
            method = request.method().as_str(),
            path = request.uri().path(),
        );
        if let Some(id) = request.headers().get(INVOCATION).and_then(|id| id.to_str().ok()) {
            span.record("invocation_id", id);
        }
        span
    }
}

fn given(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    match (values.next(), values.next()) {
        (Some(only), None) => only.to_str().ok()?.parse().ok(),
        (_, _) => None,
    }
}

/// Names the trace of a request (W3C Trace Context).
pub(crate) const TRACEPARENT: &str = "traceparent";
/// Names the invocation that the Functions host made of a request.
const INVOCATION: &str = "x-azure-functions-invocationid";

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn context(values: &[&str]) -> Context {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, value.parse().unwrap());
        }
        Context::of(&headers, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_given_trace_is_continued_under_an_own_span() {
        let trace = context(&[GIVEN]).trace;
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(trace.as_str(), GIVEN);
    }

    #[test]
    fn none_two_or_a_malformed_one_start_a_new_trace() {
        for values in [&[][..], &[GIVEN, GIVEN], &["00-xyz"]] {
            let trace = context(values).trace;
            assert_ne!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736", "{values:?}");
        }
    }
}
