//! Rules of subscriptions.

use super::{
    super::{
        condition::{ARGUMENT, Problem},
        engine::{World, properties},
        value::{Ask, described, map, named, string},
    },
    Answer, Call, missing,
};
use crate::servicebus::filter::{Action, Correlation, Filter, Predicate, Rule, SYSTEM, SqlError};
use serde_amqp::{Value, primitives::OrderedMap};

/// Descriptor codes of rules, filters and actions.
mod code {
    /// A rule; the JS SDK keeps only what has this very code.
    pub(super) const RULE: u64 = 0x137_0000_0004;
    /// No action.
    pub(super) const EMPTY_ACTION: u64 = 0x137_0000_0005;
    /// An action, and the level of its dialect.
    pub(super) const SQL_ACTION: u64 = 0x137_0000_0006;
    /// A condition, and the level of its dialect.
    pub(super) const SQL_FILTER: u64 = 0x13_7000_0006;
    /// The filter that takes everything.
    pub(super) const TRUE_FILTER: u64 = 0x13_7000_0007;
    /// The filter that takes nothing.
    pub(super) const FALSE_FILTER: u64 = 0x13_7000_0008;
    /// Eight system properties and a map of application properties.
    pub(super) const CORRELATION_FILTER: u64 = 0x13_7000_0009;
}

/// What Azure calls the level of its SQL dialect.
const SQL_LEVEL: i32 = 20;

/// Adds a rule.
pub(super) fn add(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let queue = call.queue(world)?;
    let description = call.field("rule-description");
    let action = description.entry("sql-rule-action").entry("expression").text();
    let action = action.filter(|text| !text.trim().is_empty());
    let rule = Rule {
        name: call.text("rule-name")?.to_owned(),
        filter: filter(description)?,
        action: action.map(Action::parse).transpose().map_err(bad_sql)?,
    };
    world.broker.add_rule(queue, rule)?;
    Ok(Some(map([])))
}

/// Removes a rule.
pub(super) fn remove(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    world.broker.remove_rule(call.queue(world)?, call.text("rule-name")?)?;
    Ok(Some(map([])))
}

/// A page of the rules.
pub(super) fn list(call: &Call<'_>, world: &mut World<'_>) -> Answer {
    let queue = call.queue(world)?;
    let skip = usize::try_from(call.number("skip")?).unwrap_or(0);
    let top = usize::try_from(call.number("top")?).unwrap_or(0);
    let rules = world.broker.rules(queue)?.iter().skip(skip).take(top);
    let rules: Vec<_> = rules.map(|rule| named([("rule-description", to_value(rule))])).collect();
    if rules.is_empty() {
        return Ok(None);
    }
    Ok(Some(named([("rules", Value::List(rules))])))
}

/// The filter that a rule description holds.
fn filter(description: &Value) -> Result<Filter, Problem> {
    if let Some(expression) = description.entry("sql-filter").entry("expression").text() {
        return Predicate::parse(expression).map(Filter::Sql).map_err(bad_sql);
    }
    let found = description.entry("correlation-filter");
    if found.pairs().is_none() {
        return Err(missing("rule-description"));
    }
    let correlation = Correlation {
        system: SYSTEM.map(|(_, _, key)| found.entry(key).text().map(str::to_owned)),
        properties: properties(found.entry("properties")),
    };
    if correlation.is_empty() {
        return Err(Problem::new(ARGUMENT, "A correlation filter names at least one property."));
    }
    Ok(Filter::Correlation(correlation))
}

/// The answer to an expression that does not parse.
fn bad_sql(error: SqlError) -> Problem {
    Problem::new(ARGUMENT, format!("The SQL expression is not valid: {error}."))
}

/// A rule as the wire has it.
fn to_value(rule: &Rule) -> Value {
    let sql = |code, text: &str| described(code, vec![string(text), Value::Int(SQL_LEVEL)]);
    let filter = match &rule.filter {
        Filter::True => described(code::TRUE_FILTER, vec![]),
        Filter::False => described(code::FALSE_FILTER, vec![]),
        Filter::Sql(predicate) => sql(code::SQL_FILTER, predicate.text()),
        Filter::Correlation(correlation) => {
            let system = correlation.system.iter();
            let mut fields: Vec<Value> =
                system.map(|text| text.as_deref().map_or(Value::Null, string)).collect();
            let user = correlation.properties.iter();
            let user = user.map(|(key, value)| (string(&**key), value.clone()));
            fields.push(Value::Map(user.collect::<OrderedMap<_, _>>()));
            described(code::CORRELATION_FILTER, fields)
        }
    };
    let action = match &rule.action {
        Some(action) => sql(code::SQL_ACTION, action.text()),
        None => described(code::EMPTY_ACTION, vec![]),
    };
    described(code::RULE, vec![filter, action, string(&*rule.name)])
}
