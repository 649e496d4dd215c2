//! ORDER BY: rows by their keys, and no more of them than are wanted.

use super::collect::project;
use super::{Scope, compare};
use crate::cosmos::query::ast::{OrderKey, Shape};
use crate::cosmos::query::error::QueryError;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The rows met so far that may still be wanted.
pub(super) struct Sorted<'s> {
    keys: &'s [OrderKey],
    wanted: usize,
    rows: Vec<(Vec<Option<Value>>, Value)>,
    /// The keys of the last row that is wanted for sure: what comes after it is not.
    last: Option<Vec<Option<Value>>>,
}

impl<'s> Sorted<'s> {
    pub(super) fn new(keys: &'s [OrderKey], wanted: usize) -> Self {
        Self { keys, wanted, rows: Vec::new(), last: None }
    }

    /// Keeps the row if it may be wanted.
    pub(super) fn row(&mut self, scope: &Scope<'_>, shape: &Shape) -> Result<(), QueryError> {
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in self.keys {
            keys.push(scope.scalar(&key.expr)?);
        }
        let keys = keys;
        let late = self.last.as_ref().is_some_and(|last| {
            let last = last.iter().map(Option::as_ref);
            self.order(last, keys.iter().map(Option::as_deref)).is_le()
        });
        if late {
            return Ok(());
        }
        if let Some(value) = project(shape, scope)? {
            let keys = keys.into_iter().map(|key| key.map(Cow::into_owned)).collect();
            self.rows.push((keys, scope.own(value)?));
        }
        // Twice as many as wanted: sorting then costs the same for every row that comes.
        if self.wanted.saturating_mul(2).max(SPARE) <= self.rows.len() {
            self.sort();
        }
        Ok(())
    }

    /// The values in order.
    pub(super) fn finish(mut self) -> Vec<Value> {
        self.sort();
        self.rows.into_iter().map(|(_, value)| value).collect()
    }

    /// Sorts and drops what is not wanted. The sort is stable: equal keys stay in storage order.
    fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|(left, _), (right, _)| {
            self.order(left.iter().map(Option::as_ref), right.iter().map(Option::as_ref))
        });
        if self.wanted <= rows.len() {
            rows.truncate(self.wanted);
            self.last = rows.last().map(|(keys, _)| keys.clone());
        }
        self.rows = rows;
    }

    fn order<'v>(
        &self,
        left: impl Iterator<Item = Option<&'v Value>>,
        right: impl Iterator<Item = Option<&'v Value>>,
    ) -> Ordering {
        let by_key = self.keys.iter().zip(left.zip(right)).map(|(key, (left, right))| {
            let order = compare::total(left, right);
            if key.descending { order.reverse() } else { order }
        });
        by_key.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// Rows that are kept without a thought.
const SPARE: usize = 64;
