//! Envelopes: what travels from the store to the broker, whatever the aggregate.

use crate::{Key, Timestamp, TraceParent};
use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// One event on its way: who it is of, which one it is, and what it says.
///
/// `D` is the aggregate's own event type where it was decided, and [`Json`] once it is at rest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Envelope<D = Json> {
    /// The aggregate; the message's session id.
    pub key: Key,
    /// Its place among the aggregate's events.
    pub sequence: Sequence,
    /// What happened, as consumers know it (`OrderPlaced`).
    pub event_type: Cow<'static, str>,
    /// When it was decided.
    pub occurred_at: Timestamp,
    /// What there is to know of it.
    pub data: D,
    /// The trace of the request that caused it.
    pub traceparent: Option<TraceParent>,
}

impl<D> Envelope<D> {
    /// The event's id: the document's id and the message id.
    pub fn id(&self) -> EventId {
        EventId { key: self.key.clone(), sequence: self.sequence }
    }
}

/// The place of an event among those of its aggregate: 1, 2, 3 …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(NonZeroU32);

impl Sequence {
    /// The first event's.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The sequence of this number; `None` for 0.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The next one; the last possible one is its own next.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The one before; `None` for the first.
    pub fn previous(self) -> Option<Self> {
        Self::new(self.get() - 1)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of an event: `<key>.<sequence>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The aggregate.
    pub key: Key,
    /// The event's place.
    pub sequence: Sequence,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.sequence)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let (key, number) = text.rsplit_once('.').ok_or(EventIdError)?;
        let key = key.parse().map_err(|_| EventIdError)?;
        let is_plain = !number.starts_with(['0', '+']);
        let sequence = number.parse().ok().filter(|_| is_plain).and_then(Sequence::new);
        Ok(Self { key, sequence: sequence.ok_or(EventIdError)? })
    }
}

/// A text that is not an [`EventId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an event id of the form <order id>.<sequence>, such as order-17.1")]
pub struct EventIdError;

/// JSON text as it stands at rest: carried verbatim, never looked into on the way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(Box<str>);

impl Json {
    /// Takes a text that the caller knows to be JSON: it came out of a JSON reader or writer.
    pub fn from_valid(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_reads_back_also_when_the_key_has_dots() {
        for text in ["o.1", "a.b.c.17", "018f-x_.4294967295"] {
            assert_eq!(text.parse::<EventId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_event_id_is_rejected() {
        for wrong in ["", "o", "o.", "o.0", "o.01", "o.+1", "o.x", ".1", "a/b.1", "o.4294967296"] {
            assert_eq!(wrong.parse::<EventId>(), Err(EventIdError), "{wrong}");
        }
    }

    #[test]
    fn sequences_start_at_one_and_step_by_one() {
        assert_eq!(Sequence::new(0), None);
        assert_eq!(Sequence::FIRST.previous(), None);
        assert_eq!(Sequence::FIRST.next().previous(), Some(Sequence::FIRST));
    }
}
