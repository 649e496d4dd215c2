//! Which equalities every match must satisfy, for a caller that has an index.

use super::ast::{BinaryOp, Collection, Expr, Select, Step};
use serde_json::{Map, Value};

/// `(path, value)` for every `alias.path = constant` that stands under `AND`s only.
pub(super) fn required(
    select: &Select,
    parameters: &Map<String, Value>,
) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    if let (Some(alias), Some(filter)) = (document_alias(select), &select.filter) {
        gather(filter, alias, parameters, &mut found);
    }
    found
}

/// The alias that stands for whole documents, if there is one.
fn document_alias(select: &Select) -> Option<&str> {
    let first = select.sources.first()?;
    let alias = first.alias.as_deref()?;
    // A later source of the same name would hide it.
    let hidden = select.sources.iter().skip(1).any(|other| other.alias.as_deref() == Some(alias));
    match &first.collection {
        Collection::Path(Expr::Variable(_)) if !first.each && !hidden => Some(alias),
        Collection::Path(_) | Collection::Subquery(_) => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else demands an equality")]
fn gather(
    expr: &Expr,
    alias: &str,
    parameters: &Map<String, Value>,
    found: &mut Vec<(Vec<String>, Value)>,
) {
    match expr {
        Expr::And(all) => all.iter().for_each(|expr| gather(expr, alias, parameters, found)),
        Expr::Chain(left, rest) => {
            if let [(BinaryOp::Equal, right)] = rest.as_slice() {
                let either = [(&**left, right), (right, &**left)];
                found.extend(either.into_iter().find_map(|(path, value)| {
                    Some((fields(path, alias)?, constant(value, parameters)?))
                }));
            }
        }
        _ => {}
    }
}

fn fields(expr: &Expr, alias: &str) -> Option<Vec<String>> {
    let Expr::Path(base, steps) = expr else { return None };
    let Expr::Variable(name) = &**base else { return None };
    let field = |step: &Step| match step {
        Step::Field(name) => Some(name.clone()),
        Step::Index(_) | Step::Computed(_) => None,
    };
    if name.text == alias { steps.iter().map(field).collect() } else { None }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is constant")]
fn constant(expr: &Expr, parameters: &Map<String, Value>) -> Option<Value> {
    match expr {
        Expr::Literal(value) => Some(value.clone()),
        Expr::Parameter(name) => parameters.get(&name.text).cloned(),
        _ => None,
    }
}
