//! Conflicts of writes in several regions: with one region there are none.

use super::call::Call;
use super::query::{Asked, may_cross, unscoped};
use super::reply::Reply;
use super::resources::{listed, not_served};
use super::scope;
use super::target::{Owner, Target};
use crate::cosmos::Cosmos;
use crate::cosmos::core::Refusal;
use http::Method;

/// `…/conflicts` and `…/conflicts/{id}`.
pub(super) fn answer(cosmos: &Cosmos, call: &Call, owner: &Owner) -> Result<Reply, Refusal> {
    let container = cosmos.owner(owner)?;
    let container = Cosmos::lock(&container);
    match (&call.target, &call.method) {
        (Target::Conflicts(_), &Method::GET) => {}
        (Target::Conflicts(_), &Method::POST) if call.is_query() => {
            Asked::read(call)?;
            if scope::read(call, &container)?.is_none() && !may_cross(call) {
                return Err(unscoped());
            }
        }
        (Target::Conflict(_, id), &Method::GET | &Method::DELETE) => {
            return Err(Refusal::NotFound(format!("the conflict '{id}'")));
        }
        _ => return Err(not_served(call)),
    }
    Ok(listed(&container.rid().text(), "Conflicts", &[]))
}
