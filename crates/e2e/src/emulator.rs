//! The local Azure as a process, and its control port.

use crate::process::{Launch, Process};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::Path;

/// The emulator, running.
#[derive(Debug)]
pub struct Emulator {
    /// The process.
    pub process: Process,
    /// `http://host:port` of Cosmos DB.
    pub cosmos: String,
    /// The connection string of Service Bus.
    pub servicebus: String,
    control: String,
    http: reqwest::Client,
}

impl Emulator {
    /// Starts it on free ports.
    pub async fn start(logs: &Path) -> Result<Self> {
        let free = "127.0.0.1:0";
        Self::start_with([free, free, free], None, logs).await
    }

    /// Starts it on these addresses (Cosmos DB, Service Bus, control), with the Service Bus
    /// entities of this file if one is given.
    pub async fn start_with(
        addresses: [&str; 3],
        config: Option<&Path>,
        logs: &Path,
    ) -> Result<Self> {
        let names = ["--cosmos", "--servicebus", "--control"];
        let pairs = names.iter().zip(addresses).flat_map(|(name, address)| [name, address]);
        let mut arguments: Vec<String> = pairs.map(str::to_owned).collect();
        if let Some(config) = config {
            arguments.extend(["--config".to_owned(), config.display().to_string()]);
        }
        let launch = Launch { arguments: &arguments, variables: &[], is_piped: true };
        let mut process = Process::start("emulator", "emulator", launch, logs)?;
        let ready = process.ready().await?;
        let field = |name: &str| {
            let text = ready.get(name).and_then(Value::as_str);
            text.map(str::to_owned).with_context(|| format!("no `{name}` in {ready}"))
        };
        let (cosmos, servicebus) = (field("cosmos")?, field("servicebus")?);
        let control = field("control")?;
        Ok(Self { process, cosmos, servicebus, control, http: reqwest::Client::new() })
    }

    /// `host:port` of Cosmos DB.
    pub fn cosmos_address(&self) -> &str {
        self.cosmos.trim_start_matches("http://").trim_end_matches('/')
    }

    /// `host:port` of Service Bus.
    pub fn servicebus_address(&self) -> &str {
        let endpoint = self.servicebus.trim_start_matches("Endpoint=sb://");
        endpoint.split([';', '/']).next().unwrap_or_default()
    }

    /// Sets a fault, in the form of `POST /faults`.
    pub async fn fault(&self, rule: Value) -> Result<()> {
        self.control("faults", Some(&rule)).await
    }

    /// Removes all faults.
    pub async fn mend(&self) -> Result<()> {
        let answer = self.http.delete(format!("{}/faults", self.control)).send().await?;
        ensure!(answer.status().is_success(), "DELETE /faults: {}", answer.status());
        Ok(())
    }

    /// Moves the emulator's clock forward.
    pub async fn advance(&self, seconds: u64) -> Result<()> {
        self.control("clock/advance", Some(&json!({ "seconds": seconds }))).await
    }

    /// Splits every partition key range of container `orders` in two.
    pub async fn split_orders(&self) -> Result<()> {
        self.control("cosmos/shop/orders/split", None).await
    }

    /// Merges the two smallest neighbours among the ranges of container `orders`.
    pub async fn merge_orders(&self) -> Result<()> {
        self.control("cosmos/shop/orders/merge", None).await
    }

    /// The state of both services, as `GET /state` shows it.
    pub async fn state(&self) -> Result<Value> {
        let answer = self.http.get(format!("{}/state", self.control)).send().await?;
        Ok(serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?)
    }

    async fn control(&self, path: &str, body: Option<&Value>) -> Result<()> {
        let mut request = self.http.post(format!("{}/{path}", self.control));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "POST /{path}: {status} {}", answer.text().await?);
        Ok(())
    }
}
