//! From a request to its answer: signature, faults, handler, and the note in the meter.

use super::call::Call;
use super::reply::Reply;
use super::target::{Owner, Target};
use super::{account, batch, conflicts, feed, items, offers, query, resources, rids};
use crate::cosmos::Cosmos;
use crate::cosmos::core::Refusal;
use crate::faults::{CosmosAction, CosmosOperation, CosmosRule};
use crate::store::Lost;
use http::Method;
use jiff::Timestamp;
use std::time::Duration;

/// What a request comes to.
#[derive(Debug)]
pub(super) enum Answer {
    /// An answer.
    Reply(Reply),
    /// None: the connection is to be cut.
    Cut,
}

/// What a request wants, as far as faults and the meter tell requests apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A transactional batch.
    Batch,
    /// A non-atomic batch.
    Bulk,
    /// A create.
    Create,
    /// An upsert.
    Upsert,
    /// A replace.
    Replace,
    /// A delete.
    Delete,
    /// A patch.
    Patch,
    /// A point read.
    Read,
    /// A query, or a list of all items.
    Query,
    /// A query plan.
    Plan,
    /// A page of the change feed.
    Feed,
    /// The partition key ranges.
    Ranges,
    /// Everything about databases, containers and the account.
    Control,
}

/// The status of `action: status` if the rule names none.
const STATUS: u16 = 503;
/// `x-ms-retry-after-ms` of a throttle if the rule names none.
const RETRY_AFTER_MS: u64 = 100;

/// Answers a request. `machine` is the machine's time, by which signatures are judged.
pub(super) async fn answer(cosmos: &Cosmos, mut call: Call, machine: Timestamp) -> Answer {
    let checked = cosmos.keys.check(&call, machine);
    let named = checked.and_then(|()| rids::resolve(cosmos, &mut call));
    if let Err(refusal) = named.and_then(|()| call.decode()) {
        return Answer::Reply(refusal.into());
    }
    let call = &call;
    let kind = Kind::of(call);
    let rule = kind.fault().and_then(|operation| cosmos.faults.cosmos(operation));
    let cut = match rule {
        None => false,
        Some(rule) => match rule.action {
            CosmosAction::Throttle => return Answer::Reply(throttled(&rule)),
            CosmosAction::Status => return Answer::Reply(failed(&rule)),
            CosmosAction::DropBefore => return Answer::Cut,
            CosmosAction::DropAfter => true,
            CosmosAction::Delay => {
                tokio::time::sleep(Duration::from_millis(rule.delay_ms.unwrap_or(0))).await;
                false
            }
        },
    };
    if let Err(lost) = cosmos.journal.check() {
        return Answer::Reply(unavailable(&lost));
    }
    let reply = handle(cosmos, call, kind).unwrap_or_else(Reply::from);
    // Reads wait too: nothing is shown that a crash could take away.
    if let Err(lost) = cosmos.journal.settled().await {
        return Answer::Reply(unavailable(&lost));
    }
    if let Some(owner) = call.target.owner() {
        cosmos.note(owner, kind.name(), reply.charge);
    }
    if cut { Answer::Cut } else { Answer::Reply(reply) }
}

pub(super) fn handle(cosmos: &Cosmos, call: &Call, kind: Kind) -> Result<Reply, Refusal> {
    match &call.target {
        Target::Account => account::describe(call),
        Target::Databases | Target::Database(_) => resources::databases(cosmos, call),
        Target::Containers(_) | Target::Container(_) => resources::containers(cosmos, call),
        Target::Ranges(owner) => resources::ranges(cosmos, call, owner),
        Target::Offers | Target::Offer(_) => offers::answer(cosmos, call),
        Target::Items(owner) => match kind {
            Kind::Batch => batch::atomic(cosmos, call, owner),
            Kind::Bulk => batch::bulk(cosmos, call, owner),
            Kind::Plan => query::plan(cosmos, call, owner),
            Kind::Query => query::answer(cosmos, call, owner),
            Kind::Feed => feed::answer(cosmos, call, owner),
            Kind::Create
            | Kind::Upsert
            | Kind::Replace
            | Kind::Delete
            | Kind::Patch
            | Kind::Read
            | Kind::Ranges
            | Kind::Control => items::create(cosmos, call, owner),
        },
        Target::Item(owner, id) => items::answer(cosmos, call, owner, id),
        Target::KeyDelete(owner) => items::delete_key(cosmos, call, owner),
        Target::Conflicts(owner) | Target::Conflict(owner, _) => {
            conflicts::answer(cosmos, call, owner)
        }
    }
}

