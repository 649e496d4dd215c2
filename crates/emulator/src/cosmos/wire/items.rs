//! Point operations: one request, one item.

use super::call::Call;
use super::reply::Reply;
use super::resources::not_served;
use super::scope;
use super::target::Owner;
use crate::cosmos::Cosmos;
use crate::cosmos::core::document::Document;
use crate::cosmos::core::operation::{Done, Operation};
use crate::cosmos::core::patch::Patch;
use crate::cosmos::core::scope::Scope;
use crate::cosmos::core::{Container, Refusal, charge};
use http::Method;

/// `POST …/docs`: create or upsert.
pub(super) fn create(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    if call.method != Method::POST {
        return Err(not_served(call));
    }
    let document = Document::parse(&call.body)?;
    let operation = if call.is_set("x-ms-documentdb-is-upsert") {
        Operation::Upsert(document, call.conditions())
    } else {
        Operation::Create(document, call.conditions())
    };
    perform(cosmos, call, owner, &operation)
}

/// `…/docs/{id}`: read, replace, patch or delete.
pub(super) fn answer(
    cosmos: &Cosmos,
    call: &Call,
    owner: &Owner,
    id: &str,
) -> Result<Reply, Refusal> {
    let conditions = call.conditions();
    let id = id.to_owned();
    let operation = match call.method {
        Method::GET => Operation::Read(id, conditions),
        Method::DELETE => Operation::Delete(id, conditions),
        Method::PUT => Operation::Replace(id, Document::parse(&call.body)?, conditions),
        Method::PATCH => Operation::Patch(id, Box::new(Patch::parse(&call.json()?)?), conditions),
        _ => return Err(not_served(call)),
    };
    perform(cosmos, call, owner, &operation)
}

/// `POST …/operations/partitionkeydelete`: removes all items of a partition key.
pub(super) fn delete_key(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    if call.method != Method::POST {
        return Err(not_served(call));
    }
    let container = cosmos.owner(owner)?;
    let mut container = Cosmos::lock(&container);
    let scope = key_of(call, &container)?;
    let Scope::Key(key) = &scope else { return Err(no_key()) };
    scope::check_rid(call, &container)?;
    container.delete_key(key, call.at)?;
    Ok(Reply::empty(200, charge::FLAT).stamped(&container.stamp(&scope)?))
}

fn perform(
    cosmos: &Cosmos,
    call: &Call,
    owner: &Owner,
    operation: &Operation<'_>,
) -> Result<Reply, Refusal> {
    let container = cosmos.owner(owner)?;
    let mut container = Cosmos::lock(&container);
    let scope = key_of(call, &container)?;
    let Scope::Key(key) = &scope else { return Err(no_key()) };
    scope::check_rid(call, &container)?;
    let reads = matches!(operation, Operation::Read(..));
    if reads {
        scope::check(call, &container, &scope)?;
    }
    let outcome = container.perform(key, operation, call.at);
    let stamp = container.stamp(&scope)?;
    drop(container);
    let reply = match outcome {
        Ok(done) => reply(done, !reads && call.wants_minimal()),
        Err(refused) => Reply::refused(&refused),
    };
    Ok(reply.stamped(&stamp))
}

/// The partition key that a request on items must name.
pub(super) fn key_of(call: &Call, container: &Container) -> Result<Scope, Refusal> {
    let text = call.header("x-ms-documentdb-partitionkey").ok_or_else(no_key)?;
    container.shape().key.parse_key(text).map(Scope::Key)
}

fn no_key() -> Refusal {
    Refusal::Bad(
        "the partition key must be given for this operation, in x-ms-documentdb-partitionkey"
            .to_owned(),
    )
}

fn reply(done: Done, minimal: bool) -> Reply {
    let Done { status, etag, body, item_lsn, charge } = done;
    let reply = match body.filter(|_| !minimal) {
        Some(body) => Reply::text(status, body, charge),
        None => Reply::empty(status, charge),
    };
    let reply = reply.with("x-ms-item-lsn", item_lsn);
    match etag {
        Some(etag) => reply.with("etag", etag),
        None => reply,
    }
}
