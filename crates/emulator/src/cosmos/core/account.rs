//! The account: databases by name, and their containers, each behind a lock of its own.

mod record;
#[cfg(test)]
pub(super) use record::sample_database;

use super::container::Container;
use super::document::check_id;
use super::item::etag;
use super::refusal::Refusal;
use super::rid::{ContainerRid, DatabaseRid};
use super::throughput::Throughput;
use crate::store::Journal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// All databases.
#[derive(Debug, Default)]
pub(crate) struct Account {
    databases: BTreeMap<String, Database>,
    made: u32,
    journal: Journal,
}

/// A database and its containers.
#[derive(Debug)]
struct Database {
    rid: DatabaseRid,
    changed: i64,
    /// What its containers share that have no offer of their own.
    throughput: Option<Throughput>,
    containers: BTreeMap<String, Shared>,
}

/// What a database or container may be asked.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The number of what it is for, by which the offer goes too.
    pub(crate) number: u32,
    /// The `_rid` of what it is for.
    pub(crate) rid: String,
    /// The `_self` of what it is for.
    pub(crate) link: String,
    /// The `ETag` of what it is for.
    pub(crate) etag: String,
    /// What it says.
    pub(crate) throughput: Throughput,
}

/// A container that several requests may hold.
pub(crate) type Shared = Arc<Mutex<Container>>;

impl Account {
    /// Makes a database.
    pub(crate) fn create_database(
        &mut self,
        definition: &Value,
        throughput: Option<Throughput>,
        at: i64,
    ) -> Result<Value, Refusal> {
        let id = definition.get("id").and_then(Value::as_str).unwrap_or_default();
        check_id(id)?;
        if self.databases.contains_key(id) {
            return Err(Refusal::Conflict(format!("the database '{id}' exists already")));
        }
        let rid = DatabaseRid(self.next_number());
        let database = Database { rid, changed: at, throughput, containers: BTreeMap::new() };
        let described = database.describe(id);
        self.journal.append(record::made(id, &database, self.made));
        self.databases.insert(id.to_owned(), database);
        Ok(described)
    }

    /// Describes a database.
    pub(crate) fn database(&self, id: &str) -> Result<Value, Refusal> {
        self.find(id).map(|database| database.describe(id)).map_err(|()| no_database(id))
    }

    /// Describes all databases.
    pub(crate) fn databases(&self) -> Vec<Value> {
        self.databases.iter().map(|(id, database)| database.describe(id)).collect()
    }

    /// Removes a database and what is in it.
    pub(crate) fn delete_database(&mut self, id: &str) -> Result<(), Refusal> {
        let removed = self.databases.remove(id).ok_or_else(|| no_database(id))?;
        let containers = removed.containers.values().flat_map(record::removed);
        self.journal.append(containers.chain([record::removed_database(&removed)]));
        Ok(())
    }

    /// Makes a container. Without a throughput of its own it shares its database's, if that has one.
    pub(crate) fn create_container(
        &mut self,
        database: &str,
        definition: Value,
        throughput: Option<Throughput>,
        at: i64,
    ) -> Result<Shared, Refusal> {
        let number = self.next_number();
        let owner = self.databases.get_mut(database);
        let owner = owner.ok_or_else(|| Refusal::OwnerMissing(format!("database '{database}'")))?;
        let rid = ContainerRid { database: owner.rid, number };
        let default = || owner.throughput.is_none().then(Throughput::default);
        let throughput = throughput.or_else(default);
        let mut container = Container::new(definition, rid, throughput, at)?;
        let id = container.shape().id.clone();
        if owner.containers.contains_key(&id) {
            return Err(Refusal::Conflict(format!("the container '{id}' exists already")));
        }
        container.keep_in(&self.journal);
        let container = Arc::new(Mutex::new(container));
        self.journal.append([record::count(self.made)]);
        owner.containers.insert(id, Arc::clone(&container));
        Ok(container)
    }

    /// A container; 404 if it is what is asked for.
    pub(crate) fn container(&self, database: &str, id: &str) -> Result<Shared, Refusal> {
        let found = self.find(database).ok().and_then(|database| database.containers.get(id));
        let missing = || Refusal::NotFound(format!("the container '{database}/{id}'"));
        found.map(Arc::clone).ok_or_else(missing)
    }

    /// A container; 404/1003 if it is missing as the owner of what is asked for.
    pub(crate) fn owner(&self, database: &str, id: &str) -> Result<Shared, Refusal> {
        let missing = || Refusal::OwnerMissing(format!("container '{database}/{id}'"));
        self.container(database, id).map_err(|_| missing())
    }

