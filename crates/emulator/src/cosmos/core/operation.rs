//! What can be done to one item, and what came of it.

use super::charge;
use super::document::Document;
use super::patch::Patch;
use super::refusal::Refusal;
use bytes::Bytes;

/// One operation on one item.
#[derive(Debug)]
pub(crate) enum Operation<'a> {
    /// Puts a new item.
    Create(Document<'a>, Conditions),
    /// Puts an item, whether there is one or not.
    Upsert(Document<'a>, Conditions),
    /// Puts an item in place of the one with this id.
    Replace(String, Document<'a>, Conditions),
    /// Changes parts of the item with this id.
    Patch(String, Box<Patch>, Conditions),
    /// Removes the item with this id.
    Delete(String, Conditions),
    /// Reads the item with this id.
    Read(String, Conditions),
}

/// The preconditions of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// The item must have this `ETag`, or exist if it is `*`.
    pub(crate) if_match: Option<String>,
    /// The item must not have this `ETag`, or not exist if it is `*`.
    pub(crate) if_none_match: Option<String>,
}

/// An operation that was done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Done {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The item's `ETag` after it; none after a delete.
    pub(crate) etag: Option<String>,
    /// The item after it; none after a delete.
    pub(crate) body: Option<Bytes>,
    /// The transaction that last wrote the item.
    pub(crate) item_lsn: u64,
    /// What it cost, in request units.
    pub(crate) charge: f64,
}

/// An operation that was not done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused {
    /// Why.
    pub(crate) refusal: Refusal,
    /// What it cost all the same, in request units.
    pub(crate) charge: f64,
}

/// What came of an operation.
pub(crate) type Outcome = Result<Done, Refused>;

impl Conditions {
    /// Whether `If-Match` lets an item with this `ETag` be touched.
    pub(crate) fn check_match(&self, etag: &str) -> Result<(), Refusal> {
        match &self.if_match {
            Some(wanted) if !names(wanted, etag) => Err(Refusal::Precondition(format!(
                "the item's ETag is {etag}, and If-Match says {wanted}"
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether `If-None-Match` names this `ETag`.
    pub(crate) fn is_known(&self, etag: &str) -> bool {
        self.if_none_match.as_ref().is_some_and(|known| names(known, etag))
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let charge = match refusal {
            Refusal::Dependency => 0.0,
            Refusal::Bad(_)
            | Refusal::KeyMismatch
            | Refusal::StaleContainer
            | Refusal::Unauthorized(_)
            | Refusal::Forbidden(_)
            | Refusal::Denied(_)
            | Refusal::NotFound(_)
            | Refusal::OwnerMissing(_)
            | Refusal::SessionAhead { .. }
            | Refusal::Method(_)
            | Refusal::Slow(_)
            | Refusal::Conflict(_)
            | Refusal::RangeGone(_)
            | Refusal::RangeSplitting(_)
            | Refusal::Precondition(_)
            | Refusal::TooLarge(_) => charge::FLAT,
        };
        Self { refusal, charge }
    }
}

/// Whether a header names an `ETag`; quotes around it may be missing.
fn names(header: &str, etag: &str) -> bool {
    header == "*" || header == etag || header.trim_matches('"') == etag.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_names_every_etag_and_quotes_do_not_matter() {
        let conditions = |text: &str| Conditions {
            if_match: Some(text.to_owned()),
            if_none_match: Some(text.to_owned()),
        };
        for named in ["*", "\"a\"", "a"] {
            assert!(conditions(named).check_match("\"a\"").is_ok(), "{named}");
            assert!(conditions(named).is_known("\"a\""), "{named}");
        }
        assert_eq!(conditions("\"b\"").check_match("\"a\"").unwrap_err().status(), 412);
        assert!(!conditions("\"b\"").is_known("\"a\""));
    }
}
