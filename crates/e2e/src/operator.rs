//! The operator: runs subcommands of the relay's binary as somebody at a terminal would.

use crate::emulator::Emulator;
use crate::process::binaries;
use crate::world::{COSMOS_KEY, World};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// What a subcommand came to.
#[derive(Debug, Clone)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// The JSON object that it said.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("not JSON: {self:?}"))
    }
}

impl World {
    /// Runs `relay` with these arguments, in the environment of this world.
    pub async fn operate(&self, arguments: &[&str]) -> Result<Said> {
        self.operate_with(arguments, &[]).await
    }

    /// [`World::operate`] with these variables beside.
    pub async fn operate_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Said> {
        operate(&self.emulator, arguments, variables, crate::wait::PATIENCE).await
    }

    /// Runs `relay` with these arguments, which must go well, and reads the JSON that it says.
    pub async fn operated(&self, arguments: &[&str]) -> Result<Value> {
        let said = self.operate(arguments).await?;
        ensure!(said.code == 0, "relay {arguments:?}: {said:?}");
        said.json()
    }
}

/// Runs `relay` with these arguments on this Azure; it must end in time.
pub async fn operate(
    azure: &Emulator,
    arguments: &[&str],
    variables: &[(&str, &str)],
    patience: Duration,
) -> Result<Said> {
    let run = Command::new(binaries()?.join("relay"))
        .args(arguments)
        .env("COSMOS_ENDPOINT", &azure.cosmos)
        .env("COSMOS_KEY", COSMOS_KEY)
        .env("SERVICEBUS_CONNECTION", &azure.servicebus)
        .env("SERVICEBUS_ADMIN", &azure.admin)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let run = tokio::time::timeout(patience, run).await;
    let run = run.with_context(|| format!("relay {arguments:?} does not end"))??;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = run.status.code().context("it was killed")?;
    Ok(Said { code, out: text(&run.stdout), err: text(&run.stderr) })
}