impl Kind {
    pub(super) fn of(call: &Call) -> Self {
        match &call.target {
            Target::Items(_) => Self::of_items(call),
            Target::Item(..) => match call.method {
                Method::PUT => Self::Replace,
                Method::PATCH => Self::Patch,
                Method::DELETE => Self::Delete,
                _ => Self::Read,
            },
            Target::KeyDelete(_) => Self::Delete,
            Target::Ranges(_) => Self::Ranges,
            Target::Account
            | Target::Databases
            | Target::Database(_)
            | Target::Containers(_)
            | Target::Container(_)
            | Target::Conflicts(_)
            | Target::Conflict(..)
            | Target::Offers
            | Target::Offer(_) => Self::Control,
        }
    }

    fn of_items(call: &Call) -> Self {
        if call.method == Method::GET {
            return if call.header("a-im").is_some() { Self::Feed } else { Self::Query };
        }
        let atomic = !call.header("x-ms-cosmos-batch-atomic").is_some_and(is_false);
        if call.is_set("x-ms-cosmos-is-batch-request") {
            return if atomic { Self::Batch } else { Self::Bulk };
        }
        if call.is_set("x-ms-cosmos-is-query-plan-request") {
            return Self::Plan;
        }
        if call.is_query() {
            return Self::Query;
        }
        if call.is_set("x-ms-documentdb-is-upsert") { Self::Upsert } else { Self::Create }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Bulk => "bulk",
            Self::Create => "create",
            Self::Upsert => "upsert",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Patch => "patch",
            Self::Read => "read",
            Self::Query => "query",
            Self::Plan => "plan",
            Self::Feed => "feed",
            Self::Ranges => "pkranges",
            Self::Control => "control",
        }
    }

    /// The operation that fault rules know it by; none for what is no data request.
    const fn fault(self) -> Option<CosmosOperation> {
        match self {
            Self::Batch | Self::Bulk => Some(CosmosOperation::Batch),
            Self::Create | Self::Upsert => Some(CosmosOperation::Create),
            Self::Replace | Self::Delete => Some(CosmosOperation::Replace),
            Self::Patch => Some(CosmosOperation::Patch),
            Self::Read => Some(CosmosOperation::Read),
            Self::Query => Some(CosmosOperation::Query),
            Self::Feed => Some(CosmosOperation::Feed),
            Self::Plan | Self::Ranges | Self::Control => None,
        }
    }
}

impl Target {
    /// The container whose meter counts the request.
    fn owner(&self) -> Option<&Owner> {
        match self {
            Self::Container(owner)
            | Self::Items(owner)
            | Self::Item(owner, _)
            | Self::Ranges(owner)
            | Self::KeyDelete(owner)
            | Self::Conflicts(owner)
            | Self::Conflict(owner, _) => Some(owner),
            Self::Account
            | Self::Databases
            | Self::Database(_)
            | Self::Containers(_)
            | Self::Offers
            | Self::Offer(_) => None,
        }
    }
}

fn is_false(text: &str) -> bool {
    text.eq_ignore_ascii_case("false")
}

fn throttled(rule: &CosmosRule) -> Reply {
    let after = rule.retry_after_ms.unwrap_or(RETRY_AFTER_MS);
    Reply::error(429, 3200, "the request rate is too large (a fault set through the control port)")
        .with("x-ms-retry-after-ms", after)
}

/// It may have happened; a restart will show.
fn unavailable(lost: &Lost) -> Reply {
    Reply::error(503, 0, &lost.to_string())
}

fn failed(rule: &CosmosRule) -> Reply {
    let status = rule.status.unwrap_or(STATUS);
    let reply =
        Reply::error(status, rule.substatus.unwrap_or(0), "a fault set through the control port");
    match rule.retry_after_ms {
        Some(after) => reply.with("x-ms-retry-after-ms", after),
        None => reply,
    }
}
