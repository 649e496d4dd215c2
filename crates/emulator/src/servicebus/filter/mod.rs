//! Rules of subscriptions: which messages they take, and what they change in them.

mod correlation;
mod fields;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use correlation::{Correlation, SYSTEM};
pub(crate) use fields::Fields;
pub(crate) use sql::{Action, Predicate, SqlError};

use super::message::Message;
use std::sync::Arc;

/// A rule of a subscription.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// Its name, unique in the subscription.
    pub(crate) name: String,
    /// Which messages it takes.
    pub(crate) filter: Filter,
    /// What it changes in them.
    pub(crate) action: Option<Action>,
}

/// Which messages a rule takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    /// All.
    True,
    /// None.
    False,
    /// Those for which an SQL condition is true.
    Sql(Predicate),
    /// Those with these very properties.
    Correlation(Correlation),
}

impl Rule {
    /// The rule of a subscription that names none: it takes everything.
    pub(crate) fn default_one() -> Self {
        Self { name: "$Default".to_owned(), filter: Filter::True, action: None }
    }
}

impl Filter {
    /// Whether it takes a message with these properties.
    fn takes(&self, fields: &Fields) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::Sql(predicate) => predicate.holds(fields),
            Self::Correlation(correlation) => correlation.holds(fields),
        }
    }
}

/// The copies of `message` that a subscription with these rules gets: one if any rule without an
/// action takes it, and one for each rule with an action that does.
pub(crate) fn copies(
    rules: &[Rule],
    message: &Arc<Message>,
    fields: &mut Option<Fields>,
) -> Vec<Arc<Message>> {
    if let [Rule { filter: Filter::True, action: None, .. }] = rules {
        return vec![Arc::clone(message)];
    }
    let fields = fields.get_or_insert_with(|| Fields::of(message));
    let mut copies = Vec::new();
    let mut plain = false;
    for rule in rules.iter().filter(|rule| rule.filter.takes(fields)) {
        match &rule.action {
            Some(action) => copies.push(Arc::new(action.apply(message, fields, &rule.name))),
            None => plain = true,
        }
    }
    if plain {
        copies.push(Arc::clone(message));
    }
    copies
}
