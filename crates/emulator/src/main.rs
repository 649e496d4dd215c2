//! The command line of the local Azure: `emulator` serves Cosmos DB, Service Bus and control;
//! `emulator functions` is the Functions host of one app.

use anyhow::Context;
use clap::{Args, Parser};
use emulator::local::{self, Addresses, Entities};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(about, version)]
struct Cli {
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
    /// Service Bus entities, in the Config.json format of Microsoft's emulator
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Start without database `shop` and, unless --config names others, without topic `orders`
    #[arg(long)]
    empty: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let done = runtime.block_on(async {
        let stopped = stop_signal()?;
        let stop = CancellationToken::new();
        let work = serve_local(cli.local, stop.clone());
        let mut work = std::pin::pin!(work);
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
    let addresses =
        Addresses { cosmos: args.cosmos, servicebus: args.servicebus, control: args.control };
    let local = local::bind(addresses, entities).await?;
    local.announce(&mut std::io::stdout())?;
    local.serve(stop).await?;
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
