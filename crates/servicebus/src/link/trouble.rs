//! Why there is no link, or none any more: what the AMQP library and the platform report, brought
//! to one form that can be told to everyone who waits.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use domain::Fault;
use domain::fault::Cause;
use fe2o3_amqp::connection::{ConnectionStopReason, OpenError};
use fe2o3_amqp::link::{
    DetachError, IllegalLinkStateError, LinkStateError, ReceiverAttachError, RecvError, SendError,
    SenderAttachError, SessionStopReason,
};
use fe2o3_amqp::session::BeginError;
use fe2o3_amqp_management::error::{AttachError, Error as CallError};
use fe2o3_amqp_types::definitions;
use fe2o3_amqp_types::sasl::SaslCode;

use crate::namespace::Namespace;
use crate::outcome::{Said, of_unsent};

/// Why there is no link, or none any more.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Trouble {
    /// No stream to the namespace.
    #[error("cannot reach {namespace}")]
    Unreachable {
        namespace: String,
        #[source]
        cause: Arc<io::Error>,
    },
    /// The stream leads to someone else, or is not trusted.
    #[error("cannot trust {namespace}: {problem}")]
    Untrusted { namespace: String, problem: String },
    /// Entra ID gave no token.
    #[error("no access token")]
    NoToken(#[source] Arc<azure_core::Error>),
    /// The broker said why.
    #[error(transparent)]
    Said(Said),
    /// The broker did not answer in time.
    #[error("no {what} within {within:?}", what = what.trim_start_matches("a ").trim_start_matches("an "))]
    Silent { what: &'static str, within: Duration },
    /// The link, its session or its connection ended, and nobody said why.
    #[error("{0}")]
    Lost(String),
}

impl Trouble {
    pub(super) fn unreachable(namespace: &Namespace, cause: io::Error) -> Self {
        Self::Unreachable { namespace: namespace.to_string(), cause: Arc::new(cause) }
    }

    pub(super) fn untrusted(namespace: &Namespace, problem: impl ToString) -> Self {
        Self::Untrusted { namespace: namespace.to_string(), problem: problem.to_string() }
    }

    /// What it means for what had not been sent.
    pub(crate) fn unsent(&self) -> Fault {
        match self {
            Self::Said(said) => of_unsent(said),
            Self::Untrusted { .. } => Fault::Misconfigured { problem: self.to_string() },
            Self::Unreachable { .. } | Self::NoToken(_) | Self::Silent { .. } | Self::Lost(_) => {
                Fault::Unavailable(self.cause())
            }
        }
    }

    /// What it means for what had been sent and was not settled.
    pub(crate) fn unsettled(&self) -> Fault {
        Fault::Unanswered(self.cause())
    }

    fn cause(&self) -> Cause {
        Box::new(self.clone())
    }

    fn lost(error: &dyn Error) -> Self {
        Self::Lost(error.to_string())
    }
}

/// What `$cbs` answered to a token. The library expects 202; the service also says 200.
pub(super) fn of_put_token(answer: Result<(), CallError>) -> Result<(), Trouble> {
    match answer {
        Err(CallError::Status(status)) if (200..300).contains(&status.code.0.get()) => Ok(()),
        answer => answer.map_err(Trouble::from),
    }
}

/// The condition that a status of `$cbs` stands for.
fn condition_of_status(code: u16) -> &'static str {
    match code {
        401 | 403 => "amqp:unauthorized-access",
        404 => "amqp:not-found",
        408 => "com.microsoft:timeout",
        503 => "com.microsoft:server-busy",
        500..=599 => "amqp:internal-error",
        _ => "com.microsoft:auth-failed",
    }
}

impl From<definitions::Error> for Trouble {
    fn from(error: definitions::Error) -> Self {
        Self::Said(Said::from(error))
    }
}

impl From<azure_core::Error> for Trouble {
    fn from(error: azure_core::Error) -> Self {
        Self::NoToken(Arc::new(error))
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        if let OpenError::RemoteClosedWithError(said) = error {
            said.into()
        } else if let OpenError::SaslError { code: SaslCode::Auth | SaslCode::SysPerm, .. } = error
        {
            // Wrong whenever it is tried again; with the other codes it may pass.
            let description = "SASL does not let this login in".to_owned();
            Self::Said(Said { condition: "amqp:unauthorized-access".to_owned(), description })
        } else {
            Self::lost(&error)
        }
    }
}

