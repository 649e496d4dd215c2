//! Cosmos DB for NoSQL: a storage core, and the gateway's HTTP wire over it.

pub mod query;

use crate::{clock::Clock, faults::Faults};
use serde_json::{Value, json};
use std::{io, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// One account of Cosmos DB.
#[derive(Debug)]
pub struct Cosmos {}

/// Why a split or merge was not done.
#[derive(Debug, thiserror::Error)]
#[error("no container {0}")]
pub struct ControlError(String);

impl Cosmos {
    /// An account without databases.
    pub fn new(_clock: Arc<Clock>, _faults: Arc<Faults>) -> Arc<Self> {
        Arc::new(Self {})
    }

    /// Adds database `shop` with containers `orders` and `leases`.
    pub fn provision_shop(&self) {}

    /// Serves until `stop`.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve(
        self: Arc<Self>,
        _listener: TcpListener,
        stop: CancellationToken,
    ) -> io::Result<()> {
        stop.cancelled().await;
        Ok(())
    }

    /// Splits a partition key range; answers with the ranges afterwards.
    ///
    /// # Errors
    /// If there is no such container.
    pub fn split(&self, database: &str, container: &str) -> Result<Vec<String>, ControlError> {
        Err(ControlError(format!("{database}/{container}")))
    }

    /// Merges two neighbouring ranges; answers with the ranges afterwards.
    ///
    /// # Errors
    /// If there is no such container.
    pub fn merge(&self, database: &str, container: &str) -> Result<Vec<String>, ControlError> {
        Err(ControlError(format!("{database}/{container}")))
    }

    /// What is stored, for `GET /state`.
    pub fn state(&self) -> Value {
        json!({})
    }
}
