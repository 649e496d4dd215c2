//! What the grammar cannot say: every name is known, and aggregates stand where rows are folded.

use super::ast::{Collection, Expr, Select, Shape, Source};
use super::error::QueryError;
use super::grouping;

/// Checks a whole query, and prepares the folding of its rows where it has any.
pub(super) fn outermost(select: &mut Select) -> Result<(), QueryError> {
    Checker { names: Vec::new(), aggregates: None }.select(select, true)
}

/// The names in scope, and how many aggregates were met where they are allowed.
struct Checker {
    names: Vec<String>,
    aggregates: Option<usize>,
}

impl Checker {
    /// `reads_container`: the first source is the container itself, whatever its name.
    fn select(&mut self, select: &mut Select, reads_container: bool) -> Result<(), QueryError> {
        let outer_names = self.names.len();
        let outer_aggregates = self.aggregates.take();
        for (index, source) in select.sources.iter_mut().enumerate() {
            self.source(source, reads_container && index == 0)?;
        }
        star(select)?;
        self.aggregates = Some(0);
        select.shape.each(&mut |expr| self.expr(expr))?;
        let folds = self.aggregates.take().is_some_and(|count| 0 < count);
        for expr in select.filter.iter_mut().chain(&mut select.group_by) {
            self.expr(expr)?;
        }
        for key in &mut select.order_by {
            self.expr(&mut key.expr)?;
        }
        if folds || !select.group_by.is_empty() {
            grouping::prepare(select)?;
        }
        self.names.truncate(outer_names);
        self.aggregates = outer_aggregates;
        Ok(())
    }

    fn source(&mut self, source: &mut Source, is_container: bool) -> Result<(), QueryError> {
        match &mut source.collection {
            Collection::Path(path) => {
                let container = container_name(path).filter(|_| is_container).map(str::to_owned);
                let names = self.names.len();
                self.names.extend(container);
                self.expr(path)?;
                self.names.truncate(names);
            }
            Collection::Subquery(select) => self.select(select, is_container)?,
        }
        self.names.extend(source.alias.clone());
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are their operands")]
    fn expr(&mut self, expr: &mut Expr) -> Result<(), QueryError> {
        match expr {
            Expr::Variable(name) if !self.names.contains(&name.text) => {
                let what = format!("the name '{}' is not known here", name.text);
                Err(QueryError::invalid(name.offset, what))
            }
            Expr::Aggregate(_, of, offset) => {
                let Some(count) = self.aggregates.take() else {
                    let what = "an aggregate outside of SELECT, or inside another aggregate";
                    return Err(QueryError::invalid(*offset, what));
                };
                self.expr(of)?;
                self.aggregates = Some(count + 1);
                Ok(())
            }
            Expr::Exists(select) | Expr::Gather(select) | Expr::Single(select) => {
                self.select(select, false)
            }
            other => other.operands(&mut |operand| self.expr(operand)),
        }
    }
}

/// The name with which a path begins.
#[expect(clippy::wildcard_enum_match_arm, reason = "a source is a name or a path")]
pub(super) fn container_name(path: &Expr) -> Option<&str> {
    match path {
        Expr::Variable(name) => Some(&name.text),
        Expr::Path(base, _) => container_name(base),
        _ => None,
    }
}

/// `*` stands for the only source.
fn star(select: &Select) -> Result<(), QueryError> {
    match (&select.shape, select.sources.len()) {
        (Shape::Star, 0) => Err(QueryError::invalid(select.offset, "'SELECT *' without FROM")),
        (Shape::Star, 2..) => {
            Err(QueryError::invalid(select.offset, "'SELECT *' with more than one source"))
        }
        (Shape::Star | Shape::Value(_) | Shape::Fields(_), _) => Ok(()),
    }
}
