//! The query plan: how a client that merges partitions itself has to go about a query.
//!
//! | query | what each partition is asked instead | what the client does |
//! |---|---|---|
//! | plain, `DISTINCT` | the same (empty rewrite) | concatenate, drop repeats |
//! | `ORDER BY` | `_rid`, keys and payload, with a filter to resume at | merge by keys |
//! | `OFFSET n LIMIT m` | `OFFSET 0 LIMIT n + m` | skip and cut |
//! | `VALUE` and an aggregate | `VALUE [{"item": …}]` | combine |
//! | aggregates in a list, `GROUP BY` | `groupByItems` and payload | combine by group |

use super::ast::{Aggregate, Bound, Expr, Field, OrderKey, Select, Shape, Window};
use super::check::container_name;
use super::{ast, render};
use serde_json::{Map, Value, json};

/// What the client puts the predicate of its place in, or `true`.
const RESUME_FILTER: &str = "{documentdb-formattableorderbyquery-filter}";

/// The whole answer to a query plan request.
pub(super) fn of(select: &Select, parameters: &Map<String, Value>) -> Value {
    let rows = |bound: &Bound| rows(bound, parameters);
    let window = select.window.as_ref();
    let direction = |key: &OrderKey| if key.descending { "Descending" } else { "Ascending" };
    let expressions = |exprs: &[Expr]| exprs.iter().map(render::expr).collect::<Vec<_>>();
    let order_by = select.order_by.iter();
    let columns = columns(select);
    json!({
        "partitionedQueryExecutionInfoVersion": 2,
        "queryInfo": {
            "distinctType": distinct_type(select),
            "top": select.top.as_ref().and_then(rows),
            "offset": window.and_then(|window| rows(&window.offset)),
            "limit": window.and_then(|window| rows(&window.limit)),
            "orderBy": order_by.clone().map(direction).collect::<Vec<_>>(),
            "orderByExpressions": order_by.map(|key| render::expr(&key.expr)).collect::<Vec<_>>(),
            "groupByExpressions": expressions(&select.group_by),
            "groupByAliases": columns.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "aggregates": value_aggregate(select).into_iter().map(title).collect::<Vec<_>>(),
            "groupByAliasToAggregateType": columns.iter().cloned().collect::<Map<_, _>>(),
            "rewrittenQuery": rewritten(select, parameters),
            "hasSelectValue": matches!(select.shape, Shape::Value(_)),
            "hasNonStreamingOrderBy": false,
            "dCountInfo": null
        },
        "hybridSearchQueryInfo": null,
        "queryRanges": [
            { "min": "", "max": "FF", "isMinInclusive": true, "isMaxInclusive": false }
        ]
    })
}

fn rows(bound: &Bound, parameters: &Map<String, Value>) -> Option<u64> {
    match bound {
        Bound::Number(number) => Some(*number),
        Bound::Parameter(name) => parameters.get(&name.text)?.as_u64(),
    }
}

/// Ordered if repeats come one after another: sorted by the very value that must be distinct.
fn distinct_type(select: &Select) -> &'static str {
    let sorted_by = |expr: &Expr| match select.order_by.as_slice() {
        [key] => render::expr(&key.expr) == render::expr(expr),
        _ => false,
    };
    let ordered = match &select.shape {
        Shape::Value(value) => sorted_by(value),
        Shape::Fields(fields) => {
            matches!(fields.as_slice(), [Field { expr, .. }] if sorted_by(expr))
        }
        Shape::Star => false,
    };
    match (select.distinct, ordered) {
        (false, _) => "None",
        (true, true) => "Ordered",
        (true, false) => "Unordered",
    }
}

/// The text for each partition; empty where it is the query's own.
fn rewritten(select: &Select, parameters: &Map<String, Value>) -> String {
    let mut part = Select { window: None, ..select.clone() };
    if let Some(window) = &select.window {
        let all = rows(&window.offset, parameters).zip(rows(&window.limit, parameters));
        let Some((offset, limit)) = all else { return String::new() };
        let limit = Bound::Number(offset.saturating_add(limit));
        part.window = Some(Window { offset: Bound::Number(0), limit });
    }
    if !select.order_by.is_empty() {
        return by_order(part);
    }
    if select.grouping.is_some() {
        part.shape = folded(select);
        return render::select(&part);
    }
    if part.window.is_some() { render::select(&part) } else { String::new() }
}

