//! `cargo xtask conformance`: Microsoft's own SDKs as clients of the emulator.
//!
//! Each suite is a script that prints one named feature a line and ends in `N passed, N failed`.
//! It gets an emulator of its own, so that no clock moved and no fault set by one suite reaches
//! another, and it is told by its environment where that is.

mod emulator;
mod runtime;
mod suite;

use crate::run;
use anyhow::{Result, bail};
use runtime::Runtime;
use std::path::Path;
use std::time::Instant;
use suite::{Suite, Tally};

/// What to run.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only suites whose name contains this
    filter: Option<String>,
    /// Show every feature, not only those that failed
    #[arg(long)]
    verbose: bool,
}

const SUITES: &[Suite] = &[
    Suite {
        name: "cosmos, Python sync",
        runtime: Runtime::Python,
        script: "cosmos/sync.py",
        config: None,
    },
    Suite {
        name: "cosmos, Python async",
        runtime: Runtime::Python,
        script: "cosmos/aio.py",
        config: None,
    },
    Suite {
        name: "cosmos, JavaScript",
        runtime: Runtime::Node { pins: "cosmos/js" },
        script: "cosmos/js/main.js",
        config: None,
    },
    Suite {
        name: "servicebus, Python sync",
        runtime: Runtime::Python,
        script: "servicebus/sync.py",
        config: Some("servicebus/Config.json"),
    },
];

/// Builds the emulator, installs the pinned SDKs, runs the suites and adds up what they say.
pub(crate) fn conformance(arguments: &Arguments) -> Result<()> {
    let wanted = |suite: &&Suite| {
        arguments.filter.as_deref().is_none_or(|filter| suite.name.contains(filter))
    };
    let suites: Vec<&Suite> = SUITES.iter().filter(wanted).collect();
    if suites.is_empty() {
        let names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
        bail!("no suite has that in its name; there are: {}", names.join("; "));
    }
    let building = Instant::now();
    run::quietly("emulator", &mut run::cargo(&["build", "--locked", "--package", "emulator"]))?;
    run::step("emulator built", building);
    let folder = Path::new("target/conformance");
    let mut total = Tally::default();
    for suite in suites {
        total += suite.run(folder, arguments.verbose)?;
    }
    println!("{total}");
    if total.failed == 0 {
        return Ok(());
    }
    bail!("the emulator and an SDK do not agree; the lines with FAIL say where")
}
