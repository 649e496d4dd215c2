//! The order API as a process: behind the Functions host, or alone.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | told to stop, alone; the requests in flight were answered |
//! | 1 | cannot serve: the environment is wrong, or the address is taken |
//! | 2 | started with arguments: it takes none |
//! | 200 | told to stop, behind the Functions host, which starts it again unless it ends too |
//!
//! 0 is never right behind the host: it would take the app for finished and leave it so.
#![expect(clippy::print_stderr, reason = "whoever started it wrongly is told before logs begin")]

mod config;
mod opening;
mod order_document;

use anyhow::Context;
use config::{Config, Listen};
use domain::Timestamp;
use opening::Opening;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

fn main() -> ExitCode {
    if 1 < std::env::args_os().len() {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match Config::read(variable) {
        Ok(config) => start(config),
        Err(mistakes) => {
            log_to_stdout(Targets::new().with_default(LevelFilter::INFO));
            for mistake in mistakes {
                error!("{mistake}");
            }
            ExitCode::FAILURE
        }
    }
}

fn start(Config { store, listen, log }: Config) -> ExitCode {
    // Before all else: the Functions host asks every 25 ms whether somebody listens.
    let listener = bind(listen);
    log_to_stdout(log);
    api::server::allow_connections();
    let served = listener.and_then(|listener| {
        // One thread: an order costs some 50 µs, most of it the kernel's, and memory is scarce.
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(serve(listener, store))
    });
    match (served, listen) {
        (Ok(()), Listen::Alone(_)) => ExitCode::SUCCESS,
        (Ok(()), Listen::ForHost(_)) => ExitCode::from(RESTART),
        (Err(error), _) => {
            error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bind(listen: Listen) -> anyhow::Result<TcpListener> {
    let address = listen.address();
    let listener = TcpListener::bind(address).with_context(|| match listen {
        Listen::ForHost(_) => format!("cannot listen on {address}, as the Functions host says"),
        Listen::Alone(_) => format!("cannot listen on {address}; set LISTEN to another address"),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve(listener: TcpListener, settings: cosmos::Settings) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    info!(address = %listener.local_addr()?, "listening");
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let store = Arc::new(Opening::default());
    let mut open = std::pin::pin!(store.open(settings));
    let serving = api::serve(listener, api::routes(Arc::clone(&store)), now, stop);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        () = &mut serving => return Ok(()),
        opened = &mut open => opened.context("cannot open the store")?,
    }
    serving.await;
    Ok(())
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("stopping");
    })
}

/// As JSON on stdout: the Functions host takes every line on stderr for an error.
fn log_to_stdout(filter: Targets) {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true);
    let lines = lines.with_current_span(true).with_span_list(false);
    tracing_subscriber::registry().with(filter).with(lines).init();
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// What is no UTF-8 shows where it is refused, instead of counting as not set.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

const USAGE: &str = "\
api: the order API over HTTP. It takes no arguments, and is configured by its environment:
  COSMOS_ENDPOINT              https://<account>.documents.azure.com
  COSMOS_KEY                   the account's key; without one, Entra ID
  COSMOS_DATABASE              [default: shop]
  COSMOS_CONTAINER             [default: orders]
  LISTEN                       where it listens [default: 127.0.0.1:8080]
  FUNCTIONS_CUSTOMHANDLER_PORT set by the Functions host
  RUST_LOG                     [default: info]";

/// The Functions host takes this exit code for «start me again».
const RESTART: u8 = 200;
