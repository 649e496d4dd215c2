//! What the store could not do, as the client and the log hear it.
//!
//! | fault | status | `Retry-After` | the client hears |
//! |---|---|---|---|
//! | throttled | 503 | as the store asked, at least 1 s | nothing happened |
//! | unavailable | 503 | 2 s | nothing happened |
//! | unanswered, on a write | 503 | 1 s | it may have happened: which order, and what to repeat |
//! | unanswered, on a read | 503 | 1 s | nothing happened |
//! | conflict | 409 | | nothing happened; decide again |
//! | rejected | 422 | | nothing happened, nor will it |
//! | misconfigured | 503 | 30 s: someone has to mend it | nothing happened |

use domain::{Chain, Fault, Key};
use http::StatusCode;
use tracing::{error, warn};

/// A fault of the store, and what was at stake.
#[derive(Debug)]
pub(crate) struct Store {
    fault: Fault,
    writing: Option<Key>,
}

impl Store {
    /// A fault while nothing was being written.
    pub(crate) const fn reading(fault: Fault) -> super::Problem {
        super::Problem::Store(Self { fault, writing: None })
    }

    /// A fault while this order was being written.
    pub(crate) fn writing(id: &Key, fault: Fault) -> super::Problem {
        super::Problem::Store(Self { fault, writing: Some(id.clone()) })
    }

    /// The order that may have been written all the same.
    ///
    /// INVARIANT(no-answer-is-not-no): silence on a write is told as what it is, never as failure.
    pub(super) fn perhaps_written(&self) -> Option<&str> {
        let writing = self.writing.as_ref()?;
        self.fault.may_have_happened().then(|| writing.as_str())
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self.fault {
            Fault::Throttled { .. }
            | Fault::Unavailable(_)
            | Fault::Unanswered(_)
            | Fault::Misconfigured { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Fault::Conflict => StatusCode::CONFLICT,
            Fault::Rejected { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(super) const fn kind_and_title(&self) -> (&'static str, &'static str) {
        match self.fault {
            Fault::Throttled { .. } => ("store-busy", "The store of the orders is busy"),
            Fault::Unavailable(_) | Fault::Misconfigured { .. } => {
                ("store-away", "The store of the orders cannot be used now")
            }
            Fault::Unanswered(_) => ("no-answer", "The store of the orders did not answer"),
            Fault::Conflict => ("order-changing", "The order is being changed by others"),
            Fault::Rejected { .. } => ("store-refuses", "The store does not take this"),
        }
    }

    pub(super) fn detail(&self) -> String {
        if let Some(id) = self.perhaps_written() {
            return format!(
                "Order {id} may have been written all the same. Read it, or send the same with \
                 orderId {id} again: whatever was done is not done twice"
            );
        }
        match self.fault {
            Fault::Rejected { .. } => "Nothing was done; the same request will fail again",
            Fault::Throttled { .. }
            | Fault::Unavailable(_)
            | Fault::Unanswered(_)
            | Fault::Conflict
            | Fault::Misconfigured { .. } => "Nothing was done; send the request again later",
        }
        .into()
    }

    pub(super) fn retry_after(&self) -> Option<u64> {
        match self.fault {
            Fault::Throttled { after } => {
                let asked = after.map_or(0, |after| after.as_millis().div_ceil(1000));
                Some(u64::try_from(asked).unwrap_or(u64::MAX).max(1))
            }
            Fault::Unavailable(_) => Some(2),
            Fault::Unanswered(_) => Some(1),
            Fault::Misconfigured { .. } => Some(30),
            Fault::Conflict | Fault::Rejected { .. } => None,
        }
    }

    pub(super) fn log(&self, kind: &str) {
        let order_id = self.writing.as_ref().map(Key::as_str);
        let status = self.status().as_u16();
        match self.fault {
            Fault::Misconfigured { .. } | Fault::Rejected { .. } => {
                error!(status, kind, order_id, "store: {}", Chain(&self.fault));
            }
            Fault::Throttled { .. }
            | Fault::Unavailable(_)
            | Fault::Unanswered(_)
            | Fault::Conflict => warn!(status, kind, order_id, "store: {}", Chain(&self.fault)),
        }
    }
}
