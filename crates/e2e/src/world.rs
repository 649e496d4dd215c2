//! A whole world for one test: the local Azure, one api and one relay, each a process.

use crate::client::Client;
use crate::emulator::{Emulator, Setup};
use crate::process::{Launch, Process, free_address};
use crate::wait;
use anyhow::Result;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The public key of every Cosmos DB emulator.
pub const COSMOS_KEY: &str =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

/// Everything an order meets on its way.
#[derive(Debug)]
pub struct World {
    /// The local Azure.
    pub emulator: Emulator,
    /// The API, standing alone.
    pub api: App,
    /// The relay, standing alone.
    pub relay: App,
    /// A client of the API.
    pub client: Client,
    /// Where the processes write their logs.
    logs: TempDir,
}

impl World {
    /// Starts everything on free ports and waits until it is ready.
    pub async fn start() -> Result<Self> {
        let mut world = Self::at_rest().await?;
        world.api.start().await?;
        world.relay.start().await?;
        Ok(world)
    }

    /// Starts the emulator, and prepares api and relay to be started with [`App::start`].
    pub async fn at_rest() -> Result<Self> {
        Self::at_rest_on(Setup::default()).await
    }

    /// [`World::at_rest`] on an emulator of this setup.
    pub async fn at_rest_on(setup: Setup<'_>) -> Result<Self> {
        let logs = tempfile::tempdir()?;
        let emulator = Emulator::start(setup, logs.path()).await?;
        let store = [("COSMOS_ENDPOINT", emulator.cosmos.as_str()), ("COSMOS_KEY", COSMOS_KEY)];
        let broker = [("SERVICEBUS_CONNECTION", emulator.servicebus.as_str())];
        let api = App::new("api", "/api/health/ready", &store, logs.path())?;
        let relay =
            App::new("relay", "/health/ready", &[&store[..], &broker].concat(), logs.path())?;
        let client = Client::new(&api.base);
        Ok(Self { emulator, api, relay, client, logs })
    }

    /// Where the processes write their logs.
    pub fn logs(&self) -> &Path {
        self.logs.path()
    }

    /// Ends everything and leaves the logs where they are.
    pub fn keep_logs(self) -> PathBuf {
        self.logs.keep()
    }
}

/// One of the two programs, standing alone.
#[derive(Debug)]
pub struct App {
    /// `http://host:port` where it listens.
    pub base: String,
    name: &'static str,
    ready: &'static str,
    variables: Vec<(String, String)>,
    logs: PathBuf,
    process: Option<Process>,
}

impl App {
    /// Prepares a program; its variables can still be changed before it is started.
    pub fn new(
        name: &'static str,
        ready: &'static str,
        variables: &[(&str, &str)],
        logs: &Path,
    ) -> Result<Self> {
        let address = free_address()?.to_string();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut variables: Vec<_> = variables.iter().map(own).collect();
        variables.push(("LISTEN".to_owned(), address.clone()));
        let (base, logs) = (format!("http://{address}"), logs.to_owned());
        Ok(Self { base, name, ready, variables, logs, process: None })
    }

    /// Sets a variable for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Starts it and waits until it says that it is ready.
    pub async fn start(&mut self) -> Result<()> {
        self.launch()?;
        let client = Client::new(&self.base);
        let what = format!("{} is ready", self.name);
        wait::until(&what, async || Ok((client.get(self.ready).await?.status == 200).then_some(())))
            .await
    }

    /// Starts it without waiting for anything.
    pub fn launch(&mut self) -> Result<()> {
        let launch = Launch {
            arguments: &[],
            variables: &self.variables,
            is_piped: false,
            file_blocks_max: None,
        };
        self.process = Some(Process::start(self.name, self.name, launch, &self.logs)?);
        Ok(())
    }

    /// Kills it as `kill -9` does.
    pub async fn kill(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// The running process.
    pub const fn process(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }
}
