//! Changes an order: read, decide, write; and again when another writer was there first.

use crate::asked::Asked;
use crate::precondition::{Conditions, Verdict};
use crate::problem::{Problem, Store};
use crate::routes::Answer;
use crate::view;
use domain::order::{Decision, Order};
use domain::ports::{Aggregates, Basis, Stored};
use domain::{Fault, Key};
use http::StatusCode;

/// What one try came to.
enum Tried {
    /// The answer is known.
    Done(Answer),
    /// Another writer was there first; nothing was written.
    Overtaken,
}

/// Asks `decide` what becomes of the order, and stores that.
///
/// A client that named a version (`If-Match`) is told of another one instead of overwriting it.
pub(crate) async fn change<S: Aggregates<Order>>(
    store: &S,
    id: &Key,
    asked: &Asked,
    decide: impl Fn(&Order) -> Decision + Send,
) -> Answer {
    let conditions = Conditions::of(&asked.headers)?;
    for _ in 0..TRIES_MAX {
        let found = store.load(id).await.map_err(Store::reading)?.ok_or(Problem::NoOrder)?;
        match conditions.judge(found.state.version) {
            Verdict::Holds => {}
            Verdict::Unmodified | Verdict::Failed => {
                return Err(Problem::Stale { version: found.state.version });
            }
        }
        match attempt(store, found, asked, &decide).await {
            Tried::Done(answer) => return answer,
            Tried::Overtaken => {}
        }
    }
    Err(if conditions.has_if_match() { Problem::Unstable } else { Problem::Overtaken })
}

async fn attempt<S: Aggregates<Order>>(
    store: &S,
    found: Stored<Order>,
    asked: &Asked,
    decide: &(impl Fn(&Order) -> Decision + Send),
) -> Tried {
    let Stored { state, tag } = found;
    let change = match decide(&state) {
        Decision::Changed(change) => change.traced(&asked.trace),
        Decision::Unchanged => return Tried::Done(Ok(view::order(StatusCode::OK, state))),
        Decision::Refused(refusal) => return Tried::Done(Err(Problem::Refused(refusal))),
    };
    let changed = change.state().clone();
    match store.commit(change, Basis::Loaded(tag)).await {
        Ok(()) => Tried::Done(Ok(view::order(StatusCode::OK, changed))),
        Err(Fault::Conflict) => Tried::Overtaken,
        Err(fault) => Tried::Done(Err(Store::writing(&state.id, fault))),
    }
}

/// One round more than the two writers that meet in practice need; whoever meets more of them is
/// better told so than kept waiting.
const TRIES_MAX: u32 = 3;
