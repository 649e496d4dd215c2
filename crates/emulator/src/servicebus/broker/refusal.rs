//! Why the broker does not do what it was asked; the wire gives each its error condition.

/// A refusal; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// No such queue, topic or subscription.
    #[error("The messaging entity '{0}' could not be found.")]
    EntityNotFound(String),
    /// A sender on a subscription or subqueue, or a receiver on a topic.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// The lock has expired, or the message was settled already.
    #[error(
        "The lock supplied is invalid. Either the lock expired, or the message has already been \
         removed from the queue."
    )]
    MessageLockLost,
    /// The session's lock has expired or is another's.
    #[error("The session lock has expired on the session '{0}'. Accept a new session.")]
    SessionLockLost(String),
    /// Another receiver holds the session.
    #[error(
        "The requested session '{0}' cannot be accepted. It may be locked by another receiver."
    )]
    SessionHeld(String),
    /// A subscription has a rule of that name already.
    #[error("The messaging entity '{0}' already exists.")]
    RuleExists(String),
    /// An entity of that name is there.
    #[error("SubCode=40900. Conflict: the entity '{0}' already exists.")]
    EntityExists(String),
    /// The entity cannot be as it is asked for.
    #[error("SubCode=40000. Bad Request: {0}.")]
    Invalid(String),
    /// An administrator has disabled the entity.
    #[error("The messaging entity '{0}' is disabled.")]
    Disabled(String),
    /// The entity holds as much as it may.
    #[error("The messaging entity '{0}' has reached its quota of {1} megabytes.")]
    Full(String, u32),
    /// No message with that sequence number in that state.
    #[error("Failed to find the message with sequence number {0}.")]
    MessageNotFound(i64),
}
