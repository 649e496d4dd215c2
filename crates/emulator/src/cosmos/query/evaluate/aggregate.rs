//! GROUP BY and the aggregates.

use super::collect::{canonical, project};
use super::{Context, Scope, compare, operators};
use crate::cosmos::query::ast::{Aggregate, Expr, Grouping};
use crate::cosmos::query::error::QueryError;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The groups met so far, in order of appearance.
pub(super) struct Groups<'s> {
    keys: &'s [Expr],
    grouping: &'s Grouping,
    by_keys: HashMap<String, usize>,
    all: Vec<Group>,
}

/// One group: its keys, and what it has collected.
struct Group {
    keys: Vec<Option<Value>>,
    collected: Vec<Collected>,
}

impl<'s> Groups<'s> {
    pub(super) fn new(keys: &'s [Expr], grouping: &'s Grouping) -> Self {
        let mut groups = Self { keys, grouping, by_keys: HashMap::new(), all: Vec::new() };
        if keys.is_empty() {
            // Without GROUP BY there is one group, even of no rows.
            groups.all.push(Group::new(Vec::new(), grouping));
        }
        groups
    }

    /// Adds the row to its group.
    pub(super) fn row(&mut self, scope: &Scope<'_>) -> Result<(), QueryError> {
        let index = if self.keys.is_empty() { 0 } else { self.group(scope)? };
        let Some(group) = self.all.get_mut(index) else { return Ok(()) };
        for ((_, of), collected) in self.grouping.aggregates.iter().zip(&mut group.collected) {
            if let Some(value) = scope.scalar(of)? {
                collected.add(&value);
            }
        }
        Ok(())
    }

    /// The number of the row's group, a new one if need be.
    fn group(&mut self, scope: &Scope<'_>) -> Result<usize, QueryError> {
        let mut name = String::new();
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in self.keys {
            let key = scope.scalar(key)?;
            name.push_str(&key.as_deref().map_or_else(String::new, canonical));
            name.push('\u{0}');
            keys.push(key);
        }
        if let Some(index) = self.by_keys.get(&name) {
            return Ok(*index);
        }
        let mut owned = Vec::with_capacity(keys.len());
        for key in keys {
            owned.push(key.map(|key| scope.own(key)).transpose()?);
        }
        let index = self.all.len();
        self.by_keys.insert(name, index);
        self.all.push(Group::new(owned, self.grouping));
        Ok(index)
    }

    /// What the SELECT clause makes of each group.
    pub(super) fn finish(self, context: &Context<'_>) -> Result<Vec<Value>, QueryError> {
        let mut values = Vec::with_capacity(self.all.len());
        for Group { keys, collected } in self.all {
            let mut held = keys;
            held.extend(collected.into_iter().map(Collected::result));
            let scope = Scope { context, frame: None, held: &held };
            let value = project(&self.grouping.shape, &scope)?;
            values.extend(value.map(Cow::into_owned));
        }
        Ok(values)
    }
}

impl Group {
    fn new(keys: Vec<Option<Value>>, grouping: &Grouping) -> Self {
        let collected = grouping.aggregates.iter().map(|(kind, _)| Collected::new(*kind)).collect();
        Self { keys, collected }
    }
}

/// What one aggregate knows after some values. Undefined ones are not even shown to it.
enum Collected {
    Count(u64),
    /// Once a value is no number, the sum is undefined.
    Sum(Option<Value>),
    Average {
        sum: Option<f64>,
        count: f64,
    },
    /// The first in the given order; undefined once a value is an array or an object.
    Extreme {
        wanted: Ordering,
        best: Option<Value>,
        spoilt: bool,
    },
}

impl Collected {
    fn new(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Count => Self::Count(0),
            Aggregate::Sum => Self::Sum(Some(Value::from(0))),
            Aggregate::Avg => Self::Average { sum: Some(0.0), count: 0.0 },
            Aggregate::Min => Self::Extreme { wanted: Ordering::Less, best: None, spoilt: false },
            Aggregate::Max => {
                Self::Extreme { wanted: Ordering::Greater, best: None, spoilt: false }
            }
        }
    }

    fn add(&mut self, value: &Value) {
        match self {
            Self::Count(count) => *count += 1,
            Self::Sum(sum) => {
                let added = operators::sum(sum.as_ref(), value);
                *sum = added;
            }
            Self::Average { sum, count } => {
                *sum = sum.zip(value.as_f64()).map(|(sum, value)| sum + value);
                *count += 1.0;
            }
            Self::Extreme { wanted, best, spoilt } => {
                *spoilt |= value.is_array() || value.is_object();
                let better = best
                    .as_ref()
                    .is_none_or(|best| compare::total(Some(value), Some(best)) == *wanted);
                if better && !*spoilt {
                    *best = Some(value.clone());
                }
            }
        }
    }

    fn result(self) -> Option<Value> {
        match self {
            Self::Count(count) => Some(Value::from(count)),
            Self::Sum(sum) => sum,
            Self::Average { sum, count } => sum.and_then(|sum| operators::number(sum / count)),
            Self::Extreme { best, spoilt, .. } => best.filter(|_| !spoilt),
        }
    }
}
