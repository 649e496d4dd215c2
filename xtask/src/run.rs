//! Running other programs: each is one step with one line of outcome.

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command of this toolchain's cargo.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    // Set by cargo for whatever it runs; the plain name serves when xtask is started by hand.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments);
    command
}

/// Runs a command to its end with our own input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let said = said(command);
    let status = command.status().with_context(|| format!("cannot start `{said}`"))?;
    if status.success() {
        return Ok(());
    }
    bail!("`{said}` failed ({status})")
}

/// Runs a command behind a spinner; its output is shown only if it fails.
pub(crate) fn quietly(title: &str, command: &mut Command) -> Result<()> {
    let spinner = ProgressBar::new_spinner().with_message(title.to_owned());
    spinner.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
    spinner.enable_steady_tick(Duration::from_millis(120));
    let said = said(command);
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{said}`"))?;
    spinner.finish_and_clear();
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    bail!("`{said}` failed ({}):\n{told}", output.status)
}

/// Builds the binaries that demo, dev and the end-to-end tests start.
pub(crate) fn build_binaries(release: bool) -> Result<()> {
    let mut build = cargo(&["build", "--locked"]);
    for package in ["emulator", "api", "relay", "e2e"] {
        build.args(["--package", package]);
    }
    build.arg("--bins");
    if release {
        build.arg("--release");
    }
    let profile = if release { "release" } else { "debug" };
    let started = Instant::now();
    quietly(&format!("building emulator, api and relay ({profile})"), &mut build)?;
    step("built emulator, api and relay", started);
    Ok(())
}

/// Says that a step is done, and how long it took.
pub(crate) fn step(title: &str, started: Instant) {
    println!("{title:<44} {:>7.1} s", started.elapsed().as_secs_f64());
}

fn said(command: &Command) -> String {
    let mut said = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        said.push(' ');
        said.push_str(&argument.to_string_lossy());
    }
    said
}
