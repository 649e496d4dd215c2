//! Requests as values: everything but the date, the signature and the region, which
//! belong to an attempt.

mod address;
mod headers;

pub(crate) use address::{Address, checked_id};
pub use address::{ContainerName, NameError};
pub(crate) use headers::Want;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::account::{Access, PartitionKey};
use crate::failure::{Failure, Invalid};
use crate::meter::Kind;
use crate::verdict::{Repeat, Route};
use headers as h;

/// One request, as often as it may be sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) method: Method,
    /// Percent-encoded, from the root.
    pub(crate) path: String,
    /// What is signed: the resource type and the names, decoded.
    pub(crate) resource: &'static str,
    pub(crate) link: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) access: Access,
    pub(crate) repeat: Repeat,
    pub(crate) scope: Scope,
}

/// Which partition a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// None: the account, a container, its ranges.
    None,
    /// The partition of a key.
    Key(PartitionKey),
    /// A range by its name.
    Range(String),
}

/// A range as a request names it: with the container it belongs to, so that a container
/// made anew under the same name is noticed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InRange<'a> {
    pub(crate) range: &'a str,
    pub(crate) container_rid: Option<&'a str>,
}

/// How much of a list to hand out, and from where on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paging<'a> {
    /// At most this many; the service may hand out fewer.
    pub(crate) max: Option<u32>,
    /// Where the page before ended.
    pub(crate) continuation: Option<&'a str>,
}

impl Request {
    pub(crate) fn account() -> Self {
        Self::reading(Kind::Account, "/".to_owned(), "", String::new())
    }

    pub(crate) fn container(at: &Address) -> Self {
        Self::reading(Kind::Container, at.path().to_owned(), "colls", at.link().to_owned())
    }

    /// The ranges, or (304) that there are no others than the last answer's.
    pub(crate) fn ranges(at: &Address, known: Option<&HeaderValue>) -> Self {
        let path = format!("{}/pkranges", at.path());
        let mut request = Self::reading(Kind::Ranges, path, "pkranges", at.link().to_owned());
        request.headers.insert(h::A_IM, HeaderValue::from_static("Incremental Feed"));
        if let Some(etag) = known {
            request.headers.insert(header::IF_NONE_MATCH, etag.clone());
        }
        request
    }

    pub(crate) fn read(at: &Address, key: &PartitionKey, id: &str) -> Result<Self, Failure> {
        Self::item(Kind::Read, Method::GET, (at, id), key)
    }

    pub(crate) fn create(at: &Address, key: &PartitionKey, body: Bytes) -> Result<Self, Failure> {
        let request = Self::posting(Kind::Create, at, checked_size(body)?);
        Ok(request.for_key(key))
    }

    pub(crate) fn replace(
        (at, id): (&Address, &str),
        key: &PartitionKey,
        body: Bytes,
    ) -> Result<Self, Failure> {
        let mut request = Self::item(Kind::Replace, Method::PUT, (at, id), key)?;
        request.body = checked_size(body)?;
        Ok(request)
    }

    pub(crate) fn patch(
        (at, id): (&Address, &str),
        key: &PartitionKey,
        body: Bytes,
    ) -> Result<Self, Failure> {
        let mut request = Self::item(Kind::Patch, Method::PATCH, (at, id), key)?;
        request.headers.insert(header::CONTENT_TYPE, h::PATCH_JSON);
        request.body = checked_size(body)?;
        Ok(request)
    }

    pub(crate) fn delete(at: &Address, key: &PartitionKey, id: &str) -> Result<Self, Failure> {
        Self::item(Kind::Delete, Method::DELETE, (at, id), key)
    }

    /// A transactional batch: all of it or nothing. Guarded by its ids and conditions.
    pub(crate) fn batch(at: &Address, key: &PartitionKey, body: Bytes) -> Result<Self, Failure> {
        let mut request = Self::posting(Kind::Batch, at, checked_size(body)?);
        h::batch(&mut request.headers, true);
        Ok(request.for_key(key))
    }

    /// Independent operations on documents of one range.
    pub(crate) fn bulk(at: &Address, of: InRange<'_>, body: Bytes) -> Result<Self, Failure> {
        let mut request = Self::posting(Kind::Bulk, at, checked_size(body)?);
        h::batch(&mut request.headers, false);
        Ok(request.for_range(of))
    }

    /// A page of a query; the scope comes with `for_key` or `for_range`.
    pub(crate) fn query(at: &Address, body: Bytes, paging: Paging<'_>) -> Self {
        let mut request = Self::posting(Kind::Query, at, body);
        request.access = Access::Read;
        request.headers.insert(header::CONTENT_TYPE, h::QUERY_JSON);
        request.headers.insert(h::IS_QUERY, HeaderValue::from_static("True"));
        h::paging(&mut request.headers, paging);
        request
    }

