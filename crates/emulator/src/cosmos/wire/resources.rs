//! Databases, containers and partition key ranges.

use super::call::Call;
use super::query::Asked;
use super::reply::{Reply, list};
use super::scope;
use super::target::{Owner, Target};
use crate::cosmos::Cosmos;
use crate::cosmos::core::{Refusal, Throughput, charge};
use http::Method;
use serde_json::Value;

/// How many resources a page has if the client leaves it to the service.
const PAGE: usize = 100;

/// `/dbs` and `/dbs/{database}`.
pub(super) fn databases(cosmos: &Cosmos, call: &Call) -> Result<Reply, Refusal> {
    match (&call.target, &call.method) {
        (Target::Databases, &Method::GET) => {
            paged(call, "", "Databases", &cosmos.read_account().databases())
        }
        (Target::Databases, &Method::POST) if call.is_query() => {
            let found = cosmos.read_account().databases();
            paged(call, "", "Databases", &Asked::read(call)?.over(found.iter())?)
        }
        (Target::Databases, &Method::POST) => {
            let throughput = throughput(call)?;
            let mut account = cosmos.write_account();
            let database = account.create_database(&call.json()?, throughput, call.at)?;
            Ok(Reply::resource(201, &database))
        }
        (Target::Database(id), &Method::GET) => {
            Ok(Reply::resource(200, &cosmos.read_account().database(id)?))
        }
        (Target::Database(id), &Method::DELETE) => {
            cosmos.write_account().delete_database(id)?;
            Ok(Reply::empty(204, charge::FLAT))
        }
        _ => Err(not_served(call)),
    }
}

/// `…/colls` and `…/colls/{container}`.
pub(super) fn containers(cosmos: &Cosmos, call: &Call) -> Result<Reply, Refusal> {
    match (&call.target, &call.method) {
        (Target::Containers(database), &Method::GET) => {
            let (rid, found) = described(cosmos, database)?;
            paged(call, &rid, "DocumentCollections", &found)
        }
        (Target::Containers(database), &Method::POST) if call.is_query() => {
            let (rid, found) = described(cosmos, database)?;
            paged(call, &rid, "DocumentCollections", &Asked::read(call)?.over(found.iter())?)
        }
        (Target::Containers(database), &Method::POST) => {
            let throughput = throughput(call)?;
            let mut account = cosmos.write_account();
            let made = account.create_container(database, call.json()?, throughput, call.at)?;
            Ok(Reply::resource(201, &Cosmos::lock(&made).describe()))
        }
        (Target::Container(owner), method) => container(cosmos, call, owner, method),
        _ => Err(not_served(call)),
    }
}

/// `…/pkranges`, which is read until it answers 304.
pub(super) fn ranges(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    if call.method != Method::GET {
        return Err(not_served(call));
    }
    let container = cosmos.owner(owner)?;
    let container = Cosmos::lock(&container);
    scope::check_rid(call, &container)?;
    let (ranges, etag) = container.describe_ranges();
    let known = call.header("if-none-match").is_some_and(|known| known == etag);
    let reply = if known {
        Reply::empty(304, charge::FLAT)
    } else {
        listed(&container.rid().text(), "PartitionKeyRanges", &ranges)
    };
    Ok(reply.with("etag", etag))
}

fn container(
    cosmos: &Cosmos,
    call: &Call,
    owner: &Owner,
    method: &Method,
) -> Result<Reply, Refusal> {
    let Owner { database, container: id } = owner;
    let found = cosmos.read_account().container(database, id)?;
    match *method {
        Method::GET => {
            let found = Cosmos::lock(&found);
            scope::check_rid(call, &found)?;
            Ok(Reply::resource(200, &found.describe()))
        }
        Method::PUT => {
            let definition = call.json()?;
            let mut found = Cosmos::lock(&found);
            call.conditions().check_match(&found.etag())?;
            found.replace(definition, call.at)?;
            Ok(Reply::resource(200, &found.describe()))
        }
        Method::DELETE => {
            call.conditions().check_match(&Cosmos::lock(&found).etag())?;
            cosmos.write_account().delete_container(database, id)?;
            Ok(Reply::empty(204, charge::FLAT))
        }
        _ => Err(not_served(call)),
    }
}

fn described(cosmos: &Cosmos, database: &str) -> Result<(String, Vec<Value>), Refusal> {
    let account = cosmos.read_account();
    let found = account.containers(database)?;
    let rid = account.database_rid(database).map(super::super::core::rid::DatabaseRid::text);
    let found = found.iter().map(|container| Cosmos::lock(container).describe());
    Ok((rid.unwrap_or_default(), found.collect()))
}

/// What the headers of a new database or container say of its offer.
fn throughput(call: &Call) -> Result<Option<Throughput>, Refusal> {
    let Some(text) = call.header("x-ms-cosmos-offer-autopilot-settings") else {
        return call.header("x-ms-offer-throughput").map(Throughput::manual).transpose();
    };
    let settings = serde_json::from_str(text).map_err(|error| {
        Refusal::Bad(format!("x-ms-cosmos-offer-autopilot-settings is no JSON: {error}"))
    })?;
    Throughput::autoscale(settings).map(Some)
}

/// A page of a list: the continuation says how many were listed before.
pub(super) fn paged(call: &Call, rid: &str, name: &str, items: &[Value]) -> Result<Reply, Refusal> {
    let from = call.header("x-ms-continuation").map_or(Ok(0), str::parse);
    let from: usize = from.map_err(|_| Refusal::Bad("this is no continuation".to_owned()))?;
    let rest = items.get(from..).unwrap_or_default();
    let count = call.items_max(PAGE)?.min(rest.len());
    let reply = listed(rid, name, rest.get(..count).unwrap_or_default());
    let is_last = count == rest.len();
    Ok(if is_last { reply } else { reply.with("x-ms-continuation", from + count) })
}

/// A list of resources.
pub(super) fn listed(rid: &str, name: &str, items: &[Value]) -> Reply {
    let texts: Vec<String> = items.iter().map(Value::to_string).collect();
    let body = list(rid, name, texts.iter().map(String::as_bytes));
    Reply::text(200, body, charge::FLAT).with("x-ms-item-count", items.len())
}

/// The method is none that the resource takes.
pub(super) fn not_served(call: &Call) -> Refusal {
    Refusal::Method(format!("{} is not served here", call.method))
}
