//! Transactional batches, and the bulk requests that share their form.

use super::call::Call;
use super::items::key_of;
use super::reply::Reply;
use super::scope;
use super::target::Owner;
use crate::cosmos::Cosmos;
use crate::cosmos::core::document::{BYTES_MAX, Document};
use crate::cosmos::core::operation::{Conditions, Done, Operation, Outcome};
use crate::cosmos::core::patch::Patch;
use crate::cosmos::core::scope::Scope;
use crate::cosmos::core::{BulkEntry, Container, Refusal};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt::Write as _;

/// The most operations that one batch takes, as documented.
const OPERATIONS_MAX: usize = 100;

/// One operation as it is sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    operation_type: String,
    id: Option<String>,
    #[serde(borrow)]
    resource_body: Option<&'a RawValue>,
    if_match: Option<String>,
    if_none_match: Option<String>,
    partition_key: Option<Value>,
}

/// `x-ms-cosmos-batch-atomic: True`: all or nothing, on one partition key.
pub(super) fn atomic(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    let sent = parse(call)?;
    let operations = sent.iter().map(operation).collect::<Result<Vec<_>, _>>()?;
    let container = cosmos.owner(owner)?;
    let mut container = Cosmos::lock(&container);
    let scope = key_of(call, &container)?;
    scope::check(call, &container, &scope)?;
    let Scope::Key(key) = &scope else {
        return Err(Refusal::Bad("a batch names a partition key".to_owned()));
    };
    let outcome = container.batch(key, &operations, call.at)?;
    let stamp = container.stamp(&scope)?;
    drop(container);
    let status = if outcome.committed { 200 } else { 207 };
    Ok(reply(status, &outcome.outcomes, call.wants_minimal()).stamped(&stamp))
}

/// `x-ms-cosmos-batch-atomic: False`: each operation for itself, on one partition key range.
pub(super) fn bulk(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    let sent = parse(call)?;
    let go_on = call.is_set("x-ms-cosmos-batch-continue-on-error");
    let container = cosmos.owner(owner)?;
    let mut container = Cosmos::lock(&container);
    let Some(Scope::Range(range)) = scope::read(call, &container)? else {
        return Err(Refusal::Bad(
            "a batch that is not atomic names its x-ms-documentdb-partitionkeyrangeid".to_owned(),
        ));
    };
    scope::check(call, &container, &Scope::Range(range))?;
    let entries = sent.iter().map(|sent| entry(sent, &container)).collect::<Result<Vec<_>, _>>()?;
    let outcomes = container.bulk(range, &entries, go_on, call.at)?;
    let stamp = container.stamp(&Scope::Range(range))?;
    drop(container);
    let status = if outcomes.iter().all(Result::is_ok) { 200 } else { 207 };
    Ok(reply(status, &outcomes, call.wants_minimal()).stamped(&stamp))
}

fn parse(call: &Call) -> Result<Vec<Sent<'_>>, Refusal> {
    if BYTES_MAX < call.body.len() {
        let bytes = call.body.len();
        return Err(Refusal::TooLarge(format!(
            "the batch has {bytes} bytes, and at most {BYTES_MAX} are taken"
        )));
    }
    let sent: Vec<Sent<'_>> = serde_json::from_slice(&call.body).map_err(|error| {
        Refusal::Bad(format!("the batch is no JSON array of operations: {error}"))
    })?;
    let count = sent.len();
    if count == 0 {
        return Err(Refusal::Bad("Batch request has no operations.".to_owned()));
    }
    if OPERATIONS_MAX < count {
        return Err(Refusal::Bad(format!(
            "Batch request has more operations than what is supported. It has {count}, and takes 1 to \
             {OPERATIONS_MAX}"
        )));
    }
    Ok(sent)
}

fn operation<'a>(sent: &Sent<'a>) -> Result<Operation<'a>, Refusal> {
    let conditions =
        Conditions { if_match: sent.if_match.clone(), if_none_match: sent.if_none_match.clone() };
    let kind = sent.operation_type.as_str();
    let body = || {
        let body = sent.resource_body.map(|body| body.get().as_bytes());
        body.ok_or_else(|| Refusal::Bad(format!("the {kind} of a batch has no resourceBody")))
    };
    let id = || {
        let id = sent.id.clone();
        id.ok_or_else(|| Refusal::Bad(format!("the {kind} of a batch has no id")))
    };
    match kind.to_ascii_lowercase().as_str() {
        "create" => Ok(Operation::Create(Document::parse(body()?)?, conditions)),
        "upsert" => Ok(Operation::Upsert(Document::parse(body()?)?, conditions)),
        "replace" => Ok(Operation::Replace(id()?, Document::parse(body()?)?, conditions)),
        "read" => Ok(Operation::Read(id()?, conditions)),
        "delete" => Ok(Operation::Delete(id()?, conditions)),
        "patch" => {
            let patch: Value = serde_json::from_slice(body()?)
                .map_err(|error| Refusal::Bad(format!("a patch is no JSON: {error}")))?;
            Ok(Operation::Patch(id()?, Box::new(Patch::parse(&patch)?), conditions))
        }
        _ => Err(Refusal::Bad(format!("there is no batch operation '{kind}'"))),
    }
}

/// The partition key of a bulk operation is a JSON array, or the text of one.
fn entry<'a>(sent: &Sent<'a>, container: &Container) -> Result<BulkEntry<'a>, Refusal> {
    let key = match &sent.partition_key {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => return Err(Refusal::Bad("a bulk operation has no partitionKey".to_owned())),
    };
    Ok(BulkEntry { key: container.shape().key.parse_key(&key)?, operation: operation(sent)? })
}

fn reply(status: u16, outcomes: &[Outcome], minimal: bool) -> Reply {
    let bodies = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()?.body.as_ref());
    let bytes: usize = bodies.map(bytes::Bytes::len).sum();
    let mut text = Vec::with_capacity(if minimal { 0 } else { bytes } + outcomes.len() * 120 + 2);
    let mut charge = 0.0;
    for outcome in outcomes {
        text.push(if text.is_empty() { b'[' } else { b',' });
        charge += write(&mut text, outcome, minimal);
    }
    text.push(b']');
    Reply::text(status, text, charge)
}

/// Writes one outcome and answers its charge.
fn write(text: &mut Vec<u8>, outcome: &Outcome, minimal: bool) -> f64 {
    let mut head = String::new();
    match outcome {
        Ok(Done { status, etag, body, item_lsn: _, charge }) => {
            let _ = write!(head, "{{\"statusCode\":{status},\"requestCharge\":{charge:.2}");
            if let Some(etag) = etag {
                let _ = write!(head, ",\"eTag\":\"\\\"{}\\\"\"", etag.trim_matches('"'));
            }
            text.extend_from_slice(head.as_bytes());
            if let Some(body) = body.as_ref().filter(|_| !minimal) {
                text.extend_from_slice(b",\"resourceBody\":");
                text.extend_from_slice(body);
            }
            text.push(b'}');
            *charge
        }
        Err(refused) => {
            let (status, charge) = (refused.refusal.status(), refused.charge);
            let _ = write!(head, "{{\"statusCode\":{status},\"requestCharge\":{charge:.2}");
            match refused.refusal.substatus() {
                0 => {}
                substatus => {
                    let _ = write!(head, ",\"substatusCode\":{substatus}");
                }
            }
            let message = Value::from(refused.refusal.to_string());
            let _ = write!(head, ",\"message\":{message}}}");
            text.extend_from_slice(head.as_bytes());
            charge
        }
    }
}
