//! Service Bus: a broker core, and AMQP 1.0 over it.

use crate::{clock::Clock, faults::Faults};
use serde_json::{Value, json};
use std::{io, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// One namespace of Service Bus.
#[derive(Debug)]
pub struct ServiceBus {}

/// The entities that a namespace starts with.
#[derive(Debug, Default)]
pub struct Topology {}

/// Everything that is wrong with a `Config.json`.
#[derive(Debug, thiserror::Error)]
#[error("not a usable Config.json")]
pub struct ConfigErrors;

impl Topology {
    /// Topic `orders` with subscription `all`.
    pub fn shop() -> Self {
        Self::default()
    }

    /// The entities of a `Config.json`.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn from_config_json(_text: &str) -> Result<Self, ConfigErrors> {
        Err(ConfigErrors)
    }
}

impl ServiceBus {
    /// A namespace with these entities.
    pub fn new(_clock: Arc<Clock>, _faults: Arc<Faults>, _topology: Topology) -> Arc<Self> {
        Arc::new(Self {})
    }

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

    /// What is queued, for `GET /state`.
    pub fn state(&self) -> Value {
        json!({})
    }
}
