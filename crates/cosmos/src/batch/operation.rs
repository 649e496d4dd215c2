//! Operations as a batch and a bulk write them.

use bytes::Bytes;
use serde::Serialize;

use crate::failure::{Failure, Invalid};
use crate::patch::Patch;
use crate::request::checked_id;

/// One operation. In a bulk each names the partition key it belongs to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation<'a, T: ?Sized> {
    #[serde(rename = "operationType")]
    verb: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_body: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_match: Option<&'a str>,
}

/// The operations written so far, as JSON text.
#[derive(Debug, Default)]
pub(crate) struct Body {
    json: Vec<u8>,
    count: usize,
}

impl<'a, T: Serialize> Operation<'a, T> {
    pub(super) fn create(document: &'a T) -> Self {
        Self { resource_body: Some(document), ..Self::of("Create", None) }
    }

    pub(super) fn upsert(document: &'a T) -> Self {
        Self { resource_body: Some(document), ..Self::of("Upsert", None) }
    }

    pub(super) fn replace(
        id: &'a str,
        if_match: Option<&'a str>,
        document: &'a T,
    ) -> Result<Self, Invalid> {
        let id = Some(checked_id(id)?);
        Ok(Self { resource_body: Some(document), if_match, ..Self::of("Replace", id) })
    }

    pub(super) fn read(id: &'a str) -> Result<Self, Invalid> {
        Ok(Self::of("Read", Some(checked_id(id)?)))
    }

    pub(super) fn delete(id: &'a str, if_match: Option<&'a str>) -> Result<Self, Invalid> {
        Ok(Self { if_match, ..Self::of("Delete", Some(checked_id(id)?)) })
    }

    /// The same operation in a bulk, where the header of the request names no key.
    pub(crate) fn of_key(mut self, partition_key: &'a str) -> Self {
        self.partition_key = Some(partition_key);
        self
    }

    fn of(verb: &'static str, id: Option<&'a str>) -> Self {
        Self { verb, id, partition_key: None, resource_body: None, if_match: None }
    }
}

impl<'a> Operation<'a, Patch> {
    pub(crate) fn patch(id: &'a str, patch: &'a Patch) -> Result<Self, Invalid> {
        let (id, patch) = (Some(checked_id(id)?), Some(patch.checked()?));
        Ok(Self { resource_body: patch, ..Self::of("Patch", id) })
    }
}

impl Body {
    pub(crate) fn push<T: Serialize>(
        &mut self,
        operation: &Operation<'_, T>,
    ) -> Result<(), Failure> {
        self.json.push(if self.count == 0 { b'[' } else { b',' });
        self.count += 1;
        serde_json::to_writer(&mut self.json, operation)
            .map_err(|error| Invalid::NotJson(error.to_string()).into())
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// How many bytes it has so far.
    pub(crate) fn bytes(&self) -> usize {
        self.json.len()
    }

    pub(crate) fn finish(mut self) -> Bytes {
        if self.count == 0 {
            self.json.push(b'[');
        }
        self.json.push(b']');
        self.json.into()
    }
}
