//! Prepares a SELECT that folds its rows: which aggregates each group collects, and what its
//! SELECT clause makes of them.

use super::ast::{Aggregate, Expr, Grouping, Select, Shape};
use super::error::QueryError;
use super::render;

/// Sets [`Select::grouping`], or says what cannot be folded.
pub(super) fn prepare(select: &mut Select) -> Result<(), QueryError> {
    if select.group_by.is_empty() {
        // All rows become one: there is nothing to put in order.
        select.order_by.clear();
    } else if !select.order_by.is_empty() {
        return Err(QueryError::unsupported(select.offset, "ORDER BY with GROUP BY"));
    }
    if select.shape == Shape::Star {
        return Err(QueryError::invalid(select.offset, "'SELECT *' with GROUP BY"));
    }
    let keys = select.group_by.iter().map(render::expr).collect();
    let mut lift = Lift { keys, aggregates: Vec::new() };
    let mut shape = select.shape.clone();
    shape.each(&mut |expr| lift.expr(expr))?;
    select.grouping = Some(Box::new(Grouping { aggregates: lift.aggregates, shape }));
    Ok(())
}

/// Replaces keys and aggregates by what the group holds for them.
struct Lift {
    /// The keys as texts: two expressions are the same key if they read the same.
    keys: Vec<String>,
    aggregates: Vec<(Aggregate, Expr)>,
}

impl Lift {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are their operands")]
    fn expr(&mut self, expr: &mut Expr) -> Result<(), QueryError> {
        if let Some(key) = self.key(expr) {
            *expr = Expr::Held(key);
            return Ok(());
        }
        match expr {
            Expr::Aggregate(aggregate, of, _) => {
                let of = std::mem::replace(&mut **of, Expr::Undefined);
                self.aggregates.push((*aggregate, of));
                *expr = Expr::Held(self.keys.len() + self.aggregates.len() - 1);
                Ok(())
            }
            Expr::Variable(name) => {
                let what = format!("'{}' is neither in an aggregate nor in GROUP BY", name.text);
                Err(QueryError::invalid(name.offset, what))
            }
            Expr::Exists(select) | Expr::Gather(select) | Expr::Single(select) => {
                Err(QueryError::unsupported(select.offset, "a subquery beside an aggregate"))
            }
            other => other.operands(&mut |operand| self.expr(operand)),
        }
    }

    fn key(&self, expr: &Expr) -> Option<usize> {
        if self.keys.is_empty() {
            return None;
        }
        let text = render::expr(expr);
        self.keys.iter().position(|key| *key == text)
    }
}
