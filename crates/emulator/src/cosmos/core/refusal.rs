//! Why a request is not served: each reason with the status the service gives it.
//!
//! | reason | status | substatus |
//! |---|---|---|
//! | what was sent is wrong | 400 | |
//! | the body's partition key is not the header's, or that lacks levels | 400 | 1001 |
//! | the container was created anew since the client looked | 400 | 1024 |
//! | no or a wrong signature | 401 | |
//! | a token outside its time | 403 | |
//! | a token that does not reach so far | 403 | 5300 |
//! | no such resource | 404 | |
//! | the session is ahead of what is stored | 404 | 1002 |
//! | the container of the resource is missing | 404 | 1003 |
//! | the method is not served there | 405 | |
//! | the body takes too long to come | 408 | |
//! | id or unique key taken | 409 | |
//! | the partition key range is gone | 410 | 1002 |
//! | the partition key range is being split | 410 | 1007 |
//! | `ETag` or condition does not hold | 412 | |
//! | too large | 413 | |
//! | another operation of the batch failed | 424 | |

/// One reason for not serving a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// What was sent is wrong; the text says what.
    #[error("{0}")]
    Bad(String),
    /// The document says another partition key than the request, or the request's lacks levels.
    /// Clients look for the service's own words.
    #[error(
        "Partition key provided either doesn't correspond to definition in the collection or \
         doesn't match partition key field values specified in the document."
    )]
    KeyMismatch,
    /// The client believes in a container that has been replaced by a new one.
    #[error("the container has another resource id than the request expects")]
    StaleContainer,
    /// The request is not signed, or not signed right.
    #[error("{0}")]
    Unauthorized(String),
    /// The request's token is outside its time.
    #[error("{0}")]
    Forbidden(String),
    /// The request's token does not reach so far.
    #[error("{0}")]
    Denied(String),
    /// There is no such resource.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The database or container that should own the resource does not exist.
    #[error("the owner {0} does not exist")]
    OwnerMissing(String),
    /// The session token names a later write than this account has seen.
    #[error("the session token is ahead of partition key range {range} at {lsn}")]
    SessionAhead {
        /// The range asked.
        range: String,
        /// Where that range is.
        lsn: u64,
    },
    /// The resource does not take this method.
    #[error("{0}")]
    Method(String),
    /// The body takes too long to come.
    #[error("{0}")]
    Slow(String),
    /// The id or a unique key is taken.
    #[error("{0}")]
    Conflict(String),
    /// The partition key range was split or merged, or never existed.
    #[error("the partition key range {0} is gone")]
    RangeGone(String),
    /// The partition key range is being split, and its children do not serve yet.
    #[error("the partition key range {0} is being split")]
    RangeSplitting(u32),
    /// An `ETag` or a patch condition does not hold.
    #[error("{0}")]
    Precondition(String),
    /// The item or request is larger than the service takes.
    #[error("{0}")]
    TooLarge(String),
    /// Another operation of the same batch failed.
    #[error("another operation of the batch failed")]
    Dependency,
}

impl Refusal {
    /// The HTTP status.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Bad(_) | Self::KeyMismatch | Self::StaleContainer => 400,
            Self::Unauthorized(_) => 401,
            Self::Forbidden(_) | Self::Denied(_) => 403,
            Self::NotFound(_) | Self::OwnerMissing(_) | Self::SessionAhead { .. } => 404,
            Self::Method(_) => 405,
            Self::Slow(_) => 408,
            Self::Conflict(_) => 409,
            Self::RangeGone(_) | Self::RangeSplitting(_) => 410,
            Self::Precondition(_) => 412,
            Self::TooLarge(_) => 413,
            Self::Dependency => 424,
        }
    }

    /// The `x-ms-substatus`; zero where the service sends none.
    pub(crate) const fn substatus(&self) -> u32 {
        match self {
            Self::KeyMismatch => 1001,
            Self::StaleContainer => 1024,
            Self::SessionAhead { .. } | Self::RangeGone(_) => 1002,
            Self::OwnerMissing(_) => 1003,
            Self::RangeSplitting(_) => 1007,
            Self::Denied(_) => 5300,
            Self::Bad(_)
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Method(_)
            | Self::Slow(_)
            | Self::Conflict(_)
            | Self::Precondition(_)
            | Self::TooLarge(_)
            | Self::Dependency => 0,
        }
    }
}

/// The `code` of an error body.
pub(crate) const fn code_of(status: u16) -> &'static str {
    match status {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "RequestTimeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "RequestEntityTooLarge",
        424 => "FailedDependency",
        429 => "429",
        449 => "RetryWith",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    }
}
