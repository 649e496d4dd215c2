//! `cargo xtask test`: all tests that need no Docker and no Azure.

use crate::run;
use anyhow::Result;
use std::process::Command;

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
    let filters: Vec<&str> = filter.into_iter().collect();
    run::run(&mut command(scope, &filters))
}

/// The command that runs tests, but for those that need more than this machine's processes. Cargo's
/// own runner takes one filter at most.
pub(crate) fn command(scope: &[&str], filters: &[&str]) -> Command {
    let mut command = runner(&[], scope, filters);
    if !has_nextest() {
        // What nextest reads from its own file.
        command.args(["--", "--skip", "network_cut::", "--skip", "deployed::"]);
    }
    command
}

/// The same with no test left out, for a caller that says itself what to skip, behind a `--`.
pub(crate) fn command_of_all(scope: &[&str], filters: &[&str]) -> Command {
    let all: &[&str] = if has_nextest() { &["--ignore-default-filter"] } else { &[] };
    let mut command = runner(all, scope, filters);
    command.arg("--");
    command
}

fn runner(options: &[&str], scope: &[&str], filters: &[&str]) -> Command {
    let runner: &[&str] = if has_nextest() { &["nextest", "run"] } else { &["test"] };
    let mut command = run::cargo(runner);
    command.arg("--locked").args(options).args(scope).args(filters);
    command
}

fn has_nextest() -> bool {
    run::cargo(&["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}
