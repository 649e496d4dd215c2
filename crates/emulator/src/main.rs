//! The command line of the local Azure: `emulator` serves Cosmos DB, Service Bus and control;
//! `emulator functions` is the Functions host of one app, `emulator gate` a way to another machine.

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use emulator::{
    functions::{self, Keys, Options, Settings},
    gate::{self, Way},
    local::{self, Addresses, Entities},
};
use std::{ffi::OsString, io::IsTerminal, net::SocketAddr, path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(about, version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    local: LocalArgs,
}

/// Cosmos DB, Service Bus and control. Port 0 picks a free one; the ready line names it.
#[derive(Args)]
struct LocalArgs {
    /// Where Cosmos DB listens (HTTP/1.1 and HTTP/2, no TLS)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    cosmos: SocketAddr,
    /// Where Service Bus listens (AMQP 1.0, no TLS)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5672")]
    servicebus: SocketAddr,
    /// Where faults, splits, the clock and the state are reached; loopback only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    control: SocketAddr,
    /// Where Service Bus is administered (HTTP, no TLS) [default: 127.0.0.1:5300, or a free port]
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    /// Service Bus entities, in the Config.json format of Microsoft's emulator
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Start without database `shop` and, unless --config names others, without topic `orders`
    #[arg(long)]
    empty: bool,
    /// Keep everything in this directory, so that it survives the end of this process, however
    /// that comes. Made if it is not there. Without it everything is in memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Part {
    /// The Functions host of one app: starts its handler and fires its triggers
    Functions(FunctionsArgs),
    /// Leads whoever connects here to another machine: for clients that speak to loopback only
    Gate {
        /// Where to listen, and where to lead to: 127.0.0.1:8081=emulator:8081
        #[arg(value_name = "ADDR=HOST:PORT", required = true)]
        ways: Vec<Way>,
    },
    /// Becomes a handler that ends with its host
    #[command(name = functions::BECOME_HANDLER, hide = true)]
    BecomeHandler {
        host: u32,
        #[arg(last = true, required = true, num_args = 1..)]
        command: Vec<OsString>,
    },
}

#[derive(Args)]
struct FunctionsArgs {
    /// The folder that is deployed: host.json, and a folder with function.json per function
    #[arg(long, value_name = "DIR")]
    app: PathBuf,
    /// Where HTTP triggers and the admin routes are served
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7071")]
    listen: SocketAddr,
    /// App settings besides the environment, as in local.settings.json
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Ask for keys: this one opens everything, the admin routes too
    #[arg(long, value_name = "KEY")]
    master_key: Option<String>,
    /// Ask for keys: this one opens functions of authLevel `function`
    #[arg(long, value_name = "KEY")]
    function_key: Option<String>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = log_filter(std::env::var("RUST_LOG").ok());
    let told = filter.as_ref().err().cloned();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match told.map_or_else(|| run(cli), |mistake| Err(anyhow::Error::msg(mistake))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What to log, by `RUST_LOG`; or what is wrong with that.
fn log_filter(given: Option<String>) -> Result<EnvFilter, String> {
    let given = given.filter(|given| !given.trim().is_empty());
    let given = given.unwrap_or_else(|| "info".into());
    EnvFilter::try_new(&given).map_err(|error| {
        format!("RUST_LOG is {given:?} ({error}); write info, or info,emulator=debug")
    })
}

/// One verb: the local Azure, the Functions host of one app, or becoming a handler.
fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.part {
        None => until_stopped(|stop| serve_local(cli.local, stop)),
        Some(Part::Functions(args)) => until_stopped(|stop| host_functions(args, stop)),
        Some(Part::Gate { ways }) => until_stopped(async |stop| {
            gate::serve(&ways, &stop).await.context("the gate cannot be opened")
        }),
        Some(Part::BecomeHandler { host, command }) => {
            let mut command = command.into_iter();
            let executable = command.next().context("no executable is named")?;
            let error = functions::become_handler(host, executable.into(), command.collect());
            Err(error).context("the handler cannot be started")
        }
    }
}

/// Runs `work` on a runtime; a stop signal lets it end in order.
fn until_stopped<F: Future<Output = anyhow::Result<()>>>(
    work: impl FnOnce(CancellationToken) -> F,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let done = runtime.block_on(async {
        let stopped = stop_signal()?;
        let stop = CancellationToken::new();
        let mut work = std::pin::pin!(work(stop.clone()));
        tokio::select! {
            done = &mut work => done,
            () = stopped => {
                stop.cancel();
                work.await
            }
        }
    });
    runtime.shutdown_background();
    done
}

/// Everything but the Functions host, in one process.
async fn serve_local(args: LocalArgs, stop: CancellationToken) -> anyhow::Result<()> {
    let config = match &args.config {
        Some(path) => Some(
            std::fs::read_to_string(path)
                .with_context(|| format!("cannot read --config {}", path.display()))?,
        ),
        None => None,
    };
    let entities =
        Entities::new(config.as_deref(), args.empty).context("--config is not usable")?;
    let addresses = Addresses {
        cosmos: args.cosmos,
        servicebus: args.servicebus,
        control: args.control,
        admin: args.admin,
    };
    let local = local::bind(addresses, entities, args.data).await?;
    local.announce(&mut std::io::stdout())?;
    let contents = local.contents();
    let served = local.serve(stop).await;
    // The process ends now: to free a million items one by one would only delay that.
    std::mem::forget(contents);
    Ok(served?)
}

/// The Functions host of one app. Settings that are not text are left out.
async fn host_functions(args: FunctionsArgs, stop: CancellationToken) -> anyhow::Result<()> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let mut settings = Settings::new(std::env::vars_os().filter_map(text));
    if let Some(path) = &args.settings {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read --settings {}", path.display()))?;
        settings
            .add_file(&text)
            .with_context(|| format!("--settings {} is not usable", path.display()))?;
    }
    let keys = Keys { master: args.master_key, function: args.function_key };
    let options = Options { app: args.app, listen: args.listen, settings, keys };
    functions::run(options, &mut std::io::stdout(), stop).await?;
    Ok(())
}

/// From now on, SIGTERM and Ctrl-C resolve the future instead of killing the process.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_log_filter_is_told_and_not_passed_over() {
        for right in [None, Some(""), Some("info,emulator=debug")] {
            assert!(log_filter(right.map(Into::into)).is_ok(), "{right:?}");
        }
        let told = log_filter(Some("emulator=loud".into())).unwrap_err();
        assert!(told.contains("\"emulator=loud\"") && told.contains("write info"), "{told}");
    }
}
