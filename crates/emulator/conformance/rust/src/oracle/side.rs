//! One of the two that are asked, through our own client.

use super::history::{Named, Operation, Step};
use crate::world::{KEY, fresh};
use anyhow::{Context, Result, ensure};
use azure_data_cosmos::models::{UniqueKey, UniqueKeyPolicy};
use azure_data_cosmos::{CosmosClient, models::ContainerProperties};
use cosmos::{
    Batch, Client, Container, Credential, Failure, Outcome, PartitionKey, Patience, Start,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// A container, and what its client knows of the versions in it.
pub struct Side {
    container: Container,
    sdk: CosmosClient,
    database: String,
    known: BTreeMap<(String, String), String>,
    /// Every version that was ever told: none may come twice.
    versions: BTreeSet<String>,
    /// How far the feed of each range was read.
    read_to: BTreeMap<String, Start>,
}

/// What is new in a feed, by partition key: the turn that wrote it, and what it is.
pub type Changes = BTreeMap<String, Vec<(u64, String)>>;

/// What the client is patient for: neither side throttles.
const PATIENCE: Patience = Patience { attempts_max: 3, total_max: Duration::from_secs(10) };
/// A version that no item has.
const STALE: &str = "\"00000000-0000-0000-0000-000000000000\"";
/// The service fills these in.
const SYSTEM: [&str; 6] = ["_rid", "_self", "_etag", "_attachments", "_ts", "_lsn"];

impl Side {
    /// A new container there.
    pub async fn new(endpoint: &str) -> Result<Self> {
        let sdk = crate::world::client(endpoint, KEY, false).await?;
        let (database, id) = (fresh("oracle"), fresh("c"));
        sdk.create_database(&database, None).await?;
        let unique =
            UniqueKeyPolicy::default().with_unique_key(UniqueKey::default().with_path("/mail"));
        let properties = ContainerProperties::new(id.clone(), "/pk".into());
        let properties = properties.with_unique_key_policy(unique);
        sdk.database_client(database.clone()).create_container(properties, None).await?;
        let credential = Credential::Key(KEY.parse()?);
        let client = Arc::new(Client::new(endpoint.parse()?, credential, PATIENCE)?);
        let container = Container::new(client, &database.parse()?, &id.parse()?);
        let (known, versions) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { container, sdk, database, known, versions, read_to: BTreeMap::new() })
    }

    /// Removes what was made.
    pub async fn close(&self) -> Result<()> {
        self.sdk.database_client(self.database.clone()).delete(None).await?;
        Ok(())
    }

    /// Does an operation; answers what came of it, without what differs by nature.
    pub async fn perform(&mut self, operation: &Operation) -> Result<String> {
        match operation {
            Operation::Point(key, step) => self.point(key, step).await,
            Operation::Batch(key, steps) => self.batch(key, steps).await,
        }
    }

    /// What is new in the feed: turns and documents of each key, in its order; within a turn, which
    /// is one transaction, in the order of their ids.
    pub async fn feed(&mut self) -> Result<Changes> {
        let mut seen = Changes::new();
        for range in self.container.ranges().await? {
            let mut start = self.read_to.remove(&range.id).unwrap_or(Start::Beginning);
            loop {
                let page = self.container.feed(&range.id, &start, 1_000).await?;
                start = Start::After(page.continuation);
                if page.documents.is_empty() {
                    break;
                }
                for document in page.documents {
                    let document: Value = serde_json::from_str(document.get())?;
                    let document = document.get("current").unwrap_or(&document);
                    let key = seen.entry(document["pk"].to_string()).or_default();
                    let turn = document["turn"].as_u64().context("a document has no turn")?;
                    key.push((turn, format!("{} {}", document["id"], document["n"])));
                }
            }
            self.read_to.insert(range.id, start);
        }
        for changes in seen.values_mut() {
            changes.chunk_by_mut(|one, next| one.0 == next.0).for_each(<[_]>::sort);
        }
        Ok(seen)
    }

    async fn point(&mut self, key: &str, step: &Step) -> Result<String> {
        let pk = PartitionKey::new(key);
        match step {
            Step::Create(document) => {
                let made = self.container.create(&pk, document).await;
                self.wrote(key, &id_of(document), made)
            }
            Step::Replace(document, named) => {
                let id = id_of(document);
                let version = self.version(key, &id, *named).unwrap_or_else(|| STALE.to_owned());
                let made = self.container.replace((&pk, &id), &version, document).await;
                self.wrote(key, &id, made)
            }
            Step::Read(id) => match self.container.read(&pk, id).await {
                Ok(Some(item)) => {
                    let body: Value = serde_json::from_slice(&item.body)?;
                    ensure!(body["_etag"].as_str() == Some(&item.etag), "the etags are not one");
                    let known = self.known.get(&(key.to_owned(), id.clone()));
                    ensure!(known == Some(&item.etag), "{:?} is not {known:?}", item.etag);
                    without_system(body)
                }
                Ok(None) => Ok("none".to_owned()),
                Err(failure) => Ok(told(&failure)),
            },
            Step::Delete(id, named) => {
                let version = self.version(key, id, *named);
                match self.container.delete((&pk, id), version.as_deref()).await {
                    Ok(()) => {
                        self.known.remove(&(key.to_owned(), id.clone()));
                        Ok("deleted".to_owned())
                    }
                    Err(failure) => Ok(told(&failure)),
                }
            }
            Step::Upsert(_) => self.batch(key, std::slice::from_ref(step)).await,
        }
    }

    fn wrote(&mut self, key: &str, id: &str, made: Result<String, Failure>) -> Result<String> {
        match made {
            Ok(etag) => {
                self.learn(key, id, &etag)?;
                Ok("written".to_owned())
            }
            Err(failure) => Ok(told(&failure)),
        }
    }

    async fn batch(&mut self, key: &str, steps: &[Step]) -> Result<String> {
        let mut batch = Batch::new(PartitionKey::new(key));
        for step in steps {
            match step {
                Step::Create(document) => batch.create(document)?,
                Step::Upsert(document) => batch.upsert(document)?,
                Step::Replace(document, named) => {
                    let id = id_of(document);
                    let version = self.version(key, &id, *named);
                    batch.replace(&id, version.as_deref(), document)?;
                }
                Step::Read(id) => batch.read(id)?,
                Step::Delete(id, named) => {
                    let version = self.version(key, id, *named);
                    batch.delete(id, version.as_deref())?;
                }
            }
        }
        let done = match self.container.execute(batch).await {
            Ok(Outcome::Done(done)) => done,
            Ok(Outcome::Refused { at, failure }) => return Ok(format!("{at}: {}", told(&failure))),
            Err(failure) => return Ok(told(&failure)),
        };
        let mut said = Vec::new();
        for (step, done) in steps.iter().zip(done) {
            let body = match &done.resource_body {
                Some(body) => without_system(serde_json::from_str(body.get())?)?,
                None => String::new(),
            };
            said.push(format!("{} {body}", done.status));
            match step {
                Step::Create(document) | Step::Upsert(document) | Step::Replace(document, _) => {
                    let etag = done.etag.context("a write has no etag")?;
                    self.learn(key, &id_of(document), &etag)?;
                }
                Step::Delete(id, _) => drop(self.known.remove(&(key.to_owned(), id.clone()))),
                Step::Read(_) => {}
            }
        }
        Ok(said.join("; "))
    }

    fn version(&self, key: &str, id: &str, named: Named) -> Option<String> {
        match named {
            Named::None => None,
            Named::Stale => Some(STALE.to_owned()),
            Named::Known => self.known.get(&(key.to_owned(), id.to_owned())).cloned(),
        }
    }

    fn learn(&mut self, key: &str, id: &str, etag: &str) -> Result<()> {
        ensure!(self.versions.insert(etag.to_owned()), "the version {etag} came twice");
        self.known.insert((key.to_owned(), id.to_owned()), etag.to_owned());
        Ok(())
    }
}

/// Why it was refused, without the words, which are each side's own.
fn told(failure: &Failure) -> String {
    let debug = format!("{:?}", failure.why);
    let kind = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    format!("{kind}{}", if failure.open { ", open" } else { "" })
}

fn id_of(document: &Value) -> String {
    document["id"].as_str().unwrap_or_default().to_owned()
}

/// The document as its client wrote it; fails unless the service has filled in its part.
fn without_system(mut body: Value) -> Result<String> {
    let members = body.as_object_mut().context("a document is an object")?;
    let missing = SYSTEM.iter().find(|name| **name != "_lsn" && !members.contains_key(**name));
    ensure!(missing.is_none(), "the document lacks {missing:?}");
    members.retain(|name, _| !SYSTEM.contains(&name.as_str()));
    Ok(body.to_string())
}
