//! The project's verbs: `cargo xtask <verb>`. One file a verb; no tokio, no HTTP here.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the verbs talk to the person who typed them"
)]

mod bench;
mod ci;
mod conformance;
mod demo;
mod deploy;
mod destroy;
mod e2e;
mod fuzz;
mod infra;
mod mutants;
mod package;
mod peers;
mod run;
mod simulate;
mod soak;
mod test;
mod tidy;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// One door to everything this project does.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The main job in one command: orders in, the relay killed half-way, every event out once
    Demo(demo::Arguments),
    /// The same to play with: prints the curl lines and tails the topic until Ctrl-C
    Dev(demo::DevArguments),
    /// All tests that need no Docker and no Azure
    Test(test::Arguments),
    /// Only the end-to-end tests: real processes over real sockets
    E2e(e2e::Arguments),
    /// Microsoft's SDKs for Python, JavaScript and Rust as clients of the emulator
    Conformance(conformance::Arguments),
    /// The client of Service Bus against RabbitMQ and a broker on rhea
    Peers(peers::Arguments),
    /// Throws random bytes at every parser, or at one
    Fuzz(fuzz::Arguments),
    /// Relays over ports in memory, with faults at every call, from seeds that replay exactly
    Simulate(simulate::Arguments),
    /// Everything goes wrong at random under load; then everything must be accounted for
    Soak(soak::Arguments),
    /// Breaks promises on purpose, and sees that a test notices each
    Mutants(mutants::Arguments),
    /// The figures of BENCHMARKS.md, in release, in one run
    Bench(bench::Arguments),
    /// The Bicep files, held to what they may say and to what the apps read
    #[command(subcommand)]
    Infra(infra::Verb),
    /// What is published to Azure: static binaries, zipped, and what they are made of
    Package(package::Arguments),
    /// From a clone to a running system on Azure; the same again changes nothing
    Deploy(deploy::Arguments),
    /// Takes a resource group away, with all that is in it
    Destroy(destroy::Arguments),
    /// The house rules that no other tool checks
    Tidy,
    /// What CI runs: fmt, tidy, infra check, deny, clippy, doc, conformance, peers, infra test,
    /// simulate, containers, package, test
    Ci,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard output may belong to a document.
            eprintln!("\ncargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent")?;
    std::env::set_current_dir(root).with_context(|| format!("cannot enter {}", root.display()))?;
    match arguments.verb {
        Verb::Demo(arguments) => demo::demo(&arguments),
        Verb::Dev(arguments) => demo::dev(&arguments),
        Verb::Test(arguments) => test::test(&arguments),
        Verb::E2e(arguments) => e2e::e2e(&arguments, root),
        Verb::Conformance(arguments) => conformance::conformance(&arguments),
        Verb::Peers(arguments) => peers::peers(root, &arguments),
        Verb::Fuzz(arguments) => fuzz::fuzz(root, &arguments),
        Verb::Simulate(arguments) => simulate::simulate(&arguments),
        Verb::Soak(arguments) => soak::soak(&arguments),
        Verb::Mutants(arguments) => mutants::mutants(&arguments, root),
        Verb::Bench(arguments) => bench::bench(&arguments),
        Verb::Infra(verb) => infra::infra(&verb, root),
        Verb::Package(arguments) => package::package(&arguments, root),
        Verb::Deploy(arguments) => deploy::deploy(&arguments, root),
        Verb::Destroy(arguments) => destroy::destroy(&arguments),
        Verb::Tidy => tidy::tidy(root),
        Verb::Ci => ci::ci(root),
    }
}
