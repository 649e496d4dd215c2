//! `cargo xtask infra test`: `cargo xtask deploy` from end to end, by the real `az`, on this machine.
//!
//! The tests are in `xtask/tests/local_azure`. They are no part of `cargo xtask test`, since `az` is
//! some 700 MB, which only this verb installs.

use crate::conformance::install_python;
use crate::{run, test};
use anyhow::Result;
use std::path::Path;
use std::time::Instant;

/// What to test.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// Where the tests look for `az`.
const AZ: &str = "target/local-azure/az";
const PINS: &str = "xtask/tests/local_azure/requirements.txt";
const SCOPE: [&str; 4] = ["--package", "xtask", "--test", "local_azure"];

/// Installs `az`, unless it is there, and runs the tests.
pub(crate) fn test(arguments: &Arguments) -> Result<()> {
    install_python(Path::new(AZ), Path::new(PINS))?;
    test::run_tests(&SCOPE, arguments.filter.as_deref())
}

/// Holds the tests to the lints: `--all-targets` leaves out what an ordinary run of tests does.
pub(crate) fn clippy() -> Result<()> {
    let started = Instant::now();
    let mut clippy = run::cargo(&["clippy", "--locked"]);
    run::quietly("clippy", clippy.args(SCOPE).args(["--", "-Dwarnings"]))?;
    run::step("clippy of the local Azure", started);
    Ok(())
}
