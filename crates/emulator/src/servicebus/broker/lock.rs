//! Lock tokens, and what a receiver may do with a locked message.

use jiff::Timestamp;
use serde_amqp::Value;

/// Names one lock on one message: 16 bytes, never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LockToken {
    /// Counts the locks of this broker.
    pub(crate) nonce: u64,
    /// The message's sequence number.
    pub(crate) sequence: i64,
}

impl LockToken {
    /// The token as a UUID in RFC order, as `$management` writes it.
    pub(crate) fn to_uuid(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (nonce, sequence) = bytes.split_at_mut(8);
        nonce.copy_from_slice(&self.nonce.to_be_bytes());
        sequence.copy_from_slice(&self.sequence.to_be_bytes());
        bytes
    }

    /// The token of a UUID in RFC order.
    pub(crate) fn from_uuid(uuid: [u8; 16]) -> Self {
        let (nonce, sequence) = match uuid.as_chunks() {
            ([nonce, sequence], _) => (*nonce, *sequence),
            _ => ([0; 8], [0; 8]),
        };
        Self { nonce: u64::from_be_bytes(nonce), sequence: i64::from_be_bytes(sequence) }
    }

    /// The token as a delivery tag: the same in .NET's order, its first three groups reversed.
    pub(crate) fn to_tag(self) -> [u8; 16] {
        reorder(self.to_uuid())
    }
}

/// Between RFC order and .NET's order of a UUID, either way.
fn reorder(mut uuid: [u8; 16]) -> [u8; 16] {
    for group in [0..4, 4..6, 6..8] {
        if let Some(group) = uuid.get_mut(group) {
            group.reverse();
        }
    }
    uuid
}

/// A receiver's hold on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lock {
    /// Tells this lock from earlier ones on the same message.
    pub(crate) nonce: u64,
    /// When it ends by itself; a lock within a session ends with the session's.
    pub(crate) until: Timestamp,
}

/// Application properties to set.
pub(crate) type Properties = Vec<(String, Value)>;

/// How a receiver settles a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Settlement {
    /// It is done with.
    Complete,
    /// It becomes available again, its delivery count one higher.
    Abandon(Properties),
    /// It becomes available again as if it had not been delivered.
    Release,
    /// It stays, to be had by its sequence number only.
    Defer(Properties),
    /// It goes to the dead-letter subqueue.
    DeadLetter {
        /// Becomes `DeadLetterReason`.
        reason: Option<String>,
        /// Becomes `DeadLetterErrorDescription`.
        description: Option<String>,
        /// Set besides.
        properties: Properties,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_both_spellings() {
        let token = LockToken { nonce: 0x0102_0304_0506_0708, sequence: 9 };
        assert_eq!(LockToken::from_uuid(token.to_uuid()), token);
        assert_eq!(token.to_tag(), [4, 3, 2, 1, 6, 5, 8, 7, 0, 0, 0, 0, 0, 0, 0, 9]);
    }
}
