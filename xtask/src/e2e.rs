//! `cargo xtask e2e`: the end-to-end tests, with real processes over real sockets.

use crate::{package, run, test};
use anyhow::{Result, ensure};
use clap::ValueEnum;
use std::path::Path;

/// What to run against.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What stands in for Azure
    #[arg(long, value_enum, default_value_t = Backend::Emulator)]
    backend: Backend,
    /// Start the handlers from the zips that `cargo xtask package` has made
    #[arg(long)]
    packages: bool,
    /// Only tests whose name contains this
    filter: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    /// The emulator of this tree, as a process
    Emulator,
}

/// Builds the binaries and runs the files of `crates/e2e/tests`.
pub(crate) fn e2e(arguments: &Arguments, root: &Path) -> Result<()> {
    match arguments.backend {
        Backend::Emulator => {
            run::build_binaries(false)?;
            if arguments.packages {
                return from_packages(root, arguments.filter.as_deref());
            }
            test::run_tests(&["--package", "e2e"], arguments.filter.as_deref())
        }
    }
}

/// Runs the files that use the Functions host, on what would be deployed.
fn from_packages(root: &Path, filter: Option<&str>) -> Result<()> {
    for app in package::APPS {
        let zip = package::path(app);
        ensure!(zip.is_file(), "there is no {}; run `cargo xtask package` first", zip.display());
    }
    let variable = ("E2E_PACKAGES", root.join(package::FOLDER));
    test::run_tests_with(&[variable], &["--package", "e2e"], Some(filter.unwrap_or("functions::")))
}
