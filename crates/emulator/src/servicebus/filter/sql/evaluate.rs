//! What conditions and expressions come to for one message; none is unknown.

use super::{
    parse::{Comparison, Condition, Expression, Property},
    scalar::Scalar,
};
use crate::servicebus::filter::Fields;
use serde_amqp::Value;
use std::cmp::Ordering;

/// Whether a condition is true, false or unknown.
pub(super) fn condition(condition: &Condition, fields: &Fields) -> Option<bool> {
    match condition {
        Condition::And(left, right) => {
            match (self::condition(left, fields), self::condition(right, fields)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), right) => right,
                (None, _) => None,
            }
        }
        Condition::Or(left, right) => {
            match (self::condition(left, fields), self::condition(right, fields)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), right) => right,
                (None, _) => None,
            }
        }
        Condition::Not(inner) => self::condition(inner, fields).map(|truth| !truth),
        Condition::Compare(comparison, left, right) => {
            let order = scalar(left, fields).order(&scalar(right, fields))?;
            Some(comparison.holds(order))
        }
        Condition::IsNull(inner) => Some(scalar(inner, fields) == Scalar::Null),
        Condition::In(wanted, list) => {
            let wanted = scalar(wanted, fields);
            let equal = list.iter().map(|it| wanted.order(&scalar(it, fields)));
            let equal: Vec<_> = equal.map(|order| order.map(|it| it == Ordering::Equal)).collect();
            match equal.contains(&Some(true)) {
                true => Some(true),
                false if equal.contains(&None) => None,
                false => Some(false),
            }
        }
        Condition::Like { text, pattern, escape } => {
            let (Scalar::Text(text), Scalar::Text(pattern)) =
                (scalar(text, fields), scalar(pattern, fields))
            else {
                return None;
            };
            Some(like(&text, &pattern, *escape))
        }
        Condition::Exists(property) => Some(exists(property, fields)),
        Condition::Truth(inner) => match scalar(inner, fields) {
            Scalar::Boolean(truth) => Some(truth),
            Scalar::Null
            | Scalar::Integer(_)
            | Scalar::Decimal(_)
            | Scalar::Text(_)
            | Scalar::Instant(_)
            | Scalar::Id(_) => None,
        },
    }
}

impl Comparison {
    /// Whether two values in this order compare so.
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// The value of an expression; null where types do not fit or numbers overflow.
pub(super) fn scalar(expression: &Expression, fields: &Fields) -> Scalar {
    match expression {
        Expression::Constant(constant) => constant.clone(),
        Expression::Property(property) => evaluated(property, fields),
        Expression::Named(name) => {
            let name = scalar(name, fields).text();
            name.map_or(Scalar::Null, |name| evaluated(&Property::named(&name), fields))
        }
        Expression::NewId => Scalar::Id(uuid::Uuid::new_v4()),
        Expression::Negate(inner) => calculate("-", Scalar::Integer(0), scalar(inner, fields)),
        Expression::Calculate(operator, left, right) => {
            calculate(operator, scalar(left, fields), scalar(right, fields))
        }
    }
}

/// The result of an operator; null if there is none.
fn calculate(operator: &str, left: Scalar, right: Scalar) -> Scalar {
    let result = match (left, right) {
        (Scalar::Integer(left), Scalar::Integer(right)) => match operator {
            "+" => left.checked_add(right),
            "-" => left.checked_sub(right),
            "*" => left.checked_mul(right),
            "/" => left.checked_div(right),
            _ => left.checked_rem(right),
        }
        .map(Scalar::Integer),
        (Scalar::Text(left), Scalar::Text(right)) if operator == "+" => {
            Some(Scalar::Text(left + &right))
        }
        (left, right) => match (left.number(), right.number()) {
            (Some(left), Some(right)) => Some(Scalar::Decimal(match operator {
                "+" => left + right,
                "-" => left - right,
                "*" => left * right,
                "/" => left / right,
                _ => left % right,
            })),
            _ => None,
        },
    };
    result.unwrap_or(Scalar::Null)
}

/// The value of a property; null if the message has none.
fn evaluated(property: &Property, fields: &Fields) -> Scalar {
    match property {
        Property::System(property) => Scalar::of(&fields.system(*property)),
        Property::User(name) => fields.user(name).map_or(Scalar::Null, Scalar::of),
    }
}

/// Whether the message has the property at all.
fn exists(property: &Property, fields: &Fields) -> bool {
    match property {
        Property::System(property) => fields.system(*property) != Value::Null,
        Property::User(name) => fields.user(name).is_some(),
    }
}

/// `%` stands for any text, `_` for any one character.
fn like(text: &str, pattern: &str, escape: Option<char>) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut letters = pattern.chars();
    // Which prefixes of the text the pattern read so far can match.
    let mut reach = vec![false; text.len() + 1];
    if let Some(start) = reach.first_mut() {
        *start = true;
    }
    while let Some(letter) = letters.next() {
        let escaped = Some(letter) == escape;
        let wanted = if escaped { letters.next().unwrap_or(letter) } else { letter };
        reach = match wanted {
            '%' if !escaped => {
                let mut any = false;
                reach
                    .iter()
                    .map(|here| {
                        any |= *here;
                        any
                    })
                    .collect()
            }
            _ => {
                let one = wanted == '_' && !escaped;
                let steps = reach.iter().zip(&text);
                let steps = steps.map(|(here, letter)| *here && (one || *letter == wanted));
                std::iter::once(false).chain(steps).collect()
            }
        };
    }
    reach.last().copied().unwrap_or(false)
}
