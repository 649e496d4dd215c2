//! Documents one by one.

use bytes::Bytes;
use serde::Serialize;

use super::Container;
use crate::account::PartitionKey;
use crate::failure::{Failure, Invalid, Why};
use crate::outcome::Reply;
use crate::patch::Patch;
use crate::request::{Request, Want};

/// A document as it was read: its text, and the version that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The JSON text.
    pub body: Bytes,
    /// Its version, for the next write.
    pub etag: String,
}

impl Container {
    /// Reads a document; none where there is none.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn read(&self, key: &PartitionKey, id: &str) -> Result<Option<Item>, Failure> {
        match self.send(&Request::read(&self.at, key, id)?).await {
            Ok(reply) => Ok(Some(Item { etag: etag_of(&reply), body: reply.body })),
            Err(Failure { why: Why::Missing, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Creates a document and returns its version; [`Why::Exists`] if its id is taken.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn create(
        &self,
        key: &PartitionKey,
        document: &impl Serialize,
    ) -> Result<String, Failure> {
        let request = Request::create(&self.at, key, json(document)?)?;
        self.write(request).await
    }

    /// Replaces a document if it still is of this version, and returns the new one.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn replace(
        &self,
        (key, id): (&PartitionKey, &str),
        if_match: &str,
        document: &impl Serialize,
    ) -> Result<String, Failure> {
        let request = Request::replace((&self.at, id), key, json(document)?)?;
        self.write(request.if_match(if_match)).await
    }

    /// Patches a document; [`Why::Changed`] where the patch's condition does not hold.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn patch(
        &self,
        (key, id): (&PartitionKey, &str),
        if_match: Option<&str>,
        patch: &Patch,
    ) -> Result<String, Failure> {
        let body = json(patch.checked()?)?;
        let mut request = Request::patch((&self.at, id), key, body)?;
        if patch.is_conditional() {
            request = request.guarded();
        }
        if let Some(etag) = if_match {
            request = request.if_match(etag);
        }
        self.write(request).await
    }

    /// Deletes a document, if it still is of this version where one is given.
    ///
    /// # Errors
    ///
    /// Sorted by what to do: [`Why`].
    pub async fn delete(
        &self,
        (key, id): (&PartitionKey, &str),
        if_match: Option<&str>,
    ) -> Result<(), Failure> {
        let mut request = Request::delete(&self.at, key, id)?;
        if let Some(etag) = if_match {
            request = request.if_match(etag);
        }
        self.send(&request).await.map(drop)
    }

    async fn write(&self, request: Request) -> Result<String, Failure> {
        let reply = self.send(&request.wanting(Want::Nothing)).await?;
        Ok(etag_of(&reply))
    }
}

fn etag_of(reply: &Reply) -> String {
    reply.etag().unwrap_or_default().to_owned()
}

fn json(document: &impl Serialize) -> Result<Bytes, Failure> {
    let json = serde_json::to_vec(document).map_err(|error| Invalid::NotJson(error.to_string()))?;
    Ok(json.into())
}