    /// The containers of a database.
    pub(crate) fn containers(&self, database: &str) -> Result<Vec<Shared>, Refusal> {
        let owner = self.find(database);
        let owner = owner.map_err(|()| Refusal::OwnerMissing(format!("database '{database}'")))?;
        Ok(owner.containers.values().map(Arc::clone).collect())
    }

    /// Removes a container and what is in it.
    pub(crate) fn delete_container(&mut self, database: &str, id: &str) -> Result<(), Refusal> {
        let owner = self.databases.get_mut(database);
        let removed = owner.and_then(|owner| owner.containers.remove(id));
        let missing = || Refusal::NotFound(format!("the container '{database}/{id}'"));
        self.journal.append(record::removed(&removed.ok_or_else(missing)?));
        Ok(())
    }

    /// Whether a database has this name.
    pub(crate) fn has_database(&self, id: &str) -> bool {
        self.databases.contains_key(id)
    }

    /// The name of the database of this resource id.
    pub(crate) fn database_of(&self, rid: DatabaseRid) -> Option<&str> {
        let mut own = self.databases.iter().filter(|(_, database)| database.rid == rid);
        own.next().map(|(id, _)| id.as_str())
    }

    /// The container of this resource id, with its name.
    pub(crate) fn container_of(&self, rid: ContainerRid) -> Option<(&str, &Shared)> {
        let mut databases = self.databases.values().filter(|found| found.rid == rid.database);
        let has_rid = |container: &Shared| {
            container.lock().unwrap_or_else(PoisonError::into_inner).rid() == rid
        };
        let mut own = databases.next()?.containers.iter().filter(|(_, found)| has_rid(found));
        own.next().map(|(id, found)| (id.as_str(), found))
    }

    /// The resource id of a database.
    pub(crate) fn database_rid(&self, id: &str) -> Option<DatabaseRid> {
        self.find(id).ok().map(|database| database.rid)
    }

    /// The offers of all databases and containers that have one.
    pub(crate) fn offers(&self) -> Vec<Offer> {
        let databases = self.databases.values();
        let containers = databases.clone().flat_map(|database| database.containers.values());
        let of_containers = containers.filter_map(|container| {
            let container = container.lock().unwrap_or_else(PoisonError::into_inner);
            Some(Offer {
                number: container.rid().number,
                rid: container.rid().text(),
                link: container.rid().link(),
                etag: container.etag(),
                throughput: container.throughput.clone()?,
            })
        });
        databases.filter_map(Database::offer).chain(of_containers).collect()
    }

    /// Sets what the offer of this number says, if there is one.
    pub(crate) fn replace_offer(&mut self, number: u32, throughput: &Throughput) {
        for (id, database) in &mut self.databases {
            if database.rid.0 == number && database.throughput.is_some() {
                database.throughput = Some(throughput.clone());
                self.journal.append(record::made(id, database, self.made));
            }
        }
        for container in self.databases.values().flat_map(|database| database.containers.values()) {
            let mut container = container.lock().unwrap_or_else(PoisonError::into_inner);
            if container.rid().number == number && container.throughput.is_some() {
                container.throughput = Some(throughput.clone());
                container.append();
            }
        }
    }

    /// Every container with the name of its database and its own.
    pub(crate) fn all(&self) -> Vec<(String, String, Shared)> {
        let databases = self.databases.iter();
        let containers = databases.flat_map(|(database, found)| {
            let containers = found.containers.iter();
            containers.map(move |(id, c)| (database.clone(), id.clone(), Arc::clone(c)))
        });
        containers.collect()
    }

    /// The names of the databases.
    pub(crate) fn names(&self) -> Vec<String> {
        self.databases.keys().cloned().collect()
    }

    fn find(&self, id: &str) -> Result<&Database, ()> {
        self.databases.get(id).ok_or(())
    }

    fn next_number(&mut self) -> u32 {
        self.made += 1;
        self.made
    }
}

impl Database {
    fn etag(&self) -> String {
        etag(u64::from(self.rid.0), self.changed)
    }

    fn offer(&self) -> Option<Offer> {
        let (number, rid, link) = (self.rid.0, self.rid.text(), self.rid.link());
        Some(Offer { number, rid, link, etag: self.etag(), throughput: self.throughput.clone()? })
    }

    fn describe(&self, id: &str) -> Value {
        json!({
            "id": id,
            "_rid": self.rid.text(),
            "_self": self.rid.link(),
            "_etag": self.etag(),
            "_colls": "colls/",
            "_users": "users/",
            "_ts": self.changed,
        })
    }
}

fn no_database(id: &str) -> Refusal {
    Refusal::NotFound(format!("the database '{id}'"))
}
