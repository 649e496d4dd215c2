//! The lease container: reads and conditional writes of lease documents.

use super::{
    client::{Answer, Call, CosmosClient, Trouble},
    lease::Lease,
};
use crate::functions::load::CosmosTrigger;
use http::{Method, StatusCode};
use serde_json::json;
use std::sync::Arc;

/// One lease container.
#[derive(Debug, Clone)]
pub(super) struct LeaseStore {
    client: CosmosClient,
    trigger: Arc<CosmosTrigger>,
}

/// What became of a conditional write.
#[derive(Debug)]
pub(super) enum Written {
    /// Done; the lease with its new etag.
    Yes(Box<Lease>),
    /// Someone else wrote, or deleted it, meanwhile.
    Conflict,
}

impl LeaseStore {
    /// The lease container that the trigger names.
    pub(super) fn new(client: CosmosClient, trigger: Arc<CosmosTrigger>) -> Self {
        Self { client, trigger }
    }

    /// The lease with this id, if there is one.
    pub(super) async fn read(&self, id: &str) -> Result<Option<Lease>, Trouble> {
        let answer = self.item(Method::GET, id, None, String::new()).await?;
        match (answer.status, answer.header("x-ms-substatus")) {
            (StatusCode::OK, _) => answer.json("a lease").map(Some),
            // 1003: it is the container that is missing.
            (StatusCode::NOT_FOUND, substatus) if substatus != Some("1003") => Ok(None),
            _ => Err(answer.refused(self.what("reading"))),
        }
    }

    /// Creates the lease, unless it is there.
    pub(super) async fn create(&self, lease: &Lease) -> Result<(), Trouble> {
        let body = serde_json::to_string(lease);
        self.create_document(&lease.id, body).await
    }

    /// Writes the marker that says that all leases are created.
    pub(super) async fn mark_initialized(&self, prefix: &str) -> Result<(), Trouble> {
        let id = format!("{prefix}.info");
        self.create_document(&id, serde_json::to_string(&json!({ "id": id }))).await
    }

    /// Creates a document whose partition key is its id; one that is there already is as good.
    async fn create_document(
        &self,
        id: &str,
        body: serde_json::Result<String>,
    ) -> Result<(), Trouble> {
        let what = || self.what("creating a document in");
        let body = body.map_err(|source| Trouble::Unreadable { what: what(), source })?;
        let key = partition_key(id);
        let call = Call {
            method: Method::POST,
            kind: "docs",
            path: &[
                "dbs",
                &self.trigger.leases.database,
                "colls",
                &self.trigger.leases.container,
                "docs",
            ],
            signed: 4,
            headers: &[
                ("content-type", "application/json"),
                ("x-ms-documentdb-partitionkey", &key),
            ],
            body,
        };
        let answer = self.client.send(call).await?;
        match answer.status {
            StatusCode::CREATED | StatusCode::CONFLICT => Ok(()),
            _ => Err(answer.refused(what())),
        }
    }

    /// Replaces the lease, if it is still as it was read.
    pub(super) async fn replace(&self, lease: &Lease) -> Result<Written, Trouble> {
        let what = || self.what("replacing a lease in");
        let body = serde_json::to_string(lease)
            .map_err(|source| Trouble::Unreadable { what: what(), source })?;
        let answer = self.item(Method::PUT, &lease.id, lease.etag.as_deref(), body).await?;
        match answer.status {
            StatusCode::OK => answer.json(&what()).map(|lease| Written::Yes(Box::new(lease))),
            StatusCode::PRECONDITION_FAILED | StatusCode::NOT_FOUND => Ok(Written::Conflict),
            _ => Err(answer.refused(what())),
        }
    }

    /// Deletes the lease, if it is there.
    pub(super) async fn delete(&self, id: &str) -> Result<(), Trouble> {
        let answer = self.item(Method::DELETE, id, None, String::new()).await?;
        match answer.status {
            StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Ok(()),
            _ => Err(answer.refused(self.what("deleting a lease from"))),
        }
    }

    /// Creates the container, unless it is there.
    pub(super) async fn create_container(&self, throughput: Option<u32>) -> Result<(), Trouble> {
        let throughput = throughput.map(|throughput| throughput.to_string());
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(throughput.as_deref().map(|units| ("x-ms-offer-throughput", units)));
        let definition = json!({
            "id": self.trigger.leases.container,
            "partitionKey": { "paths": ["/id"], "kind": "Hash", "version": 2 },
        });
        let call = Call {
            method: Method::POST,
            kind: "colls",
            path: &["dbs", &self.trigger.leases.database, "colls"],
            signed: 2,
            headers: &headers,
            body: definition.to_string(),
        };
        let answer = self.client.send(call).await?;
        match answer.status {
            StatusCode::CREATED | StatusCode::CONFLICT => Ok(()),
            _ => Err(answer.refused(self.what("creating"))),
        }
    }

    /// One request for one document.
    async fn item(
        &self,
        method: Method,
        id: &str,
        etag: Option<&str>,
        body: String,
    ) -> Result<Answer, Trouble> {
        let key = partition_key(id);
        let mut headers =
            vec![("content-type", "application/json"), ("x-ms-documentdb-partitionkey", &*key)];
        headers.extend(etag.map(|etag| ("if-match", etag)));
        let path = [
            "dbs",
            &self.trigger.leases.database,
            "colls",
            &self.trigger.leases.container,
            "docs",
            id,
        ];
        let headers = &headers;
        let call = Call { method, kind: "docs", path: &path, signed: 6, headers, body };
        self.client.send(call).await
    }

    /// What is being done, for a refusal.
    fn what(&self, doing: &str) -> String {
        format!("{doing} {}/{}", self.trigger.leases.database, self.trigger.leases.container)
    }
}

/// The lease container is partitioned by `/id`.
fn partition_key(id: &str) -> String {
    json!([id]).to_string()
}
