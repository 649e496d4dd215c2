//! Entity addresses: what a link's terminus names.
//!
//! Bare (`orders`), or as a URL with any scheme and host (`amqps://host:port/orders`); letters
//! count the same in either case.

use super::{Broker, QueueId, Refusal, TopicId};

/// What can be sent to: a queue or a topic. Subscriptions and subqueues are queues too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    /// A queue, subscription or dead-letter subqueue.
    Queue(QueueId),
    /// A topic.
    Topic(TopicId),
}

/// An address, sorted by what answers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// `$cbs`: takes tokens.
    Cbs,
    /// `<entity>/$management`: takes requests about the entity at this path.
    Management(String),
    /// The entity at this path, in lower case.
    Entity(String),
}

impl Address {
    /// Sorts `address`.
    pub(crate) fn parse(address: &str) -> Self {
        let path = match address.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            None => address,
        };
        let path = path.trim_matches('/').to_lowercase();
        if path == "$cbs" {
            return Self::Cbs;
        }
        match path.strip_suffix("/$management") {
            Some(entity) => Self::Management(entity.to_owned()),
            None => Self::Entity(path),
        }
    }
}

/// The entity whose failed transfers are at `path`. None fails here: the subqueue is there, and
/// empty.
pub(crate) fn transfers_of(path: &str) -> Option<&str> {
    path.strip_suffix("/$transfer/$deadletterqueue")
}

impl Broker {
    /// The entity at `path`, which is in lower case.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn entity(&self, path: &str) -> Result<Target, Refusal> {
        let missing = || Refusal::EntityNotFound(path.to_owned());
        if let Some(main) = path.strip_suffix("/$deadletterqueue") {
            let Some(Target::Queue(id)) = self.paths.get(main) else { return Err(missing()) };
            let dead = self.queues.get(id.0).and_then(|store| store.dead_letters);
            return dead.map(Target::Queue).ok_or_else(missing);
        }
        self.paths.get(path).copied().ok_or_else(missing)
    }

    /// The queue, subscription or subqueue at `path`: what can be received from.
    ///
    /// # Errors
    /// If there is none, or it is a topic.
    pub(crate) fn source(&self, path: &str) -> Result<QueueId, Refusal> {
        match self.entity(path)? {
            Target::Queue(id) => Ok(id),
            Target::Topic(_) => {
                Err(Refusal::NotAllowed("A topic cannot be received from; name a subscription."))
            }
        }
    }

    /// The queue or topic at `path`: what can be sent to.
    ///
    /// # Errors
    /// If there is none, or it is a subscription or subqueue.
    pub(crate) fn target(&self, path: &str) -> Result<Target, Refusal> {
        let target = self.entity(path)?;
        if path.contains("/subscriptions/") || path.ends_with("/$deadletterqueue") {
            return Err(Refusal::NotAllowed("Subscriptions and subqueues cannot be sent to."));
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_means_the_same() {
        let orders = Address::Entity("orders/subscriptions/all".to_owned());
        for spelling in [
            "orders/Subscriptions/all",
            "Orders/Subscriptions/All",
            "/orders/subscriptions/all",
            "amqps://localhost:5672/orders/Subscriptions/all",
            "amqp://ns.servicebus.windows.net/orders/subscriptions/all/",
        ] {
            assert_eq!(Address::parse(spelling), orders, "{spelling}");
        }
        assert_eq!(Address::parse("amqps://h/$cbs"), Address::Cbs);
        assert_eq!(Address::parse("q/$management"), Address::Management("q".to_owned()));
    }
}
