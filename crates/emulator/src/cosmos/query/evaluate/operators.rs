//! Arithmetic, bits, comparison and concatenation of values. Anything else than the right types
//! yields undefined, and so does a result that JSON cannot express.

use super::{Datum, compare};
use crate::cosmos::query::ast::{BinaryOp, UnaryOp};
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// `NOT`, `-`, `+`, `~`
pub(super) fn unary<'e>(op: UnaryOp, of: Option<&Value>) -> Datum<'e> {
    let result = match op {
        UnaryOp::Not => Value::Bool(!of?.as_bool()?),
        UnaryOp::Minus => number(-of?.as_f64()?)?,
        UnaryOp::Plus => Value::Number(of?.as_number()?.clone()),
        UnaryOp::BitNot => Value::from(!bits(of?)?),
    };
    Some(Cow::Owned(result))
}

/// An operator between two values.
pub(super) fn binary<'e>(op: BinaryOp, left: Option<&Value>, right: Option<&Value>) -> Datum<'e> {
    let ordered = |wanted: fn(Ordering) -> bool| compare::order(left, right).map(wanted);
    let result = match op {
        BinaryOp::Equal => Value::Bool(compare::equality(left, right)?),
        BinaryOp::NotEqual => Value::Bool(!compare::equality(left, right)?),
        BinaryOp::Less => Value::Bool(ordered(Ordering::is_lt)?),
        BinaryOp::LessOrEqual => Value::Bool(ordered(Ordering::is_le)?),
        BinaryOp::Greater => Value::Bool(ordered(Ordering::is_gt)?),
        BinaryOp::GreaterOrEqual => Value::Bool(ordered(Ordering::is_ge)?),
        BinaryOp::Concat => Value::String(format!("{}{}", left?.as_str()?, right?.as_str()?)),
        BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::BitAnd
        | BinaryOp::ShiftLeft
        | BinaryOp::ShiftRight
        | BinaryOp::ShiftRightZero => Value::from(bitwise(op, bits(left?)?, bits(right?)?)?),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Modulo => arithmetic(op, left?, right?)?,
    };
    Some(Cow::Owned(result))
}

/// The sum of two numbers.
pub(super) fn sum(left: Option<&Value>, right: &Value) -> Option<Value> {
    arithmetic(BinaryOp::Add, left?, right)
}

/// A double as a JSON number, whole numbers without a fraction.
pub(in crate::cosmos::query) fn number(double: f64) -> Option<Value> {
    /// Up to here, every whole double is exactly one integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if double.fract() == 0.0 && double.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
        return Some(Value::from(double as i64));
    }
    Number::from_f64(double).map(Value::Number)
}

/// A number as an index: whole and not negative.
pub(in crate::cosmos::query) fn index(number: &Number) -> Option<usize> {
    let whole = match number.as_u64() {
        Some(whole) => whole,
        None => self::number(number.as_f64()?)?.as_u64()?,
    };
    usize::try_from(whole).ok()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "called for arithmetic only")]
fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
    let (a, b) = (left.as_number()?, right.as_number()?);
    let exact = match (op, a.as_i64(), b.as_i64()) {
        (BinaryOp::Add, Some(a), Some(b)) => a.checked_add(b),
        (BinaryOp::Subtract, Some(a), Some(b)) => a.checked_sub(b),
        (BinaryOp::Multiply, Some(a), Some(b)) => a.checked_mul(b),
        (_, _, _) => None,
    };
    if let Some(exact) = exact {
        return Some(Value::from(exact));
    }
    let (a, b) = (a.as_f64()?, b.as_f64()?);
    match op {
        BinaryOp::Add => number(a + b),
        BinaryOp::Subtract => number(a - b),
        BinaryOp::Multiply => number(a * b),
        BinaryOp::Divide => number(a / b),
        BinaryOp::Modulo => number(a % b),
        _ => None,
    }
}

/// The integer that the bits of a number are taken from.
fn bits(value: &Value) -> Option<i64> {
    match value.as_i64() {
        Some(whole) => Some(whole),
        None => number(value.as_f64()?.trunc())?.as_i64(),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "called for bits only")]
fn bitwise(op: BinaryOp, left: i64, right: i64) -> Option<i64> {
    let by = u32::try_from(right & 63).ok()?;
    match op {
        BinaryOp::BitOr => Some(left | right),
        BinaryOp::BitXor => Some(left ^ right),
        BinaryOp::BitAnd => Some(left & right),
        BinaryOp::ShiftLeft => Some(left.wrapping_shl(by)),
        BinaryOp::ShiftRight => Some(left.wrapping_shr(by)),
        BinaryOp::ShiftRightZero => Some(left.cast_unsigned().wrapping_shr(by).cast_signed()),
        _ => None,
    }
}
