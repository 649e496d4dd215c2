//! What can be received from.

use std::fmt;

/// A queue or a subscription, or the dead letters of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity(String);

impl Entity {
    /// A queue.
    pub fn queue(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// A subscription of a topic.
    pub fn subscription(topic: &str, name: &str) -> Self {
        Self(format!("{topic}/Subscriptions/{name}"))
    }

    /// What was given up of it.
    #[must_use]
    pub fn dead_letters(&self) -> Self {
        Self(format!("{self}/$DeadLetterQueue"))
    }

    /// Its address on the wire.
    pub fn address(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_spelled_as_the_sdks_spell_them() {
        assert_eq!(Entity::queue("q").address(), "q");
        let subscription = Entity::subscription("orders", "all");
        assert_eq!(subscription.address(), "orders/Subscriptions/all");
        assert_eq!(
            subscription.dead_letters().address(),
            "orders/Subscriptions/all/$DeadLetterQueue"
        );
    }
}
