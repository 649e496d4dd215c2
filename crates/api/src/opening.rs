//! The store while it is being opened: requests that come earlier wait for it.
//!
//! Opening reads the roots of trust, which takes longer than the Functions host needs to find out
//! that this process listens.

use crate::order_document::OrderForm;
use cosmos::{CosmosStore, NoTls, Patience, Settings};
use domain::order::Order;
use domain::ports::{Aggregates, Basis, ListQuery, Page, Stored};
use domain::{Chain, Change, Entry, Fault, Key, retry};
use std::time::Duration;
use tokio::sync::SetOnce;
use tracing::{error, info};

/// The store, at once or a little later.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    store: SetOnce<CosmosStore<OrderForm>>,
}

impl Opening {
    /// Opens the store off the thread that serves, and says when it can be used, and until then
    /// why it cannot, less and less often.
    pub(crate) async fn open(&self, settings: Settings) -> anyhow::Result<()> {
        let opened = tokio::task::spawn_blocking(|| open(settings)).await??;
        // Nobody else sets it.
        drop(self.store.set(opened));
        let mut attempt = 1;
        while let Err(fault) = self.ready().await {
            error!("not ready: store: {}", Chain(&fault));
            tokio::time::sleep(retry::pause(attempt, &LOOK_AGAIN)).await;
            attempt += 1;
        }
        info!("ready");
        Ok(())
    }

    async fn opened(&self) -> &CosmosStore<OrderForm> {
        self.store.wait().await
    }
}

fn open(settings: Settings) -> Result<CosmosStore<OrderForm>, NoTls> {
    settings.open(PATIENCE).map(CosmosStore::new)
}

impl Aggregates<Order> for Opening {
    async fn commit(&self, change: Change<Order>, basis: Basis) -> Result<(), Fault> {
        self.opened().await.commit(change, basis).await
    }

    async fn load(&self, key: &Key) -> Result<Option<Stored<Order>>, Fault> {
        self.opened().await.load(key).await
    }

    async fn list(&self, query: ListQuery) -> Result<Page<Order>, Fault> {
        self.opened().await.list(query).await
    }

    async fn history(&self, key: &Key) -> Result<Vec<Entry>, Fault> {
        self.opened().await.history(key).await
    }

    async fn ready(&self) -> Result<(), Fault> {
        self.opened().await.ready().await
    }
}

/// Somebody waits for each call: rather than for longer than this, they are told to come back.
const PATIENCE: Patience = Patience { attempts_max: 5, total_max: Duration::from_secs(10) };

/// A store that is mended is noticed within a minute; orders notice it at once.
const LOOK_AGAIN: retry::Patience = retry::Patience {
    pause_min: Duration::from_secs(2),
    pause_max: Duration::from_mins(1),
    attempts_max: None,
};
