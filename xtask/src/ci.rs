//! `cargo xtask ci`: what CI runs, one line a step with its time.

use crate::{conformance, e2e, fuzz, infra, package, peers, run, simulate, test, tidy};
use anyhow::Result;
use std::path::Path;
use std::time::Instant;

/// Every check; `cargo xtask test` last, so that the log ends in its closing line.
pub(crate) fn ci(root: &Path) -> Result<()> {
    quiet("fmt", &["fmt", "--all", "--check"], &[])?;
    let tidying = Instant::now();
    tidy::tidy(root)?;
    run::step("tidy", tidying);
    infra::check(root)?;
    quiet("deny", &["deny", "check", "bans", "licenses", "sources"], &[])?;
    let deny_warnings = ("RUSTDOCFLAGS", "-Dwarnings");
    let clippy = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-Dwarnings"];
    quiet("clippy", &clippy, &[])?;
    infra::rehearsal::clippy()?;
    let doc = ["doc", "--locked", "--workspace", "--no-deps"];
    quiet("doc", &doc, &[deny_warnings])?;
    fuzz::check(root)?;
    conformance::conformance(&conformance::Arguments::default())?;
    peers::peers(root, &peers::Arguments::default())?;
    infra::rehearsal::test(&infra::rehearsal::Arguments::default())?;
    simulate::simulate(&simulate::Arguments::default())?;
    e2e::local(root, None)?;
    package::package(&package::Arguments::default(), root)?;
    run::build_binaries(false)?;
    e2e::from_packages(root, None)?;
    test::test(&test::Arguments::default())
}

fn quiet(title: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Result<()> {
    let started = Instant::now();
    run::quietly(title, run::cargo(arguments).envs(variables.iter().copied()))?;
    run::step(title, started);
    Ok(())
}
