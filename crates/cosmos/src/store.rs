//! The domain's ports over one container.
//!
//! [`CosmosStore`] is the side that writes changes, for an aggregate of a given [`Form`].
//! [`CosmosOutbox`] is the side that carries events away; it knows no aggregate.

mod commit;
mod desk;
mod fault;
mod feed;
mod list;
mod mark;
mod outbox;
mod pending;
mod read;
mod ready;

pub use desk::{CosmosDesk, Counts, Gather, Ruling, Seen};
pub(crate) use fault::fault;
pub use outbox::CosmosOutbox;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use domain::ports::{Aggregates, Basis, ListQuery, Page, Stored};
use domain::{Change, Entry, Fault, Key};

use crate::container::Container;
use crate::form::Form;

/// Aggregates of one form, with their events.
pub struct CosmosStore<F> {
    container: Arc<Container>,
    form: PhantomData<F>,
}

impl<F: Form> CosmosStore<F> {
    /// The aggregates in this container. No I/O.
    pub fn new(container: Arc<Container>) -> Self {
        Self { container, form: PhantomData }
    }

    /// The container, with the meter of its calls.
    pub fn container(&self) -> &Container {
        &self.container
    }
}

impl<F: Form> Aggregates<F::Aggregate> for CosmosStore<F> {
    async fn commit(&self, change: Change<F::Aggregate>, basis: Basis) -> Result<(), Fault> {
        commit::commit::<F>(&self.container, &change, &basis).await
    }

    async fn load(&self, key: &Key) -> Result<Option<Stored<F::Aggregate>>, Fault> {
        read::load::<F>(&self.container, key).await
    }

    async fn list(&self, query: ListQuery) -> Result<Page<F::Aggregate>, Fault> {
        list::list::<F>(&self.container, &query).await
    }

    async fn history(&self, key: &Key) -> Result<Vec<Entry>, Fault> {
        read::history(&self.container, key).await
    }

    async fn ready(&self) -> Result<(), Fault> {
        ready::ready(&self.container).await
    }
}

impl<F> fmt::Debug for CosmosStore<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosmosStore({:?})", self.container)
    }
}
