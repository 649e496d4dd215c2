//! One container: everything that can be done with its documents.

mod bulk;
mod items;
mod layout;
mod pages;
mod transaction;

pub use bulk::{Patched, Patching};
pub use items::Item;
pub use layout::{CompositePath, Definition, IndexedPath, IndexingPolicy, PartitionKeyDefinition};
pub use pages::Within;

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::caches::Caches;
use crate::client::Client;
use crate::failure::Failure;
use crate::outcome::Reply;
use crate::request::{Address, ContainerName, Request};

/// A container of an account. Made without any I/O; share it.
pub struct Container {
    client: Arc<Client>,
    at: Address,
    caches: Caches,
    /// Held while the ranges are loaded, so that many callers cause one load.
    loading: Mutex<()>,
}

impl Container {
    /// The container of this name. Whether it exists shows at the first call.
    pub fn new(client: Arc<Client>, database: &ContainerName, container: &ContainerName) -> Self {
        let at = Address::new(database, container);
        Self { client, at, caches: Caches::default(), loading: Mutex::new(()) }
    }

    /// The account it is in, with the meter of its calls.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its address below the account: `dbs/shop/colls/orders`.
    pub fn link(&self) -> &str {
        self.at.link()
    }

    async fn send(&self, request: &Request) -> Result<Reply, Failure> {
        self.client.send(request, &self.caches, self.client.patience()).await
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Container({})", self.at.link())
    }
}
