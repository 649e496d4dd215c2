//! The value of an expression for one row.

use super::{Datum, Scope, collect, compare, extent, like, operators, weight};
use crate::cosmos::query::ast::{BinaryOp, Call, Expr, Select, Step, UnaryOp};
use crate::cosmos::query::error::QueryError;
use crate::cosmos::query::limits::BUILT_BYTES_MAX;
use serde_json::{Map, Value};
use std::borrow::Cow;

impl<'e> Scope<'e> {
    /// The value, or undefined.
    pub(super) fn scalar(&self, expr: &'e Expr) -> Result<Datum<'e>, QueryError> {
        self.context.charge(1, 0)?;
        match expr {
            Expr::Undefined => Ok(None),
            Expr::Literal(value) => Ok(Some(Cow::Borrowed(value))),
            Expr::Parameter(name) => self.parameter(name).map(|value| Some(Cow::Borrowed(value))),
            Expr::Variable(name) => Ok(self.variable(&name.text)),
            Expr::Path(base, steps) => self.path(base, steps),
            Expr::Unary(UnaryOp::Not, of) => Ok(truth(self.truth(of)?.map(|truth| !truth))),
            Expr::Unary(op, of) => Ok(operators::unary(*op, self.scalar(of)?.as_deref())),
            Expr::Chain(first, rest) => self.chain(first, rest),
            Expr::And(all) => self.all(all).map(truth),
            Expr::Or(all) => self.any(all).map(truth),
            Expr::Coalesce(all) => self.first_defined(all),
            Expr::Conditional(three) => {
                let [condition, yes, no] = &**three;
                if self.truth(condition)? == Some(true) {
                    self.scalar(yes)
                } else {
                    self.scalar(no)
                }
            }
            Expr::In(value, among) => self.is_in(value, among),
            Expr::Between(three) => self.between(three),
            Expr::Like(two, escape) => self.like(two, *escape),
            Expr::Array(items) => self.array(items),
            Expr::Object(fields) => self.object(fields),
            Expr::Call(call) => self.call(call),
            Expr::Exists(select) => Ok(truth(Some(collect::exists(select, self)?))),
            Expr::Gather(select) => {
                let values = super::rows::correlated(select, self)?;
                Ok(Some(Cow::Owned(Value::Array(values))))
            }
            Expr::Single(select) => self.single(select),
            Expr::Held(number) => {
                Ok(self.held.get(*number).and_then(Option::as_ref).map(Cow::Borrowed))
            }
            // The check lifts aggregates out of every expression that is evaluated by row.
            Expr::Aggregate(_, _, offset) => {
                Err(QueryError::invalid(*offset, "an aggregate outside of SELECT"))
            }
        }
    }

    /// The value if it is a boolean.
    fn truth(&self, expr: &'e Expr) -> Result<Option<bool>, QueryError> {
        Ok(self.scalar(expr)?.and_then(|value| value.as_bool()))
    }

    /// `AND`: false as soon as one is false, true if all are true, undefined otherwise.
    fn all(&self, operands: &'e [Expr]) -> Result<Option<bool>, QueryError> {
        let mut result = Some(true);
        for operand in operands {
            match self.truth(operand)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }

    /// `OR`: true as soon as one is true, false if all are false, undefined otherwise.
    fn any(&self, operands: &'e [Expr]) -> Result<Option<bool>, QueryError> {
        let mut result = Some(false);
        for operand in operands {
            match self.truth(operand)? {
                Some(false) => {}
                Some(true) => return Ok(Some(true)),
                None => result = None,
            }
        }
        Ok(result)
    }

    fn first_defined(&self, operands: &'e [Expr]) -> Result<Datum<'e>, QueryError> {
        for operand in operands {
            let value = self.scalar(operand)?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    fn chain(
        &self,
        first: &'e Expr,
        rest: &'e [(BinaryOp, Expr)],
    ) -> Result<Datum<'e>, QueryError> {
        let mut left = self.scalar(first)?;
        for (op, operand) in rest {
            let right = self.scalar(operand)?;
            left = operators::binary(*op, left.as_deref(), right.as_deref());
            if *op == BinaryOp::Concat {
                self.charge_text(left.as_deref())?;
            }
        }
        Ok(left)
    }

    /// Counts a text that was put together, and refuses one that is longer than may be.
    fn charge_text(&self, text: Option<&Value>) -> Result<(), QueryError> {
        let length = text.and_then(Value::as_str).map_or(0, str::len);
        if BUILT_BYTES_MAX < length {
            let what = format!("a text of {length} bytes; {BUILT_BYTES_MAX} are allowed");
            return Err(QueryError::limit(0, what));
        }
        self.context.charge(text.map_or(0, weight), 0)
    }

    fn path(&self, base: &'e Expr, steps: &'e [Step]) -> Result<Datum<'e>, QueryError> {
        let mut value = self.scalar(base)?;
        for step in steps {
            let Some(here) = value else { return Ok(None) };
            value = match step {
                Step::Field(name) => field(here, name),
                Step::Index(index) => element(here, *index),
                Step::Computed(key) => match self.scalar(key)?.as_deref() {
                    Some(Value::String(name)) => field(here, name),
                    Some(Value::Number(index)) => {
                        operators::index(index).and_then(|index| element(here, index))
                    }
                    Some(_) | None => None,
                },
            };
        }
        Ok(value)
    }

    /// `IN`: as the equalities with `OR` between them.
    fn is_in(&self, value: &'e Expr, among: &'e [Expr]) -> Result<Datum<'e>, QueryError> {
        let value = self.scalar(value)?;
        let mut result = Some(false);
        for candidate in among {
            let candidate = self.scalar(candidate)?;
            match compare::equality(value.as_deref(), candidate.as_deref()) {
                Some(true) => return Ok(truth(Some(true))),
                Some(false) => {}
                None => result = None,
            }
        }
        Ok(truth(result))
    }

    fn between(&self, three: &'e [Expr; 3]) -> Result<Datum<'e>, QueryError> {
        let [value, low, high] = three;
        let (value, low, high) = (self.scalar(value)?, self.scalar(low)?, self.scalar(high)?);
        let above = compare::order(low.as_deref(), value.as_deref()).map(std::cmp::Ordering::is_le);
        let below =
            compare::order(value.as_deref(), high.as_deref()).map(std::cmp::Ordering::is_le);
        Ok(truth(match (above, below) {
            (Some(above), Some(below)) => Some(above && below),
            (Some(false), None) | (None, Some(false)) => Some(false),
            (_, _) => None,
        }))
    }

    fn like(&self, two: &'e [Expr; 2], escape: Option<char>) -> Result<Datum<'e>, QueryError> {
        let [value, pattern] = two;
        let (value, pattern) = (self.scalar(value)?, self.scalar(pattern)?);
        match (value.as_deref(), pattern.as_deref()) {
            (Some(Value::String(value)), Some(Value::String(pattern))) => {
                let pattern = like::Pattern::new(pattern, escape);
                self.context.charge(pattern.work(value), 0)?;
                Ok(truth(Some(pattern.matches(value))))
            }
            (_, _) => Ok(None),
        }
    }

    /// `[…]`, without what is undefined.
    fn array(&self, items: &'e [Expr]) -> Result<Datum<'e>, QueryError> {
        let mut array = Vec::with_capacity(items.len());
        for item in items {
            if let Some(value) = self.scalar(item)? {
                array.push(self.own(value)?);
            }
        }
        Ok(Some(Cow::Owned(Value::Array(array))))
    }

    /// `{…}`, without what is undefined.
    fn object(&self, fields: &'e [(String, Expr)]) -> Result<Datum<'e>, QueryError> {
        let mut object = Map::new();
        for (name, field) in fields {
            if let Some(value) = self.scalar(field)? {
                object.insert(name.clone(), self.own(value)?);
            }
        }
        Ok(Some(Cow::Owned(Value::Object(object))))
    }

    fn call(&self, call: &'e Call) -> Result<Datum<'e>, QueryError> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            let argument = self.scalar(argument)?;
            self.context.charge(argument.as_deref().map_or(0, extent), call.offset)?;
            arguments.push(argument);
        }
        let result = call.function.apply(&arguments, self.context, call.offset)?;
        if let Some(Cow::Owned(value)) = &result {
            self.context.charge(weight(value), call.offset)?;
        }
        Ok(result)
    }

    /// The only value of a subquery, undefined if it has none.
    fn single(&self, select: &'e Select) -> Result<Datum<'e>, QueryError> {
        let mut values = super::rows::correlated(select, self)?.into_iter();
        let value = values.next();
        if values.next().is_some() {
            let what = "a subquery of more than one value where one is needed";
            return Err(QueryError::invalid(select.offset, what));
        }
        Ok(value.map(Cow::Owned))
    }
}

/// A truth as a value.
fn truth<'e>(truth: Option<bool>) -> Datum<'e> {
    truth.map(|truth| Cow::Owned(Value::Bool(truth)))
}

fn field<'e>(value: Cow<'e, Value>, name: &str) -> Datum<'e> {
    match value {
        Cow::Borrowed(value) => value.as_object()?.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut fields)) => fields.remove(name).map(Cow::Owned),
        Cow::Owned(_) => None,
    }
}

fn element(value: Cow<'_, Value>, index: usize) -> Datum<'_> {
    match value {
        Cow::Borrowed(value) => value.as_array()?.get(index).map(Cow::Borrowed),
        Cow::Owned(Value::Array(items)) => items.into_iter().nth(index).map(Cow::Owned),
        Cow::Owned(_) => None,
    }
}
