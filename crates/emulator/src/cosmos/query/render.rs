//! From the tree back to text: for query plans, and to tell whether two expressions are the same.
//!
//! Every operator stands in parentheses, so that the text means the same whatever is put around it.

use super::ast::{Aggregate, BinaryOp, Call, Collection, Expr, Name, Step, UnaryOp};
use super::ast::{Bound, Field, OrderKey, Select, Shape, Source};
use super::parser::{OPERATORS, is_name};
use serde_json::Value;
use std::fmt::Write as _;

/// An expression as text.
pub(super) fn expr(expr: &Expr) -> String {
    match expr {
        Expr::Undefined => "undefined".to_owned(),
        Expr::Literal(value) => value.to_string(),
        Expr::Parameter(Name { text, .. }) | Expr::Variable(Name { text, .. }) => text.clone(),
        Expr::Path(base, steps) => path(base, steps),
        Expr::Unary(op, of) => format!("({}{})", unary(*op), self::expr(of)),
        Expr::Chain(first, rest) => chain(first, rest),
        Expr::And(all) => format!("({})", joined(all, " AND ")),
        Expr::Or(all) => format!("({})", joined(all, " OR ")),
        Expr::Coalesce(all) => format!("({})", joined(all, " ?? ")),
        Expr::Conditional(three) => {
            let [condition, yes, no] = three.each_ref().map(self::expr);
            format!("({condition} ? {yes} : {no})")
        }
        Expr::In(value, among) => format!("({} IN ({}))", self::expr(value), joined(among, ", ")),
        Expr::Between(three) => {
            let [value, low, high] = three.each_ref().map(self::expr);
            format!("({value} BETWEEN {low} AND {high})")
        }
        Expr::Like(two, escape) => like(two, *escape),
        Expr::Array(items) => format!("[{}]", joined(items, ", ")),
        Expr::Object(fields) => object(fields),
        Expr::Call(Call { function, arguments, .. }) => {
            format!("{}({})", function.name, joined(arguments, ", "))
        }
        Expr::Aggregate(function, of, _) => format!("{}({})", aggregate(*function), self::expr(of)),
        Expr::Exists(nested) => format!("EXISTS({})", select(nested)),
        Expr::Gather(nested) => format!("ARRAY({})", select(nested)),
        Expr::Single(nested) => format!("({})", select(nested)),
        Expr::Held(number) => format!("#{number}"),
    }
}

/// A query as text, clauses on lines of their own.
pub(super) fn select(query: &Select) -> String {
    with_filter(query, query.filter.as_ref().map(expr))
}

/// A query as text, with another filter than its own.
pub(super) fn with_filter(query: &Select, filter: Option<String>) -> String {
    let mut text = "SELECT ".to_owned();
    if query.distinct {
        text.push_str("DISTINCT ");
    }
    if let Some(top) = &query.top {
        let _ = write!(text, "TOP {} ", bound(top));
    }
    text.push_str(&shape(&query.shape));
    for (index, source) in query.sources.iter().enumerate() {
        let word = if index == 0 { "FROM" } else { "JOIN" };
        let _ = write!(text, "\n{word} {}", self::source(source));
    }
    if let Some(filter) = filter {
        let _ = write!(text, "\nWHERE {filter}");
    }
    if !query.group_by.is_empty() {
        let _ = write!(text, "\nGROUP BY {}", joined(&query.group_by, ", "));
    }
    if !query.order_by.is_empty() {
        let keys: Vec<_> = query.order_by.iter().map(order_key).collect();
        let _ = write!(text, "\nORDER BY {}", keys.join(", "));
    }
    if let Some(window) = &query.window {
        let _ = write!(text, "\nOFFSET {} LIMIT {}", bound(&window.offset), bound(&window.limit));
    }
    text
}

fn order_key(key: &OrderKey) -> String {
    let text = expr(&key.expr);
    if key.descending { format!("{text} DESC") } else { text }
}

/// An aggregate's name.
pub(super) fn aggregate(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Avg => "AVG",
        Aggregate::Count => "COUNT",
        Aggregate::Max => "MAX",
        Aggregate::Min => "MIN",
        Aggregate::Sum => "SUM",
    }
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Star => "*".to_owned(),
        Shape::Value(value) => format!("VALUE {}", expr(value)),
        Shape::Fields(fields) => {
            let fields: Vec<_> = fields.iter().map(field).collect();
            fields.join(", ")
        }
    }
}

fn field(field: &Field) -> String {
    let value = expr(&field.expr);
    if field.named { format!("{value} AS {}", field.name) } else { value }
}

fn source(source: &Source) -> String {
    let collection = match &source.collection {
        Collection::Path(path) => expr(path),
        Collection::Subquery(nested) => format!("({})", select(nested)),
    };
    match &source.alias {
        Some(alias) if source.each => format!("{alias} IN {collection}"),
        Some(alias) if *alias != collection => format!("{collection} AS {alias}"),
        Some(_) | None => collection,
    }
}

fn bound(bound: &Bound) -> String {
    match bound {
        Bound::Number(number) => number.to_string(),
        Bound::Parameter(name) => name.text.clone(),
    }
}

/// Fields after a dot where they may stand there, in brackets otherwise.
fn path(base: &Expr, steps: &[Step]) -> String {
    let mut text = expr(base);
    let dots = matches!(base, Expr::Variable(_));
    for step in steps {
        let _ = match step {
            Step::Field(name) if dots && is_name(name) => write!(text, ".{name}"),
            Step::Field(name) => write!(text, "[{}]", Value::from(name.as_str())),
            Step::Index(index) => write!(text, "[{index}]"),
            Step::Computed(key) => write!(text, "[{}]", expr(key)),
        };
    }
    text
}

fn chain(first: &Expr, rest: &[(BinaryOp, Expr)]) -> String {
    let mut text = format!("({}", expr(first));
    for (op, operand) in rest {
        let written = OPERATORS.iter().find(|(.., known)| known == op).map_or("", |found| found.0);
        let _ = write!(text, " {written} {}", expr(operand));
    }
    text.push(')');
    text
}

fn like(two: &[Expr; 2], escape: Option<char>) -> String {
    let [value, pattern] = two.each_ref().map(expr);
    match escape {
        Some(escape) => {
            format!("({value} LIKE {pattern} ESCAPE {})", Value::from(escape.to_string()))
        }
        None => format!("({value} LIKE {pattern})"),
    }
}

fn object(fields: &[(String, Expr)]) -> String {
    let field =
        |(name, value): &(String, Expr)| format!("{}: {}", Value::from(name.as_str()), expr(value));
    let fields: Vec<_> = fields.iter().map(field).collect();
    format!("{{{}}}", fields.join(", "))
}

fn joined(all: &[Expr], separator: &str) -> String {
    let all: Vec<_> = all.iter().map(expr).collect();
    all.join(separator)
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "NOT ",
        UnaryOp::Minus => "-",
        UnaryOp::Plus => "+",
        UnaryOp::BitNot => "~",
    }
}
