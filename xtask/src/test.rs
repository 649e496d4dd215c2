//! `cargo xtask test`: all tests that need no Docker and no Azure.

use crate::run;
use anyhow::Result;
use std::path::PathBuf;

/// What to test.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// Runs every test. Cargo builds a package's binaries for its integration tests, so that those
/// which the end-to-end tests start are there without a build of their own.
pub(crate) fn test(arguments: &Arguments) -> Result<()> {
    run_tests(&["--workspace"], arguments.filter.as_deref())
}

/// Runs tests by nextest where it is installed, else by cargo's own runner.
pub(crate) fn run_tests(scope: &[&str], filter: Option<&str>) -> Result<()> {
    run_tests_with(&[], scope, filter)
}

/// The same, with these variables.
pub(crate) fn run_tests_with(
    variables: &[(&str, PathBuf)],
    scope: &[&str],
    filter: Option<&str>,
) -> Result<()> {
    let has_nextest =
        run::cargo(&["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    let runner: &[&str] = if has_nextest { &["nextest", "run"] } else { &["test"] };
    let mut command = run::cargo(runner);
    command.arg("--locked").args(scope).envs(variables.iter().map(|(name, path)| (name, path)));
    run::run(command.args(filter))
}
