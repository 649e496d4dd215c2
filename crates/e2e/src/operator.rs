//! The operator: runs subcommands of the relay's binary as somebody at a terminal would.

use crate::emulator::Emulator;
use crate::process;
use crate::world::{COSMOS_KEY, World};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;

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
    let of_this_azure = [
        ("COSMOS_ENDPOINT", azure.cosmos.as_str()),
        ("COSMOS_KEY", COSMOS_KEY),
        ("SERVICEBUS_CONNECTION", &azure.servicebus),
        ("SERVICEBUS_ADMIN", &azure.admin),
    ];
    let variables = [&of_this_azure, variables].concat();
    let run = process::run("relay", arguments, &variables);
    let run = tokio::time::timeout(patience, run).await;
    let run = run.with_context(|| format!("relay {arguments:?} does not end"))?;
    let (code, out, err) = run?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Said { code, out: text(&out), err: text(&err) })
}
