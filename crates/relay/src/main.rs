//! The relay: woken by the Functions host where `FUNCTIONS_CUSTOMHANDLER_PORT` is set, standing
//! alone otherwise.
#![expect(clippy::print_stderr, reason = "whoever started it wrongly is told before logs begin")]

use anyhow::Context;
use clap::Parser;
use cosmos::{Container, CosmosLeases, CosmosOutbox};
use domain::Timestamp;
use relay::config::{Settings, Wake};
use relay::feed::{Alone, Shared, Signals, follow};
use relay::http::routes;
use relay::operate::Command;
use relay::setup::{AzureApp, Clients, Setup};
use relay::stop::{Stop, stop};
use servicebus::ServiceBusPublisher;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};

/// Publishes the pending events of Cosmos DB to Service Bus, in order, and marks them processed.
///
/// Under the Functions host it is woken by its calls; otherwise it follows the change feed itself.
/// With a subcommand it is the operator's tool, which works beside any relay.
#[derive(Debug, Parser)]
#[command(version, after_help = ENVIRONMENT)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

const ENVIRONMENT: &str = "\
Environment:
  COSMOS_ENDPOINT              https://<account>.documents.azure.com
  COSMOS_KEY                   the account's key; without one, Entra ID
  COSMOS_DATABASE              [default: shop]
  COSMOS_CONTAINER             [default: orders]
  COSMOS_LEASE_CONTAINER       where relays share the feed out [default: leases]
  SERVICEBUS_NAMESPACE         <namespace>.servicebus.windows.net, with Entra ID
  SERVICEBUS_CONNECTION        instead of it, a connection string
  SERVICEBUS_TOPIC             [default: orders]
  SERVICEBUS_ADMIN             for check, where an emulator serves its administration
  RELAY_RETENTION              how long processed events are kept [default: 7d]
  RELAY_SWEEP_AFTER            how long one may be pending unnoticed [default: 60s]
  RELAY_POLL                   pauses between reads, busy..idle [default: 5ms..1s]
  RELAY_IN_FLIGHT              orders sent side by side [default: 64]
  RELAY_LEASES                 how many leases it holds, least..most [default: ..]
  RELAY_LEASE_ACQUIRE          how often to look for leases to take [default: 13s]
  RELAY_LEASE_RENEW            how often to give a sign of life [default: 17s]
  RELAY_LEASE_EXPIRE           how long a lease lives without one [default: 60s]
  LISTEN                       where health is served [default: 127.0.0.1:8082]
  FUNCTIONS_CUSTOMHANDLER_PORT set by the Functions host, which then wakes it
  RUST_LOG                     [default: info]";

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime");
    match runtime.and_then(|runtime| runtime.block_on(run(command))) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("relay: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Option<Command>) -> anyhow::Result<ExitCode> {
    let Some(command) = command else { return start().await };
    Ok(ExitCode::from(command.run(variable, now).await))
}

/// What is no UTF-8 shows where it is refused, instead of counting as not set.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

async fn start() -> anyhow::Result<ExitCode> {
    let Setup { settings, filter, clients } = match Setup::read(variable) {
        Ok(setup) => setup,
        Err(mistakes) => {
            eprintln!("relay: the environment is wrong:\n{}", mistakes.join("\n"));
            return Ok(ExitCode::FAILURE);
        }
    };
    relay::logs::start(filter);
    let address = settings.wake.address();
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| match settings.wake {
        Wake::Host { .. } => format!("cannot listen on {address}, as the Functions host says"),
        Wake::Alone { .. } => {
            format!("cannot listen on {address}; stop what does, or set LISTEN to another port")
        }
    })?;
    info!(address = %listener.local_addr()?, wake = ?settings.wake, "listening");
    serve(listener, settings, clients).await
}

/// Answers from the first moment, builds the clients beside that, and relays until told to stop.
async fn serve(
    listener: TcpListener,
    settings: Settings,
    clients: Clients,
) -> anyhow::Result<ExitCode> {
    let signalled = stop_signal()?;
    let name = relay::name::name(listener.local_addr()?);
    let (open, door) = watch::channel(None);
    let (stopper, stop) = stop();
    let server = warp::serve(routes(door, now)).incoming(listener);
    let mut serving = JoinSet::new();
    serving.spawn(server.graceful(stop.told()).run());
    let built = tokio::task::spawn_blocking(move || clients.open(&settings)).await?;
    let (app, container, leases) = built.context("cannot build the clients")?;
    let app = Arc::new(app);
    open.send_replace(Some(Arc::clone(&app)));
    if let Wake::Alone { .. } = settings.wake {
        serving.spawn(follow(Arc::new(shared(&app, (container, leases), (&settings, name), stop))));
    }
    let code = tokio::select! {
        () = signalled => code_when_stopped(settings.wake),
        _ = serving.join_next() => {
            error!("a part of the relay ended by itself");
            ExitCode::FAILURE
        }
    };
    stopper.stop();
    drain(serving, &app).await;
    Ok(code)
}

fn shared(
    app: &Arc<AzureApp>,
    (container, leases): (Arc<Container>, CosmosLeases),
    (settings, name): (&Settings, String),
    stop: Stop,
) -> Shared<CosmosOutbox, ServiceBusPublisher, CosmosOutbox, CosmosLeases> {
    let (app, feed) = (Arc::clone(app), CosmosOutbox::new(container));
    let Settings { poll, timing, share, .. } = *settings;
    let alone = Alone { name, poll, timing, share };
    Shared { app, feed, leases, alone, clock: now, stop, signals: Signals::default() }
}

/// Lets requests and rounds in flight come to their end, for a while.
async fn drain(mut serving: JoinSet<()>, app: &AzureApp) {
    let ended = async {
        while serving.join_next().await.is_some() {}
        app.publisher().close().await;
    };
    if timeout(DRAIN_MAX, ended).await.is_ok() {
        info!("stopped");
    } else {
        warn!("stopped with work in flight: it will be repeated");
    }
}

/// The Functions host takes 0 for «never start it again», and 200 for «start it again».
fn code_when_stopped(wake: Wake) -> ExitCode {
    match wake {
        Wake::Host { .. } => ExitCode::from(200),
        Wake::Alone { .. } => ExitCode::SUCCESS,
    }
}

/// Resolves at SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen to SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// How long what is in flight may take to end: less than the 30 s that orchestrators wait.
const DRAIN_MAX: Duration = Duration::from_secs(20);
