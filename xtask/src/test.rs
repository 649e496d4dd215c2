//! `cargo xtask test`: all tests that need no Docker and no Azure.

use crate::run;
use anyhow::Result;

/// What to test.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// Builds the binaries that the end-to-end tests start, then runs every test.
pub(crate) fn test(arguments: &Arguments) -> Result<()> {
    run::build_binaries(false)?;
    run_tests(&["--workspace"], arguments.filter.as_deref())
}

/// Runs tests by nextest where it is installed, else by cargo's own runner.
pub(crate) fn run_tests(scope: &[&str], filter: Option<&str>) -> Result<()> {
    let has_nextest =
        run::cargo(&["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    let runner: &[&str] = if has_nextest { &["nextest", "run"] } else { &["test"] };
    let mut command = run::cargo(runner);
    command.arg("--locked").args(scope);
    run::run(command.args(filter))
}
