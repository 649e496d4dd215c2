//! Functions of numbers. They count in doubles, and a result that JSON cannot express is undefined.

use super::{Function, result, value, whole};
use crate::cosmos::query::evaluate::{Datum, operators};
use std::borrow::Cow;
use std::f64::consts::PI;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ABS", 1, 1, |given| of_one(given, f64::abs)),
    Function::new("ACOS", 1, 1, |given| of_one(given, f64::acos)),
    Function::new("ASIN", 1, 1, |given| of_one(given, f64::asin)),
    Function::new("ATAN", 1, 1, |given| of_one(given, f64::atan)),
    Function::new("ATN2", 2, 2, |given| of_two(given, f64::atan2)),
    Function::new("CEILING", 1, 1, |given| of_one(given, f64::ceil)),
    Function::new("COS", 1, 1, |given| of_one(given, f64::cos)),
    Function::new("COT", 1, 1, |given| of_one(given, |x| 1.0 / x.tan())),
    Function::new("DEGREES", 1, 1, |given| of_one(given, f64::to_degrees)),
    Function::new("EXP", 1, 1, |given| of_one(given, f64::exp)),
    Function::new("FLOOR", 1, 1, |given| of_one(given, f64::floor)),
    Function::new("LOG", 1, 2, |given| {
        if given.len() < 2 { of_one(given, f64::ln) } else { of_two(given, f64::log) }
    }),
    Function::new("LOG10", 1, 1, |given| of_one(given, f64::log10)),
    Function::new("PI", 0, 0, |_| result(PI)),
    Function::new("POWER", 2, 2, |given| of_two(given, f64::powf)),
    Function::new("RADIANS", 1, 1, |given| of_one(given, f64::to_radians)),
    Function::new("ROUND", 1, 2, round),
    Function::new("SIGN", 1, 1, |given| of_one(given, |x| if x == 0.0 { 0.0 } else { x.signum() })),
    Function::new("SIN", 1, 1, |given| of_one(given, f64::sin)),
    Function::new("SQRT", 1, 1, |given| of_one(given, f64::sqrt)),
    Function::new("SQUARE", 1, 1, |given| of_one(given, |x| x * x)),
    Function::new("TAN", 1, 1, |given| of_one(given, f64::tan)),
    Function::new("TRUNC", 1, 1, |given| of_one(given, f64::trunc)),
    Function::new("INTADD", 2, 2, |given| of_integers(given, i64::wrapping_add)),
    Function::new("INTSUB", 2, 2, |given| of_integers(given, i64::wrapping_sub)),
    Function::new("INTMUL", 2, 2, |given| of_integers(given, i64::wrapping_mul)),
    Function::new("INTDIV", 2, 2, |given| {
        whole(given, 1).filter(|divisor| *divisor != 0)?;
        of_integers(given, i64::wrapping_div)
    }),
    Function::new("INTMOD", 2, 2, |given| {
        whole(given, 1).filter(|divisor| *divisor != 0)?;
        of_integers(given, i64::wrapping_rem)
    }),
];

fn double(given: &[Datum<'_>], index: usize) -> Option<f64> {
    value(given, index)?.as_f64()
}

fn of_one<'e>(given: &[Datum<'e>], of: fn(f64) -> f64) -> Datum<'e> {
    operators::number(of(double(given, 0)?)).map(Cow::Owned)
}

fn of_two<'e>(given: &[Datum<'e>], of: fn(f64, f64) -> f64) -> Datum<'e> {
    operators::number(of(double(given, 0)?, double(given, 1)?)).map(Cow::Owned)
}

fn of_integers<'e>(given: &[Datum<'e>], of: fn(i64, i64) -> i64) -> Datum<'e> {
    let (left, right) = (value(given, 0)?.as_i64()?, value(given, 1)?.as_i64()?);
    result(of(left, right))
}

/// To so many digits after the point, halves away from zero.
fn round<'e>(given: &[Datum<'e>]) -> Datum<'e> {
    let number = double(given, 0)?;
    let digits = if given.len() < 2 { 0 } else { whole(given, 1)? };
    // Beyond this, a double has no digits left to round.
    let digits = i32::try_from(digits).ok().filter(|digits| (-308..=308).contains(digits))?;
    let scale = 10_f64.powi(digits);
    let scaled = number * scale;
    let rounded = if scaled.is_finite() { scaled.round() / scale } else { number };
    operators::number(rounded).map(Cow::Owned)
}
