//! A message as the broker keeps it: what routing needs to know, and its bare bytes unchanged.

mod batch;
mod decode;
mod edit;
mod encode;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sections;
#[cfg(test)]
mod tests;

pub(crate) use batch::split_batch;
pub(crate) use decode::{decode, id_text};
pub(crate) use edit::{edit_application_properties, with_properties, without_body};
pub(crate) use encode::{Stamp, encode};

use bytes::Bytes;
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

/// A message that a client sent.
///
/// `bare` runs from the properties section to the footer, byte for byte as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The message-id as text; never empty, the broker gives one where the sender did not.
    pub(crate) id: Arc<str>,
    /// The group-id: the session it belongs to.
    pub(crate) session: Option<Arc<str>>,
    /// When it is to become visible, if later than now.
    pub(crate) scheduled: Option<Timestamp>,
    /// How long it may live, if the sender set that.
    pub(crate) time_to_live: Option<Duration>,
    /// The header's durable flag.
    pub(crate) durable: bool,
    /// The header's priority.
    pub(crate) priority: Option<u8>,
    /// The sender's message annotations, as encoded pairs, without those the broker sets.
    pub(crate) annotations: Annotations,
    /// Properties, application properties, body and footer.
    pub(crate) bare: Bytes,
}

impl Message {
    /// Bytes that it takes of an entity's quota.
    pub(crate) fn size(&self) -> u64 {
        (self.bare.len() + self.annotations.bytes.len()) as u64
    }
}

/// Encoded pairs of a message annotations map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Annotations {
    /// How many pairs.
    pub(crate) pairs: u32,
    /// Key, value, key, value …
    pub(crate) bytes: Bytes,
}

/// Why bytes are not a message that the broker takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadMessage {
    /// The sections do not follow the AMQP message format.
    #[error("The message is not a valid AMQP message.")]
    Malformed,
    /// A property is longer than Service Bus takes.
    #[error("The {property} of the message is longer than {LENGTH_MAX} characters.")]
    TooLong {
        /// Which property.
        property: &'static str,
    },
    /// More application properties than Service Bus takes.
    #[error(
        "The application properties of the message are larger than {PROPERTIES_MAX} bytes, or one \
         of them than {PROPERTY_MAX}."
    )]
    PropertiesTooLarge,
    /// A batch envelope without a data section.
    #[error("The batch message has no data.")]
    EmptyBatch,
}

/// Longest message-id, session id and partition key, in characters.
pub(crate) const LENGTH_MAX: usize = 128;

/// Most bytes of one application property.
pub(crate) const PROPERTY_MAX: usize = 32 * 1024;

/// Most bytes of all application properties.
pub(crate) const PROPERTIES_MAX: usize = 64 * 1024;

/// Descriptors of the message sections.
pub(crate) mod section {
    /// Header.
    pub(crate) const HEADER: u8 = 0x70;
    /// Delivery annotations.
    pub(crate) const DELIVERY_ANNOTATIONS: u8 = 0x71;
    /// Message annotations.
    pub(crate) const MESSAGE_ANNOTATIONS: u8 = 0x72;
    /// Properties.
    pub(crate) const PROPERTIES: u8 = 0x73;
    /// Application properties.
    pub(crate) const APPLICATION_PROPERTIES: u8 = 0x74;
    /// AMQP value.
    pub(crate) const VALUE: u8 = 0x77;
    /// Data.
    pub(crate) const DATA: u8 = 0x75;
    /// Footer.
    pub(crate) const FOOTER: u8 = 0x78;
}
