//! The side that carries events away: it knows events, and no aggregate.

use std::fmt;
use std::sync::Arc;

use domain::ports::{
    Feed, FeedPage, FeedPart, FeedPosition, FeedRange, Mark, Marked, Outbox, PendingPage,
};
use domain::{Entry, Fault, Key, Reading, Timestamp};

use super::{feed, mark, pending, read, ready};
use crate::container::Container;
use crate::documents::reading_of;

/// The events in a container, and its change feed.
pub struct CosmosOutbox {
    container: Arc<Container>,
}

impl CosmosOutbox {
    /// The events in this container. No I/O.
    pub fn new(container: Arc<Container>) -> Self {
        Self { container }
    }

    /// The container, with the meter of its calls.
    pub fn container(&self) -> &Container {
        &self.container
    }
}

impl Outbox for CosmosOutbox {
    fn read(&self, document: &str) -> Reading {
        reading_of(document)
    }

    async fn unpublished(&self, key: &Key) -> Result<Vec<Entry>, Fault> {
        read::unpublished(&self.container, key).await
    }

    async fn pending(
        &self,
        before: Timestamp,
        cursor: Option<String>,
    ) -> Result<PendingPage, Fault> {
        pending::pending(&self.container, before, cursor.as_deref()).await
    }

    async fn mark(&self, marks: Vec<Mark>) -> Vec<Result<Marked, Fault>> {
        mark::mark(&self.container, &marks).await
    }

    async fn ready(&self) -> Result<(), Fault> {
        ready::ready(&self.container).await
    }
}

impl Feed for CosmosOutbox {
    async fn ranges(&self) -> Result<Vec<FeedRange>, Fault> {
        feed::ranges(&self.container).await
    }

    async fn next(&self, part: &FeedPart, from: &FeedPosition) -> Result<FeedPage, Fault> {
        feed::next(&self.container, part, from).await
    }
}

impl fmt::Debug for CosmosOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosmosOutbox({:?})", self.container)
    }
}
