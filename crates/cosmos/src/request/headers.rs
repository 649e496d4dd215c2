//! Names and values of the headers that Cosmos DB reads.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Paging;

/// Whether a write's answer brings the document as it now is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    Document,
    Nothing,
}

pub(super) const A_IM: HeaderName = HeaderName::from_static("a-im");
pub(super) const IS_QUERY: HeaderName = HeaderName::from_static("x-ms-documentdb-isquery");
pub(super) const MAX_ITEM_COUNT: HeaderName = HeaderName::from_static("x-ms-max-item-count");
pub(super) const CONTINUATION: HeaderName = HeaderName::from_static("x-ms-continuation");
pub(super) const PARTITION_KEY: HeaderName =
    HeaderName::from_static("x-ms-documentdb-partitionkey");
pub(super) const RANGE_ID: HeaderName =
    HeaderName::from_static("x-ms-documentdb-partitionkeyrangeid");
pub(super) const INTENDED_RID: HeaderName =
    HeaderName::from_static("x-ms-cosmos-intended-collection-rid");
pub(super) const START_EPK: HeaderName = HeaderName::from_static("x-ms-start-epk");
pub(super) const END_EPK: HeaderName = HeaderName::from_static("x-ms-end-epk");
pub(super) const READ_KEY_TYPE: HeaderName = HeaderName::from_static("x-ms-read-key-type");
const IS_BATCH: HeaderName = HeaderName::from_static("x-ms-cosmos-is-batch-request");
const BATCH_ATOMIC: HeaderName = HeaderName::from_static("x-ms-cosmos-batch-atomic");
const BATCH_ORDERED: HeaderName = HeaderName::from_static("x-ms-cosmos-batch-ordered");
const BATCH_GO_ON: HeaderName = HeaderName::from_static("x-ms-cosmos-batch-continue-on-error");
const PREFER: HeaderName = HeaderName::from_static("prefer");

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const PATCH_JSON: HeaderValue = HeaderValue::from_static("application/json-patch+json");
pub(super) const QUERY_JSON: HeaderValue = HeaderValue::from_static("application/query+json");
const YES: HeaderValue = HeaderValue::from_static("True");
const NO: HeaderValue = HeaderValue::from_static("False");

/// Atomic: all or nothing, in order. Otherwise each operation for itself.
pub(super) fn batch(headers: &mut HeaderMap, atomic: bool) {
    headers.insert(IS_BATCH, YES);
    headers.insert(BATCH_ATOMIC, if atomic { YES } else { NO });
    headers.insert(BATCH_ORDERED, YES);
    headers.insert(BATCH_GO_ON, if atomic { NO } else { YES });
}

pub(super) fn paging(headers: &mut HeaderMap, paging: Paging<'_>) {
    if let Some(max) = paging.max {
        headers.insert(MAX_ITEM_COUNT, max.into());
    }
    if let Some(continuation) = paging.continuation {
        insert(headers, CONTINUATION, continuation);
    }
}

pub(super) fn want(headers: &mut HeaderMap, want: Want) {
    match want {
        Want::Document => headers.remove(PREFER),
        Want::Nothing => headers.insert(PREFER, HeaderValue::from_static("return=minimal")),
    };
}

/// Values here are escaped or came from a header; what is neither is left out, and the
/// service then refuses the request.
pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
