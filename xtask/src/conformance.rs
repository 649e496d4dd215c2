//! `cargo xtask conformance`: Microsoft's own SDKs as clients of the emulator.
//!
//! Each suite is a script that prints one named feature a line and ends in `N passed, N failed`.
//! It gets an emulator of its own, so that no clock moved and no fault set by one suite reaches
//! another, and it is told by its environment where that is.

mod emulator;
mod runtime;
mod suite;

pub(crate) use emulator::end;
pub(crate) use runtime::{node as install_node, python as install_python};

use crate::run;
use anyhow::{Result, bail};
use runtime::Runtime;
use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;
use suite::{Ran, Suite, Tally};

/// What to run.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only suites whose name contains this
    filter: Option<String>,
    /// Show every feature, not only those that failed
    #[arg(long)]
    verbose: bool,
}

/// The longest first: the others fit beside it.
const SUITES: &[Suite] = &[
    Suite {
        name: "cosmos, the tests of azure-cosmos",
        runtime: Runtime::Python,
        script: "cosmos/own_tests.py",
        config: None,
    },
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
        name: "cosmos, Rust and its oracle",
        runtime: Runtime::Rust { program: "rust" },
        script: "rust",
        config: None,
    },
    Suite {
        name: "servicebus, Python sync",
        runtime: Runtime::Python,
        script: "servicebus/sync.py",
        config: Some("servicebus/Config.json"),
    },
    Suite {
        name: "servicebus, Python async",
        runtime: Runtime::Python,
        script: "servicebus/aio.py",
        config: Some("servicebus/Config.json"),
    },
    Suite {
        name: "servicebus, JavaScript",
        runtime: Runtime::Node { pins: "servicebus/js" },
        script: "servicebus/js/main.js",
        config: Some("servicebus/Config.json"),
    },
    Suite {
        name: "servicebus administration, Python",
        runtime: Runtime::Python,
        script: "servicebus/admin.py",
        config: Some("servicebus/Config.json"),
    },
    Suite {
        name: "servicebus samples, Python",
        runtime: Runtime::Python,
        script: "servicebus/samples.py",
        config: None,
    },
    Suite {
        name: "servicebus administration, JavaScript",
        runtime: Runtime::Node { pins: "servicebus/js" },
        script: "servicebus/js/admin.js",
        config: Some("servicebus/Config.json"),
    },
];

/// Suites that nobody runs yet.
type Waiting<'a> = Mutex<VecDeque<(&'a Suite, Command)>>;

/// Suites at once. Most of their time is waiting, and each has an emulator of its own.
const AT_ONCE: usize = 4;

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
    let total = side_by_side(&suites, arguments.verbose)?;
    println!("{total}");
    if total.failed == 0 {
        return Ok(());
    }
    bail!("the emulator and an SDK do not agree; the lines with FAIL say where")
}

/// Installs what the suites need, one after the other, and runs them in threads; says of each what
/// it came to as soon as it ends.
fn side_by_side(suites: &[&Suite], is_verbose: bool) -> Result<Tally> {
    let folder = Path::new("target/conformance");
    let commands = suites.iter().map(|suite| Ok((*suite, suite.runtime.command(folder)?)));
    let commands = Mutex::new(commands.collect::<Result<VecDeque<_>>>()?);
    let (send, ended) = mpsc::channel();
    thread::scope(|threads| {
        for send in vec![send; AT_ONCE] {
            let commands = &commands;
            threads.spawn(move || work_off(commands, folder, &send));
        }
        let tallies = ended.into_iter().map(|ran| ran?.tell(is_verbose));
        tallies.reduce(|sum, tally| Ok(sum? + tally?)).unwrap_or_else(|| Ok(Tally::default()))
    })
}

/// Runs what is still to be run, one suite after the other.
fn work_off<'a>(commands: &Waiting<'a>, folder: &Path, ended: &mpsc::Sender<Result<Ran<'a>>>) {
    let next = || commands.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    while let Some((suite, command)) = next() {
        drop(ended.send(suite.run(command, folder)));
    }
}