impl From<BeginError> for Trouble {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::RemoteEndedWithError(said) => said.into(),
            BeginError::ConnectionStopped(reason) => reason.into(),
            BeginError::IllegalState
            | BeginError::ConnectionNotOpened
            | BeginError::RemoteEnded
            | BeginError::LocalChannelMaxReached => Self::lost(&error),
        }
    }
}

impl From<ConnectionStopReason> for Trouble {
    fn from(reason: ConnectionStopReason) -> Self {
        match reason {
            ConnectionStopReason::RemoteClosedWithError(said)
            | ConnectionStopReason::ClosedWithError(said) => said.into(),
            ConnectionStopReason::Closed | ConnectionStopReason::RemoteClosed => {
                Self::Lost("connection lost".to_owned())
            }
        }
    }
}

impl From<SessionStopReason> for Trouble {
    fn from(reason: SessionStopReason) -> Self {
        match reason {
            SessionStopReason::RemoteEndedWithError(said)
            | SessionStopReason::EndedWithError(said) => said.into(),
            SessionStopReason::ConnectionStopped(reason) => reason.into(),
            SessionStopReason::Ended | SessionStopReason::RemoteEnded => {
                Self::Lost("session ended".to_owned())
            }
        }
    }
}

impl From<AttachError> for Trouble {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Sender(error) => error.into(),
            AttachError::Receiver(error) => error.into(),
        }
    }
}

impl From<SenderAttachError> for Trouble {
    fn from(error: SenderAttachError) -> Self {
        if let SenderAttachError::RemoteClosedWithError(said) = error {
            said.into()
        } else if let SenderAttachError::SessionStopped(reason) = error {
            reason.into()
        } else {
            Self::lost(&error)
        }
    }
}

impl From<ReceiverAttachError> for Trouble {
    fn from(error: ReceiverAttachError) -> Self {
        if let ReceiverAttachError::RemoteClosedWithError(said) = error {
            said.into()
        } else if let ReceiverAttachError::SessionStopped(reason) = error {
            reason.into()
        } else {
            Self::lost(&error)
        }
    }
}

impl From<DetachError> for Trouble {
    fn from(error: DetachError) -> Self {
        LinkStateError::from(error).into()
    }
}

impl From<IllegalLinkStateError> for Trouble {
    fn from(error: IllegalLinkStateError) -> Self {
        LinkStateError::from(error).into()
    }
}

impl From<LinkStateError> for Trouble {
    fn from(error: LinkStateError) -> Self {
        match error {
            LinkStateError::RemoteDetachedWithError(said)
            | LinkStateError::RemoteClosedWithError(said) => said.into(),
            LinkStateError::SessionStopped(reason) => reason.into(),
            LinkStateError::IllegalState
            | LinkStateError::RemoteDetached
            | LinkStateError::RemoteClosed
            | LinkStateError::ExpectImmediateDetach => Self::lost(&error),
        }
    }
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        match error {
            SendError::LinkStateError(error) => error.into(),
            SendError::Detached(error) => error.into(),
            SendError::NonTerminalDeliveryState
            | SendError::IllegalDeliveryState
            | SendError::MessageSizeExceeded(_)
            | SendError::MessageEncodeError => Self::lost(&error),
        }
    }
}

impl From<RecvError> for Trouble {
    fn from(error: RecvError) -> Self {
        if let RecvError::LinkStateError(error) = error { error.into() } else { Self::lost(&error) }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Status(status) => Self::Said(Said {
                condition: condition_of_status(status.code.0.get()).to_owned(),
                description: format!(
                    "{}, from $cbs: {}",
                    status.code.0,
                    status.description.unwrap_or_default()
                ),
            }),
            CallError::Send(error) => error.into(),
            CallError::Recv(error) => error.into(),
            CallError::Disposition(error) => error.into(),
            CallError::CorrelationIdAndMessageIdAreNone
            | CallError::StatusCodeNotFound
            | CallError::DecodeError(_)
            | CallError::NotAccepted(_) => Self::lost(&error),
        }
    }
}

#[cfg(test)]
mod tests;