    /// A page of the change feed of one range.
    pub(crate) fn feed(at: &Address, of: InRange<'_>, paging: Paging<'_>) -> Self {
        let path = format!("{}/docs", at.path());
        let request = Self::reading(Kind::Feed, path, "docs", at.link().to_owned());
        let mut request = request.for_range(of);
        request.headers.insert(h::A_IM, HeaderValue::from_static("Incremental Feed"));
        if let Some(max) = paging.max {
            request.headers.insert(h::MAX_ITEM_COUNT, max.into());
        }
        if let Some(after) = paging.continuation {
            h::insert(&mut request.headers, header::IF_NONE_MATCH, after);
        }
        request
    }

    /// Only if the document still is of this version. That also makes repeats harmless.
    pub(crate) fn if_match(mut self, etag: &str) -> Self {
        h::insert(&mut self.headers, header::IF_MATCH, etag);
        self.repeat = Repeat::Harmless;
        self
    }

    /// The write carries a condition of its own that lets it happen once.
    pub(crate) fn guarded(mut self) -> Self {
        self.repeat = Repeat::Harmless;
        self
    }

    /// Nothing in the write keeps a repeat from doing it twice.
    pub(crate) fn doubling(mut self) -> Self {
        self.repeat = Repeat::Doubles;
        self
    }

    /// Whether the answer brings the document as it now is.
    pub(crate) fn wanting(mut self, want: Want) -> Self {
        h::want(&mut self.headers, want);
        self
    }

    pub(crate) fn for_key(mut self, key: &PartitionKey) -> Self {
        h::insert(&mut self.headers, h::PARTITION_KEY, &key.header());
        self.scope = Scope::Key(key.clone());
        self
    }

    pub(crate) fn for_range(mut self, of: InRange<'_>) -> Self {
        h::insert(&mut self.headers, h::RANGE_ID, of.range);
        if let Some(rid) = of.container_rid {
            h::insert(&mut self.headers, h::INTENDED_RID, rid);
        }
        self.scope = Scope::Range(of.range.to_owned());
        self
    }

    /// Only of the positions from `min` up to `max` of its range.
    pub(crate) fn within(mut self, min: &str, max: &str) -> Self {
        h::insert(&mut self.headers, h::START_EPK, min);
        h::insert(&mut self.headers, h::END_EPK, max);
        self.headers
            .insert(h::READ_KEY_TYPE, HeaderValue::from_static("EffectivePartitionKeyRange"));
        self
    }

    pub(crate) fn route(&self) -> Route {
        match self.scope {
            Scope::None | Scope::Key(_) => Route::Key,
            Scope::Range(_) => Route::Range,
        }
    }

    fn item(
        kind: Kind,
        method: Method,
        (at, id): (&Address, &str),
        key: &PartitionKey,
    ) -> Result<Self, Failure> {
        let (path, link) = at.document(checked_id(id)?);
        let mut request = Self::reading(kind, path, "docs", link).for_key(key);
        if method != Method::GET {
            request.access = Access::Write;
            request.headers.insert(header::CONTENT_TYPE, h::JSON);
        }
        if method == Method::PUT || method == Method::PATCH {
            request.repeat = Repeat::Doubles;
        }
        request.method = method;
        Ok(request)
    }

    fn reading(kind: Kind, path: String, resource: &'static str, link: String) -> Self {
        Self {
            kind,
            method: Method::GET,
            path,
            resource,
            link,
            headers: HeaderMap::with_capacity(16),
            body: Bytes::new(),
            access: Access::Read,
            repeat: Repeat::Harmless,
            scope: Scope::None,
        }
    }

    fn posting(kind: Kind, at: &Address, body: Bytes) -> Self {
        let path = format!("{}/docs", at.path());
        let mut request = Self::reading(kind, path, "docs", at.link().to_owned());
        request.method = Method::POST;
        request.access = Access::Write;
        request.headers.insert(header::CONTENT_TYPE, h::JSON);
        request.body = body;
        request
    }
}

/// The service takes 2 MB; finding out here costs no round trip and no request units.
fn checked_size(body: Bytes) -> Result<Bytes, Failure> {
    if BODY_BYTES_MAX < body.len() {
        return Err(Invalid::TooLarge(body.len()).into());
    }
    Ok(body)
}

/// The limit of the service for a document and for a batch.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

#[cfg(test)]
mod tests;
