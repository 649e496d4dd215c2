//! Every way to say no, and what the client and the log hear of it.
//!
//! The client hears RFC 9457: what is wrong and what to do, nothing of how this service is built.
//! The log hears the cause. Both are exhaustive matches: a new problem must be decided here.

mod invalid;
mod store;

pub(crate) use invalid::Invalid;
pub(crate) use store::Store;

use crate::body::BYTES_MAX;
use crate::routes::Answer;
use domain::order::Refusal;
use domain::{Key, Sequence};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The body is not what JSON looks like.
    Malformed {
        /// What the reader said.
        detail: String,
    },
    /// A condition (`If-Match`, `If-None-Match`) cannot be read.
    BadCondition {
        /// The header.
        name: &'static str,
    },
    /// No order has this id.
    NoOrder,
    /// Nothing is answered at this path.
    NoRoute,
    /// The path is right and the method is not.
    WrongMethod {
        /// The methods it has.
        allow: &'static str,
    },
    /// The body did not arrive in time.
    SlowBody,
    /// The id is taken by an order that was placed with other content.
    PlacedOtherwise {
        /// The id.
        id: Key,
    },
    /// The order's state forbids it.
    Refused(Refusal),
    /// Others changed the order each time between reading and writing it.
    Overtaken,
    /// The order is not at the version that the client named.
    Stale {
        /// The version it is at.
        version: Sequence,
    },
    /// The client named a version, and others are changing the order.
    Unstable,
    /// The body is above [`BYTES_MAX`].
    TooLarge,
    /// The body is not said to be JSON.
    UnsupportedType,
    /// Values are missing, unknown or out of bounds.
    Invalid(Vec<Invalid>),
    /// The store could not do it.
    Store(Store),
}

/// A problem as the client reads it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// Names the kind of problem, for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:problem-type:orders:invalid-fields")]
    kind: String,
    /// The same for people.
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// What is wrong in this case, and what to do.
    detail: String,
    /// One entry for each wrong field, parameter or header.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Invalid],
    /// The order that may have been written although no answer came.
    #[serde(rename = "orderId", skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
}

/// Turns what a use case came to into a response, and tells the log of a problem.
pub(crate) fn respond(answer: Answer) -> Response {
    answer.unwrap_or_else(|problem| {
        problem.log();
        problem.response()
    })
}

impl Problem {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed { .. } | Self::BadCondition { .. } => StatusCode::BAD_REQUEST,
            Self::NoOrder | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::PlacedOtherwise { .. } | Self::Refused(_) | Self::Overtaken => {
                StatusCode::CONFLICT
            }
            Self::Stale { .. } | Self::Unstable => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(store) => store.status(),
        }
    }

    const fn kind_and_title(&self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed { .. } => ("malformed-body", "The body cannot be read"),
            Self::BadCondition { .. } => ("malformed-condition", "A condition cannot be read"),
            Self::NoOrder => ("no-such-order", "There is no such order"),
            Self::NoRoute => ("no-such-path", "There is nothing at this path"),
            Self::WrongMethod { .. } => ("wrong-method", "The path has no such method"),
            Self::SlowBody => ("slow-body", "The body did not arrive in time"),
            Self::PlacedOtherwise { .. } => ("order-id-taken", "The order id is taken"),
            Self::Refused(Refusal::Cancelled) => ("order-cancelled", "The order is cancelled"),
            Self::Refused(Refusal::Shipped) => ("order-shipped", "The order is shipped"),
            Self::Overtaken => ("order-changing", "The order is being changed by others"),
            Self::Stale { .. } | Self::Unstable => {
                ("stale-version", "The order has another version")
            }
            Self::TooLarge => ("body-too-large", "The body is too large"),
            Self::UnsupportedType => ("unsupported-content-type", "The body must be JSON"),
            Self::Invalid(_) => ("invalid-fields", "Some values are not valid"),
            Self::Store(store) => store.kind_and_title(),
        }
    }

    fn detail(&self) -> String {
        let fixed = match self {
            Self::Malformed { detail } => return format!("The body is not valid JSON: {detail}"),
            Self::BadCondition { name } => {
                return format!("{name} must be * or a list of entity tags such as \"3\"");
            }
            Self::WrongMethod { allow } => return format!("The methods of this path are {allow}"),
            Self::PlacedOtherwise { id } => {
                return format!(
                    "Order {id} was placed with another account number or quantity; choose \
                     another orderId, or another Idempotency-Key"
                );
            }
            Self::Stale { version } => {
                return format!(
                    "The order is at version {version}; read it, and decide again with its ETag"
                );
            }
            Self::TooLarge => return format!("A body has at most {BYTES_MAX} bytes"),
            Self::Store(store) => return store.detail(),
            Self::NoOrder => "No order has this id; an order can be read once it is placed",
            Self::NoRoute => "The paths and methods are listed in /api/openapi.json",
            Self::SlowBody => "Send the request again; nothing was done",
            Self::Refused(Refusal::Cancelled) => "A cancelled order can only be read",
            Self::Refused(Refusal::Shipped) => "A shipped order can only be read",
            Self::Unstable => "Others are changing the order; read it, and decide again",
            Self::Overtaken => "Nothing was changed; send the request again",
            Self::UnsupportedType => {
                "Send Content-Type: application/json, in UTF-8 and without Content-Encoding"
            }
            Self::Invalid(_) => "See errors: one entry for each; nothing was done",
        };
        fixed.into()
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Self::WrongMethod { allow } = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Self::Store(store) = self
            && let Some(seconds) = store.retry_after()
        {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        headers
    }

    fn response(&self) -> Response {
        let (kind, title) = self.kind_and_title();
        let status = self.status();
        let errors = if let Self::Invalid(errors) = self { errors.as_slice() } else { &[] };
        let order_id = if let Self::Store(store) = self { store.perhaps_written() } else { None };
        let document = Document {
            kind: format!("urn:problem-type:orders:{kind}"),
            title,
            status: status.as_u16(),
            detail: self.detail(),
            errors,
            order_id,
        };
        let mut response = Response::new(serde_json::to_vec(&document).unwrap_or_default().into());
        *response.status_mut() = status;
        *response.headers_mut() = self.headers();
        response
    }

    fn log(&self) {
        let (kind, _) = self.kind_and_title();
        if let Self::Store(store) = self {
            return store.log(kind);
        }
        tracing::info!(status = self.status().as_u16(), kind, "refused");
    }
}
