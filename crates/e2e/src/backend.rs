//! What stands in for Azure in this run: `cargo xtask e2e --backend` says it by the environment.

use anyhow::{Result, bail};
use std::str::FromStr;

/// What the end-to-end tests run against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Processes of the binaries of this tree.
    Processes,
    /// Containers of images made from the binaries of this tree.
    LocalImages,
    /// Microsoft's emulators in containers; api and relay are processes beside them.
    MicrosoftImages,
    /// A system that is deployed, named by the environment.
    Azure,
}

impl Backend {
    /// What this run was started for; processes where nothing is said.
    pub fn of_this_run() -> Result<Self> {
        match std::env::var(VARIABLE) {
            Ok(name) => name.parse(),
            Err(_) => Ok(Self::Processes),
        }
    }
}

impl FromStr for Backend {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "emulator" => Self::Processes,
            "containers-local" => Self::LocalImages,
            "containers-microsoft" => Self::MicrosoftImages,
            "azure" => Self::Azure,
            _ => bail!(
                "{VARIABLE} is {name:?}; right would be emulator, containers-local, \
                 containers-microsoft or azure"
            ),
        })
    }
}

const VARIABLE: &str = "E2E_BACKEND";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_nobody_knows_is_refused() {
        assert_eq!("containers-local".parse::<Backend>().unwrap(), Backend::LocalImages);
        let error = "docker".parse::<Backend>().unwrap_err().to_string();
        assert!(error.contains("E2E_BACKEND is \"docker\""), "{error}");
    }
}
