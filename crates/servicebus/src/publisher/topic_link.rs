//! The sending link to the topic, and how much it takes at once.

use std::time::Duration;

use fe2o3_amqp::link::{DetachError, SendError};
use fe2o3_amqp::{Sendable, Sender};
use fe2o3_amqp_types::definitions::SenderSettleMode;
use fe2o3_amqp_types::messaging::SerializableBody;
use fe2o3_amqp_types::primitives::{Symbol, Value};

use super::Settlement;
use crate::link::{Connection, Trouble, granted};
use crate::message::Transfer;
use crate::outcome::Said;

/// The largest batch where the link says nothing else: also namespaces that take messages of
/// 100 MB take batches of 1 MB only.
const BATCH_BYTES_MAX: u64 = 1024 * 1024;

/// What the service takes at least, for a link that says nothing at all.
const MESSAGE_BYTES_MAX: u64 = 256 * 1024;

/// An attached link.
pub(super) struct TopicLink {
    sender: Sender,
    batch_bytes_max: u64,
}

/// What is gone, and why.
pub(super) enum Gone {
    /// The broker took the link away; session and connection are well.
    Link(Trouble),
    /// The session ended, or the connection.
    All(Trouble),
}

/// Why a transfer did not go out.
pub(super) enum Refused {
    /// It is too large for the link; the link is well.
    TooLarge(Said),
    /// The link gave no credit, or is gone. Nothing was sent.
    Unsent(Trouble),
    /// The link went away while it was being sent.
    Unsettled(Trouble),
}

impl TopicLink {
    /// Attaches to the topic.
    pub(super) async fn attach(
        connection: &mut Connection,
        topic: &str,
        within: Duration,
    ) -> Result<Self, Trouble> {
        // A name of its own each time: the broker may not have forgotten the last one yet.
        let name = format!("{topic}-{:016x}", fastrand::u64(..));
        let attach = Sender::builder()
            .name(name)
            .target(topic)
            .sender_settle_mode(SenderSettleMode::Unsettled)
            .attach(connection.session());
        let sender = granted("a link to the topic", within, Box::pin(attach)).await?;
        let batch_bytes_max = batch_bytes_max(
            sender.properties(|properties| {
                properties.as_ref()?.get(&Symbol::from(BATCH_SIZE)).cloned()
            }),
            sender.max_message_size(),
        );
        Ok(Self { sender, batch_bytes_max })
    }

    /// How large a batch may be.
    pub(super) fn batch_bytes_max(&self) -> u64 {
        self.batch_bytes_max
    }

    /// Hands a transfer to the link, and does not wait for its settlement.
    pub(super) async fn send(
        &mut self,
        transfer: Transfer,
        credit_within: Duration,
    ) -> Result<Settlement, Refused> {
        match transfer {
            Transfer::One(sendable) => self.hand_over(sendable, credit_within).await,
            Transfer::Many { sendable, taken: _ } => self.hand_over(sendable, credit_within).await,
        }
    }

    async fn hand_over<T: SerializableBody>(
        &mut self,
        sendable: Sendable<T>,
        within: Duration,
    ) -> Result<Settlement, Refused> {
        let sent = Box::pin(self.sender.send_batchable(sendable));
        match tokio::time::timeout(within, sent).await {
            Ok(Ok(settlement)) => Ok(settlement),
            Ok(Err(SendError::MessageSizeExceeded(error))) => Err(Refused::TooLarge(Said {
                condition: "amqp:link:message-size-exceeded".to_owned(),
                description: format!("{} bytes; the topic takes {}", error.size, error.max_size),
            })),
            Ok(Err(error)) => Err(Refused::Unsettled(error.into())),
            Err(_) => Err(Refused::Unsent(Trouble::Silent { what: "a link credit", within })),
        }
    }

    /// Resolves when the link is gone. May be dropped and called again.
    pub(super) async fn gone(&mut self) -> Gone {
        let error = self.sender.on_detach().await;
        if matches!(error, DetachError::SessionStopped(_) | DetachError::IllegalState) {
            Gone::All(error.into())
        } else {
            Gone::Link(error.into())
        }
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        let _ = self.sender.close().await;
    }
}

/// The link property in which a broker says how large its batches may be.
const BATCH_SIZE: &str = "com.microsoft:max-message-batch-size";

fn batch_bytes_max(told: Option<Value>, message_bytes_max: Option<u64>) -> u64 {
    let told = match told {
        Some(Value::Ulong(bytes)) => Some(bytes),
        Some(Value::Uint(bytes)) => Some(bytes.into()),
        Some(Value::Long(bytes)) => u64::try_from(bytes).ok(),
        Some(Value::Int(bytes)) => u64::try_from(bytes).ok(),
        _ => None,
    };
    let message_bytes_max = message_bytes_max.unwrap_or(MESSAGE_BYTES_MAX);
    told.unwrap_or(BATCH_BYTES_MAX).min(message_bytes_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_as_large_as_the_link_says_and_no_message_may_be_larger() {
        let kib = 1024;
        assert_eq!(batch_bytes_max(None, None), 256 * kib);
        assert_eq!(batch_bytes_max(None, Some(64 * kib)), 64 * kib);
        assert_eq!(batch_bytes_max(None, Some(100 * 1024 * kib)), 1024 * kib);
        assert_eq!(batch_bytes_max(Some(Value::Ulong(512 * kib)), Some(2048 * kib)), 512 * kib);
        assert_eq!(batch_bytes_max(Some(Value::Ulong(512 * kib)), Some(64 * kib)), 64 * kib);
        assert_eq!(batch_bytes_max(Some(Value::Bool(true)), Some(64 * kib)), 64 * kib);
    }
}