/// `SELECT c._rid, [{"item": key}] AS orderByItems, … AS payload`
fn by_order(mut part: Select) -> String {
    let items = part.order_by.iter().map(|key| item(key.expr.clone())).collect();
    let payload = match part.shape {
        Shape::Star => part.sources.first().and_then(row).unwrap_or(Expr::Undefined),
        Shape::Value(value) => value,
        Shape::Fields(fields) => {
            Expr::Object(fields.into_iter().map(|field| (field.name, field.expr)).collect())
        }
    };
    let rid = part.sources.first().and_then(row).map(|row| {
        let expr = Expr::Path(Box::new(row), vec![ast::Step::Field("_rid".to_owned())]);
        Field { name: "_rid".to_owned(), named: false, expr }
    });
    part.shape = Shape::Fields(
        rid.into_iter()
            .chain([named("orderByItems", Expr::Array(items)), named("payload", payload)])
            .collect(),
    );
    // Repeats are dropped by the client: with `_rid`, no two rows are the same.
    part.distinct = false;
    let filter = match &part.filter {
        Some(filter) => format!("(({}) AND ({RESUME_FILTER}))", render::expr(filter)),
        None => format!("({RESUME_FILTER})"),
    };
    render::with_filter(&part, Some(filter))
}

/// The row of a source, as an expression.
fn row(source: &ast::Source) -> Option<Expr> {
    let name = match (&source.alias, &source.collection) {
        (Some(alias), _) => alias.as_str(),
        (None, ast::Collection::Path(path)) => container_name(path)?,
        (None, ast::Collection::Subquery(_)) => return None,
    };
    Some(Expr::Variable(ast::Name { text: name.to_owned(), offset: 0 }))
}

/// The SELECT clause of a query that folds its rows, for one partition.
fn folded(select: &Select) -> Shape {
    let payload = match &select.shape {
        Shape::Star => Expr::Undefined,
        Shape::Value(value) if select.group_by.is_empty() => {
            return Shape::Value(Expr::Array(vec![partial(value)]));
        }
        Shape::Value(value) => partial(value),
        Shape::Fields(fields) => Expr::Object(
            fields.iter().map(|field| (field.name.clone(), partial(&field.expr))).collect(),
        ),
    };
    let keys: Vec<_> = select.group_by.iter().map(|key| item(key.clone())).collect();
    let keys = (!keys.is_empty()).then(|| named("groupByItems", Expr::Array(keys)));
    Shape::Fields(keys.into_iter().chain([named("payload", payload)]).collect())
}

/// What the client needs to combine an aggregate over partitions; other expressions as they are.
fn partial(expr: &Expr) -> Expr {
    let Expr::Aggregate(aggregate, of, _) = expr else { return expr.clone() };
    let of = |aggregate| Expr::Aggregate(aggregate, of.clone(), 0);
    match aggregate {
        Aggregate::Count | Aggregate::Sum => item(of(*aggregate)),
        Aggregate::Avg => {
            item(object([("sum", of(Aggregate::Sum)), ("count", of(Aggregate::Count))]))
        }
        Aggregate::Min => extreme("min", of(Aggregate::Min), of(Aggregate::Count)),
        Aggregate::Max => extreme("max", of(Aggregate::Max), of(Aggregate::Count)),
    }
}

fn extreme(name: &'static str, extreme: Expr, count: Expr) -> Expr {
    let counted = object([(name, extreme.clone()), ("count", count)]);
    object([("item", extreme), ("item2", counted)])
}

fn item(expr: Expr) -> Expr {
    object([("item", expr)])
}

fn object<const N: usize>(fields: [(&str, Expr); N]) -> Expr {
    Expr::Object(fields.map(|(name, expr)| (name.to_owned(), expr)).into())
}

fn named(name: &str, expr: Expr) -> Field {
    Field { name: name.to_owned(), named: true, expr }
}

/// The columns of a SELECT list that folds rows, each with its aggregate or null.
fn columns(select: &Select) -> Vec<(String, Value)> {
    match &select.shape {
        Shape::Fields(fields) if select.grouping.is_some() => {
            let column = |field: &Field| (field.name.clone(), json!(aggregate(&field.expr)));
            fields.iter().map(column).collect()
        }
        Shape::Fields(_) | Shape::Star | Shape::Value(_) => Vec::new(),
    }
}

/// The aggregate of `SELECT VALUE aggregate(…)`.
fn value_aggregate(select: &Select) -> Option<Aggregate> {
    match &select.shape {
        Shape::Value(Expr::Aggregate(aggregate, ..)) => Some(*aggregate),
        Shape::Value(_) | Shape::Fields(_) | Shape::Star => None,
    }
}

fn aggregate(expr: &Expr) -> Option<&'static str> {
    let Expr::Aggregate(aggregate, ..) = expr else { return None };
    Some(title(*aggregate))
}

/// The name of an aggregate in a plan.
fn title(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Avg => "Average",
        Aggregate::Count => "Count",
        Aggregate::Max => "Max",
        Aggregate::Min => "Min",
        Aggregate::Sum => "Sum",
    }
}
