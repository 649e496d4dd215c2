//! Our two programs as Azure runs them: custom handlers under a Functions host, started from the
//! very `functions/` folders that are deployed; or, where `E2E_PACKAGES` names the folder of the
//! zips that `cargo xtask package` makes, from what is in those, and with nothing else on the path.

use crate::client::Client;
use crate::emulator::{Emulator, Setup};
use crate::http;
use crate::process::{self, Launch, Process};
use crate::wait;
use crate::world::COSMOS_KEY;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::ZipArchive;

/// One app under its host.
#[derive(Debug)]
pub struct FunctionApp {
    /// The host.
    pub host: Process,
    /// `http://host:port` of the host.
    pub base: String,
    /// The functions it loaded.
    pub loaded: Vec<String>,
    http: reqwest::Client,
}

impl FunctionApp {
    /// Starts the host of `api` or `relay` with the settings it would have on Azure, at `listen`
    /// (`127.0.0.1:0` picks a free port), and waits until its handler answers.
    pub async fn start(app: &str, listen: &str, azure: &Emulator, logs: &Path) -> Result<Self> {
        let packages = std::env::var_os(PACKAGES).map(PathBuf::from);
        let folder = match &packages {
            Some(packages) => unpacked(&packages.join(app).with_extension("zip"), logs)?,
            None => folder(app)?,
        };
        let folder = folder.display().to_string();
        let arguments = ["functions", "--app", &folder, "--listen", listen].map(str::to_owned);
        let mut variables = settings(azure);
        if packages.is_none() {
            variables.push(("PATH".to_owned(), path_to_binaries()?));
        }
        let launch = Launch {
            arguments: &arguments,
            variables: &variables,
            is_piped: true,
            file_blocks_max: None,
        };
        let name = format!("functions-{app}");
        let mut host = Process::start(&name, "emulator", launch, logs)?;
        let ready = host.ready().await?;
        let base = ready.get("functions").and_then(Value::as_str).context("no `functions`")?;
        let loaded = ready.get("loaded").and_then(Value::as_array).context("no `loaded`")?;
        let loaded = loaded.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Self { host, base: base.to_owned(), loaded, http: http::client() })
    }

    /// The process id of the handler that runs now; `None` while it is being started again.
    pub async fn handler_pid(&self) -> Result<Option<i32>> {
        let url = format!("{}/admin/host/status", self.base);
        let answer = self.http.get(url).send().await?.error_for_status()?;
        let status: Value = serde_json::from_slice(&answer.bytes().await?)?;
        let pid = status.pointer("/handler/pid").and_then(Value::as_i64);
        Ok(pid.map(i32::try_from).transpose()?)
    }
}

/// Both apps under their hosts, and the local Azure that they work on.
#[derive(Debug)]
pub struct Hosted {
    /// The local Azure.
    pub azure: Emulator,
    /// The API under its host.
    pub api: FunctionApp,
    /// The relay under its host.
    pub relay: FunctionApp,
    /// A client of the API.
    pub client: Client,
    _logs: TempDir,
}

impl Hosted {
    /// Starts everything on free ports and waits until it is ready.
    pub async fn start() -> Result<Self> {
        let (logs, free) = (tempfile::tempdir()?, "127.0.0.1:0");
        let azure = Emulator::start(Setup::default(), logs.path()).await?;
        let api = FunctionApp::start("api", free, &azure, logs.path()).await?;
        let relay = FunctionApp::start("relay", free, &azure, logs.path()).await?;
        let client = Client::new(&api.base);
        Ok(Self { azure, api, relay, client, _logs: logs })
    }

    /// Kills the relay's handler as `kill -9` does; its host starts it again.
    pub async fn kill_relay(&self) -> Result<i32> {
        let pid = wait::until("the relay's handler runs", || self.relay.handler_pid()).await?;
        process::kill_pid(pid)?;
        Ok(pid)
    }
}

/// What the app settings of both apps hold; each reads its own.
fn settings(azure: &Emulator) -> Vec<(String, String)> {
    let connection = format!("AccountEndpoint={}/;AccountKey={COSMOS_KEY};", azure.cosmos);
    let settings = [
        ("COSMOS_ENDPOINT", azure.cosmos.as_str()),
        ("COSMOS_KEY", COSMOS_KEY),
        ("COSMOS_DATABASE", "shop"),
        ("COSMOS_CONTAINER", "orders"),
        ("CosmosConnection", &connection),
        ("SERVICEBUS_CONNECTION", &azure.servicebus),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// Where the host finds the handlers, which do not lie in the folders of the tree.
fn path_to_binaries() -> Result<String> {
    let binaries = process::binaries()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(binaries).chain(std::env::split_paths(&path)))?;
    path.into_string().ok().context("PATH is not UTF-8")
}

/// Unpacks a zip beside the logs, as Azure mounts it: with the modes that it says.
fn unpacked(zip: &Path, logs: &Path) -> Result<PathBuf> {
    let name = zip.file_stem().context("the zip has no name")?;
    let folder = logs.join("wwwroot").join(name);
    let file = std::fs::File::open(zip).with_context(|| {
        format!("there is no {}; `cargo xtask package` makes it", zip.display())
    })?;
    let mut archive = ZipArchive::new(file).context("cannot read the zip")?;
    archive.extract(&folder).with_context(|| format!("cannot unpack {}", zip.display()))?;
    Ok(folder)
}

/// The folder of the zips to run from.
const PACKAGES: &str = "E2E_PACKAGES";

fn folder(app: &str) -> Result<PathBuf> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(crates.context("no folder above crates/e2e")?.join(app).join("functions"))
}
