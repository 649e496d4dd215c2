//! `cargo xtask e2e`: the end-to-end tests, with real processes over real sockets.

mod engine;
mod images;
mod kept_out;

use crate::{package, run, test};
use anyhow::{Result, bail, ensure};
use clap::ValueEnum;
use engine::Engine;
use images::Images;
use kept_out::{AZURE, LOCAL, MICROSOFT};
use std::env;
use std::path::Path;

/// What to run against.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// What stands in for Azure
    #[arg(long, value_enum, default_value_t)]
    backend: Backend,
    /// Whose images, with `--backend containers`
    #[arg(long, value_enum, default_value_t)]
    images: Whose,
    /// Start the handlers from the zips that `cargo xtask package` has made
    #[arg(long, conflicts_with_all = ["backend", "images"])]
    packages: bool,
    /// Only tests whose name contains this
    filter: Option<String>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Backend {
    /// The emulator of this tree, as a process
    #[default]
    Emulator,
    /// Containers, which needs Docker
    Containers,
    /// A deployed system, named by the environment
    Azure,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Whose {
    /// Microsoft's emulators; api and relay are processes
    #[default]
    Microsoft,
    /// Emulator, api and relay, each made from this tree
    Local,
}

/// Builds what is needed and runs the files of `crates/e2e/tests`.
pub(crate) fn e2e(arguments: &Arguments, root: &Path) -> Result<()> {
    let filter = arguments.filter.as_deref();
    match (arguments.backend, arguments.images) {
        (Backend::Emulator, _) => {
            if arguments.packages {
                return from_packages(root, filter);
            }
            run::build_binaries(false)?;
            test::run_tests(&["--package", "e2e"], filter)
        }
        (Backend::Containers, Whose::Local) => local(root, filter),
        (Backend::Containers, Whose::Microsoft) => microsoft(filter),
        (Backend::Azure, _) => azure(filter),
    }
}

/// Runs the files that use the Functions host, on what would be deployed.
pub(crate) fn from_packages(root: &Path, filter: Option<&str>) -> Result<()> {
    for app in package::APPS {
        let zip = package::path(app);
        ensure!(zip.is_file(), "there is no {}; run `cargo xtask package` first", zip.display());
    }
    run::build_binaries(false)?;
    let filters = [filter.unwrap_or("functions::")];
    let mut command = test::command(&["--package", "e2e"], &filters);
    run::run(command.env("E2E_PACKAGES", root.join(package::FOLDER)))
}

/// The same files, with each program in a container of its own.
pub(crate) fn local(root: &Path, filter: Option<&str>) -> Result<()> {
    let engine = Engine::find()?;
    let _images = Images::make(root)?;
    for (name, why) in LOCAL {
        println!("kept out: {name:<24} {why}");
    }
    let filters: Vec<&str> = filter.into_iter().collect();
    let skip: Vec<&str> = LOCAL.iter().flat_map(|(name, _)| ["--skip", name]).collect();
    in_containers(&engine, "containers-local", &filters, &skip)
}

fn microsoft(filter: Option<&str>) -> Result<()> {
    if env::var("ACCEPT_EULA").as_deref() != Ok("Y") {
        bail!(
            "Microsoft's images run for those who accept their licence: set ACCEPT_EULA=Y if you \
             do, or use `--images local`"
        );
    }
    let engine = Engine::find()?;
    run::build_binaries(false)?;
    println!("only {}: the rest needs what these emulators do not have", MICROSOFT.join(", "));
    let filters = filter.map_or_else(|| MICROSOFT.to_vec(), |filter| vec![filter]);
    in_containers(&engine, "containers-microsoft", &filters, &[])
}

fn in_containers(engine: &Engine, backend: &str, filters: &[&str], skip: &[&str]) -> Result<()> {
    let run = std::process::id().to_string();
    let mut command = test::command_of_all(&["--package", "e2e"], filters);
    command.args(skip);
    command.env("E2E_BACKEND", backend).env("E2E_RUN", &run).env("DOCKER_HOST", engine.host());
    let ran = run::run(&mut command);
    images::sweep(&run)?;
    ran
}

fn azure(filter: Option<&str>) -> Result<()> {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let needed: [(&[&str], &str); 3] = [
        (&["E2E_API"], "where the api is, as https://….azurewebsites.net"),
        (&["COSMOS_ENDPOINT"], "the account, as https://….documents.azure.com"),
        (&["SERVICEBUS_NAMESPACE", "SERVICEBUS_CONNECTION"], "the namespace's host name"),
    ];
    let missing = needed.iter().filter(|(names, _)| !names.iter().any(|name| is_set(name)));
    let missing: Vec<_> =
        missing.map(|(names, what)| format!("{}: {what}", names.join(" or "))).collect();
    if !missing.is_empty() {
        bail!("--backend azure needs a deployed system. Not set:\n  {}", missing.join("\n  "));
    }
    run::build_binaries(false)?;
    let filters = filter.map_or_else(|| AZURE.to_vec(), |filter| vec![filter]);
    let mut command = test::command_of_all(&["--package", "e2e"], &filters);
    run::run(command.env("E2E_BACKEND", "azure"))
}
