//! `cargo xtask e2e`: the end-to-end tests, with real processes over real sockets.

use crate::{run, test};
use anyhow::Result;
use clap::ValueEnum;

/// What to run against.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What stands in for Azure
    #[arg(long, value_enum, default_value_t = Backend::Emulator)]
    backend: Backend,
    /// Only tests whose name contains this
    filter: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    /// The emulator of this tree, as a process
    Emulator,
}

/// Builds the binaries and runs the files of `crates/e2e/tests`.
pub(crate) fn e2e(arguments: &Arguments) -> Result<()> {
    match arguments.backend {
        Backend::Emulator => {
            run::build_binaries(false)?;
            test::run_tests(&["--package", "e2e"], arguments.filter.as_deref())
        }
    }
}
