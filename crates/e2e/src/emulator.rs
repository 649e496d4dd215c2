//! The local Azure as a process, and its control port.

use crate::backend::Backend;
use crate::container::Container;
use crate::http;
use crate::microsoft::Microsoft;
use crate::process::{Launch, Process};
use crate::wait;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The emulator, running.
#[derive(Debug)]
pub struct Emulator {
    /// The process.
    pub process: Process,
    /// `http://host:port` of Cosmos DB.
    pub cosmos: String,
    /// The connection string of Service Bus.
    pub servicebus: String,
    /// `http://host:port` of the administration of Service Bus.
    pub admin: String,
    control: String,
    config: Option<PathBuf>,
    data: Option<PathBuf>,
    logs: PathBuf,
    /// What runs beside the process, where Microsoft's emulators do the work.
    beside: Vec<Container>,
    http: reqwest::Client,
}

/// How to start it.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// Cosmos DB, Service Bus, control, administration.
    pub addresses: [&'a str; 4],
    /// The Service Bus entities, where they are not those that it makes by itself.
    pub config: Option<&'a Path>,
    /// Where it keeps what it holds; in memory where there is none.
    pub data: Option<&'a Path>,
    /// How large a file of it may become, in blocks of 512 bytes.
    pub file_blocks_max: Option<u32>,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        let addresses = ["127.0.0.1:0"; 4];
        Self { addresses, config: None, data: None, file_blocks_max: None }
    }
}

impl Emulator {
    /// Starts it.
    pub async fn start(setup: Setup<'_>, logs: &Path) -> Result<Self> {
        if Backend::of_this_run()? == Backend::MicrosoftImages {
            return Self::of_microsoft(logs).await;
        }
        let names = ["--cosmos", "--servicebus", "--control", "--admin"];
        let pairs = names.iter().zip(setup.addresses).flat_map(|(name, address)| [*name, address]);
        let mut arguments: Vec<String> = pairs.map(str::to_owned).collect();
        for (name, path) in [("--config", setup.config), ("--data", setup.data)] {
            if let Some(path) = path {
                arguments.extend([name.to_owned(), path.display().to_string()]);
            }
        }
        let Setup { file_blocks_max, .. } = setup;
        let launch =
            Launch { arguments: &arguments, variables: &[], is_piped: true, file_blocks_max };
        let mut process = Process::start("emulator", "emulator", launch, logs)?;
        let ready = process.ready().await?;
        let field = |name: &str| {
            let text = ready.get(name).and_then(Value::as_str);
            text.map(str::to_owned).with_context(|| format!("no `{name}` in {ready}"))
        };
        Ok(Self {
            process,
            cosmos: field("cosmos")?,
            servicebus: field("servicebus")?,
            admin: field("admin")?,
            control: field("control")?,
            config: setup.config.map(Path::to_owned),
            data: setup.data.map(Path::to_owned),
            logs: logs.to_owned(),
            beside: Vec::new(),
            http: http::builder().timeout(CONTROL_WITHIN).build()?,
        })
    }

    /// Starts it again where it was, after it was killed; with space for everything.
    pub async fn restart(&mut self) -> Result<()> {
        self.restart_bounded(None).await
    }

    /// Starts it again where it was, with files of so many blocks of 512 bytes at most.
    pub async fn restart_bounded(&mut self, file_blocks_max: Option<u32>) -> Result<()> {
        let (admin, control) = (host_of(&self.admin), host_of(&self.control));
        let addresses = [self.cosmos_address(), self.servicebus_address(), control, admin];
        let (config, data) = (self.config.as_deref(), self.data.as_deref());
        let setup = Setup { addresses, config, data, file_blocks_max };
        // A port of ours may be somebody else's for a moment.
        let again = wait::until("the emulator is back", async || {
            Self::start(setup, &self.logs).await.map(Some)
        });
        *self = again.await?;
        Ok(())
    }

    /// Kills it as `kill -9` does and starts it again.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        self.process.kill().await?;
        self.restart().await
    }

    async fn of_microsoft(logs: &Path) -> Result<Self> {
        let Microsoft { cosmos, servicebus, containers: [bus, store, sql] } =
            Microsoft::start(logs).await?;
        Ok(Self {
            process: Process::of(bus, logs.join("servicebus.log")),
            cosmos,
            servicebus,
            admin: String::new(),
            control: String::new(),
            config: None,
            data: None,
            logs: logs.to_owned(),
            beside: vec![store, sql],
            http: http::builder().timeout(CONTROL_WITHIN).build()?,
        })
    }

    /// `host:port` of Cosmos DB.
    pub fn cosmos_address(&self) -> &str {
        host_of(&self.cosmos)
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

    /// Whether every fault that was set has happened as often as it was to.
    pub async fn is_mended(&self) -> Result<bool> {
        let answer = self.http.get(format!("{}/faults", self.control)).send().await?;
        let left: Value = serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
        let left = left.pointer("/faults").and_then(Value::as_array);
        Ok(left.with_context(|| "no `faults`")?.is_empty())
    }

    /// Moves the emulator's clock forward.
    pub async fn advance(&self, seconds: u64) -> Result<()> {
        self.control("clock/advance", Some(&json!({ "seconds": seconds }))).await
    }

    /// Splits every partition key range of container `orders` in two.
    pub async fn split_orders(&self) -> Result<()> {
        self.control("cosmos/shop/orders/split", None).await
    }

    /// Splits the fullest range, which serves nobody for so long while it is split.
    pub async fn split_slowly(&self, milliseconds: u64) -> Result<()> {
        let how = json!({ "durationMs": milliseconds });
        self.control("cosmos/shop/orders/split", Some(&how)).await
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
        ensure!(self.beside.is_empty(), "Microsoft's emulators have no control port");
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

/// `host:port` of a URL.
fn host_of(url: &str) -> &str {
    url.trim_start_matches("http://").trim_end_matches('/')
}

/// The control port of a process that is paused answers nothing.
const CONTROL_WITHIN: Duration = Duration::from_mins(1);
