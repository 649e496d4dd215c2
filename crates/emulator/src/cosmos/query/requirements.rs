//! What every match must satisfy, for a caller that has an index.

use super::ast::{BinaryOp, Collection, Expr, Select, Step};
use serde_json::{Map, Value};

/// At a path, every match has a value that lies in one of these spans.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The names of the properties on the way from the document to the value.
    pub path: Vec<String>,
    /// Where the value may lie: a match is in one of them, yet what is in one need not match.
    pub spans: Vec<Span>,
}

/// Values of one type (null, boolean, number or text), both ends included.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    /// This value.
    Only(Value),
    /// It and all that are greater.
    From(Value),
    /// It and all that are less.
    To(Value),
    /// From one to the other.
    Between(Value, Value),
}

impl Requirement {
    /// The one value that every match has.
    pub fn equal(&self) -> Option<&Value> {
        match self.spans.as_slice() {
            [Span::Only(value)] => Some(value),
            _ => None,
        }
    }
}

/// A requirement for every comparison of `alias.path` with constants that stands under `AND`s
/// only. Those with arrays or objects are left out.
pub(super) fn of(select: &Select, parameters: &Map<String, Value>) -> Vec<Requirement> {
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

#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else demands a value of a path")]
fn gather(expr: &Expr, alias: &str, parameters: &Map<String, Value>, found: &mut Vec<Requirement>) {
    let constant = |expr| constant(expr, parameters);
    let (path, spans) = match expr {
        Expr::And(all) => {
            return all.iter().for_each(|expr| gather(expr, alias, parameters, found));
        }
        Expr::Chain(left, rest) => {
            let [(op, right)] = rest.as_slice() else { return };
            let (path, op, value) = match (fields(left, alias), fields(right, alias)) {
                (Some(path), None) => (Some(path), *op, constant(right)),
                (None, path) => (path, mirrored(*op), constant(left)),
                (Some(_), Some(_)) => return,
            };
            (path, value.and_then(|value| span(op, value)).map(|span| vec![span]))
        }
        Expr::In(value, among) => {
            let each = among.iter().map(|expr| constant(expr).map(Span::Only));
            (fields(value, alias), each.collect())
        }
        Expr::Between(three) => {
            let [value, low, high] = &**three;
            let ends = constant(low).zip(constant(high));
            (fields(value, alias), ends.map(|(low, high)| vec![Span::Between(low, high)]))
        }
        _ => return,
    };
    found.extend(path.zip(spans).map(|(path, spans)| Requirement { path, spans }));
}

/// The operator that says the same with its operands exchanged.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others mean the same, or nothing here")]
const fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        other => other,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other operator bounds its operand")]
fn span(op: BinaryOp, value: Value) -> Option<Span> {
    match op {
        BinaryOp::Equal => Some(Span::Only(value)),
        BinaryOp::Less | BinaryOp::LessOrEqual => Some(Span::To(value)),
        BinaryOp::Greater | BinaryOp::GreaterOrEqual => Some(Span::From(value)),
        _ => None,
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
    let value = match expr {
        Expr::Literal(value) => value,
        Expr::Parameter(name) => parameters.get(&name.text)?,
        _ => return None,
    };
    (!value.is_array() && !value.is_object()).then(|| value.clone())
}
