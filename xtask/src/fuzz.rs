//! `cargo xtask fuzz`: random bytes for every parser that reads from a socket or a file.
//!
//! The targets are in `fuzz/`, a workspace of its own; cargo-fuzz builds and runs them. They need
//! no nightly toolchain: coverage comes from LLVM, and there is no `unsafe` here for a sanitizer to
//! watch.

use crate::run;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// What to fuzz, and how long.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only targets whose name contains this
    filter: Option<String>,
    /// How long each of them is run
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs the targets, one after the other.
pub(crate) fn fuzz(root: &Path, arguments: &Arguments) -> Result<()> {
    let has_fuzz = run::cargo(&["fuzz", "--version"]).output();
    if !has_fuzz.is_ok_and(|output| output.status.success()) {
        bail!("cargo-fuzz is missing; `cargo install --locked cargo-fuzz` brings it");
    }
    let wanted = |name: &String| arguments.filter.as_deref().is_none_or(|part| name.contains(part));
    let all = targets(root)?;
    let names: Vec<&String> = all.iter().filter(|name| wanted(name)).collect();
    if names.is_empty() {
        bail!("no target has that in its name; there are: {}", all.join(", "));
    }
    lock(root)?;
    let building = Instant::now();
    run::quietly("fuzz targets", &mut run::cargo(&["fuzz", "build", "--sanitizer", "none"]))?;
    run::step("fuzz targets built", building);
    let time = format!("-max_total_time={}", arguments.seconds);
    for name in names {
        let started = Instant::now();
        let mut fuzz = run::cargo(&["fuzz", "run", "--sanitizer", "none", name, "--", &time]);
        // A parser that takes seconds or hundreds of MB for a few KB is as wrong as one that panics.
        fuzz.args(["-timeout=5", "-rss_limit_mb=1024", "-max_len=65536", "-verbosity=0"]);
        run::quietly(name, &mut fuzz)?;
        run::step(name, started);
    }
    Ok(())
}

/// Whether the targets compile.
pub(crate) fn check(root: &Path) -> Result<()> {
    lock(root)?;
    let started = Instant::now();
    // In the same folder, so that what both workspaces need is built once.
    let check = ["check", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target"];
    run::quietly("fuzz targets", &mut run::cargo(&check))?;
    run::step("fuzz targets compile", started);
    Ok(())
}

/// The project's lock file, to which cargo adds libFuzzer: everything else is as it is shipped.
fn lock(root: &Path) -> Result<()> {
    let copied = fs::copy(root.join("Cargo.lock"), root.join("fuzz/Cargo.lock"));
    copied.map(drop).context("cannot copy Cargo.lock to fuzz")
}

fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz/fuzz_targets");
    let files =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}
