//! Rules of subscriptions in a `Config.json`.

use super::node::Node;
use crate::servicebus::filter::{Action, Correlation, Filter, Predicate, Rule, SYSTEM, SqlError};
use serde_amqp::Value;
use std::{collections::HashSet, fmt::Display};

/// The rules; the one that takes everything if there are none.
pub(super) fn read(node: &Node<'_>) -> Vec<Rule> {
    let mut names = HashSet::new();
    let rules = node.elements();
    if rules.is_empty() {
        return vec![Rule::default_one()];
    }
    rules.iter().filter_map(|node| rule(node, &mut names)).collect()
}

/// One rule; none if its filter cannot be used.
fn rule(node: &Node<'_>, names: &mut HashSet<String>) -> Option<Rule> {
    node.only(&["Name", "Properties"]);
    let at = node.get("Name");
    let name = at.required_text();
    if !name.is_empty() && !names.insert(name.to_lowercase()) {
        at.wrong(format!("'{name}' is there twice"));
    }
    let properties = node.get("Properties");
    properties.only(&["FilterType", "CorrelationFilter", "SqlFilter", "Action"]);
    let kind = properties.get("FilterType");
    let filter = match kind.required_text().to_ascii_lowercase().as_str() {
        "correlation" => Some(correlation(&properties.get("CorrelationFilter"))),
        "sql" => sql(&properties.get("SqlFilter"), Predicate::parse).map(Filter::Sql),
        "" => None,
        _ => {
            kind.wrong("must be Correlation or Sql");
            None
        }
    };
    let action = properties.get("Action");
    let action = action.is_there().then(|| sql(&action, Action::parse)).flatten();
    Some(Rule { name, filter: filter?, action })
}

/// An expression, parsed.
fn sql<T>(node: &Node<'_>, parse: impl FnOnce(&str) -> Result<T, SqlError>) -> Option<T> {
    node.only(&["SqlExpression", "RequiresPreprocessing", "CompatibilityLevel"]);
    let expression = node.get("SqlExpression");
    let text = expression.required_text();
    if text.is_empty() {
        return None;
    }
    noted(&expression, parse(&text))
}

/// A correlation filter.
fn correlation(node: &Node<'_>) -> Filter {
    node.only(&[&SYSTEM.map(|(_, name, _)| name)[..], &["Properties"]].concat());
    let properties = node.get("Properties");
    let properties = properties.members().into_iter().filter_map(|(key, value)| {
        let value = property(value);
        if value.is_none() {
            properties.get(&key).wrong("must be a string, a number or a boolean");
        }
        Some((key, value?))
    });
    let correlation = Correlation {
        system: SYSTEM.map(|(_, name, _)| node.get(name).text()),
        properties: properties.collect(),
    };
    if correlation.is_empty() {
        node.wrong("names no property; a filter for everything is the SQL filter 1=1");
    }
    Filter::Correlation(correlation)
}

/// An application property as the wire has it.
fn property(value: &serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::String(text) => Some(Value::String(text.clone())),
        serde_json::Value::Bool(flag) => Some(Value::Bool(*flag)),
        serde_json::Value::Number(number) => {
            let whole = number.as_i64().map(Value::Long);
            whole.or_else(|| number.as_f64().map(Value::from))
        }
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            None
        }
    }
}

/// Notes an error.
fn noted<T, E: Display>(node: &Node<'_>, result: Result<T, E>) -> Option<T> {
    result.map_err(|error| node.wrong(error)).ok()
}
