//! The Functions host of one app: starts its custom handler, and fires its triggers, as on Azure.
//!
//! | part | what it does |
//! |---|---|
//! | `load` | reads `host.json` and every `function.json`, and reports all mistakes at once |
//! | `worker` | starts the handler, waits until it answers, starts it again when it ends |
//! | `invoke` | sends one invocation, bounded by the function timeout |
//! | `http` | HTTP triggers by route, and the admin routes |
//! | `cosmos` | the change feed trigger, with its leases |
//! | `timer` | timers |

mod cosmos;
mod http;
mod invoke;
mod keys;
mod load;
mod payload;
mod reply;
mod retry;
mod route;
mod schedule;
mod settings;
mod timer;
mod timespan;
mod worker;

pub(crate) use self::load::mistakes;
pub use self::{
    keys::Keys,
    load::{LoadError, Mistakes},
    settings::{Settings, SettingsError},
    worker::{
        HandlerFailed,
        orphan::{VERB as BECOME_HANDLER, become_handler},
    },
};

use self::{
    invoke::Invoker,
    load::{App, Trigger},
    worker::{State, Worker},
};
use crate::{
    clock::Clock,
    port::{self, Taken, bind_tcp},
};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::json;
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span};
use uuid::Uuid;

/// What to run, and how.
#[derive(Debug)]
pub struct Options {
    /// The folder with `host.json`.
    pub app: PathBuf,
    /// Where HTTP triggers and the admin routes are served.
    pub listen: SocketAddr,
    /// The app settings.
    pub settings: Settings,
    /// Which keys requests must bring, if any.
    pub keys: Keys,
}

/// Why the host ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The app's files have mistakes.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The address is taken.
    #[error(transparent)]
    Taken(#[from] Taken),
    /// The handler failed too often.
    #[error(transparent)]
    Handler(#[from] HandlerFailed),
    /// A port or stdout failed.
    #[error("the host cannot go on")]
    Io(#[from] io::Error),
}

/// One app being hosted.
#[derive(Debug)]
struct Host {
    id: Uuid,
    app: App,
    settings: Settings,
    keys: Keys,
    invoker: Invoker,
    /// Where this host is reached.
    url: String,
    started: Timestamp,
}

/// Runs the app until `stop`; `out` gets one ready line once the handler answers.
///
/// # Errors
/// When the app cannot be started, or its handler failed three times within 30 minutes.
pub async fn run(
    options: Options,
    out: &mut (impl Write + Send),
    stop: CancellationToken,
) -> Result<(), HostError> {
    let app = App::load(&options.app, &options.settings)?;
    let (listener, at) = bind_tcp("--listen", options.listen).await?;
    if !at.ip().is_loopback() {
        tracing::warn!("--listen {at} is reachable from the network");
    }
    let span = info_span!("functions", app = app.name);
    let host = Arc::new(Host::new(app, options.settings, options.keys, at));
    host.serve(listener, out, stop).instrument(span).await
}

impl Host {
    fn new(app: App, settings: Settings, keys: Keys, at: SocketAddr) -> Self {
        let clock = Arc::new(Clock::new());
        Self {
            id: Uuid::new_v4(),
            url: format!("http://{at}"),
            started: clock.now(),
            invoker: Invoker::new(Arc::new(Worker::new()), clock, app.host.function_timeout),
            app,
            settings,
            keys,
        }
    }

    /// Everything runs until `stop`, or until the handler is given up.
    async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        out: &mut (impl Write + Send),
        stop: CancellationToken,
    ) -> Result<(), HostError> {
        let mut parts = JoinSet::new();
        let host = Arc::clone(&self);
        let until = stop.clone();
        parts.spawn(async move { host.keep_handler(&until).await }.in_current_span());
        let host = Arc::clone(&self);
        let answer = move |request| {
            let host = Arc::clone(&host);
            async move { http::answer(&host, request).await }.in_current_span()
        };
        let until = stop.clone();
        let serve = async move { port::serve(listener, until, answer).await.map_err(Into::into) };
        parts.spawn(serve.in_current_span());
        self.spawn_triggers(&mut parts, &stop);
        let mut outcome = self.announce(out, &mut parts, &stop).await;
        if outcome.is_err() {
            stop.cancel();
        }
        while let Some(ended) = parts.join_next().await {
            let ended = ended.unwrap_or_else(|crash| Err(io::Error::other(crash).into()));
            if ended.is_err() || stop.is_cancelled() {
                stop.cancel();
                outcome = outcome.and(ended);
            }
        }
        outcome
    }

    /// The handler's life, as one part of the host.
    async fn keep_handler(&self, stop: &CancellationToken) -> Result<(), HostError> {
        let Invoker { worker, clock, .. } = &self.invoker;
        worker.run(&self.app, &self.settings, clock, stop).await?;
        Ok(())
    }

    /// Prints the ready line once the handler answers, unless the host ends first.
    async fn announce(
        &self,
        out: &mut (impl Write + Send),
        parts: &mut JoinSet<Result<(), HostError>>,
        stop: &CancellationToken,
    ) -> Result<(), HostError> {
        let worker = &self.invoker.worker;
        loop {
            let ready = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(Ok(Err(failed))) = parts.join_next() => return Err(failed),
                ready = worker.ready() => ready,
            };
            match ready {
                Ok(running) => return Ok(self.write_ready_line(out, running.pid)?),
                Err(_) if worker.state() == State::Down => return Ok(()),
                Err(_) => {}
            }
        }
    }

    /// The one line on stdout that tells a program where the app is.
    fn write_ready_line(&self, out: &mut impl Write, handler_pid: u32) -> io::Result<()> {
        let enabled = self.app.functions.iter().filter(|function| !function.disabled);
        let loaded: Vec<_> = enabled.map(|function| function.name.as_str()).collect();
        let (functions, pid) = (&self.url, handler_pid);
        let line =
            json!({"ready": true, "functions": functions, "loaded": loaded, "handlerPid": pid});
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// Starts what fires functions; HTTP triggers only need the port.
    fn spawn_triggers(
        self: &Arc<Self>,
        parts: &mut JoinSet<Result<(), HostError>>,
        stop: &CancellationToken,
    ) {
        for function in &self.app.functions {
            let (host, stop) = (Arc::clone(self), stop.clone());
            match &function.trigger {
                _ if function.disabled => tracing::info!("{} is disabled", function.name),
                Trigger::Timer(trigger) => {
                    let (function, trigger) = (Arc::clone(function), Arc::clone(trigger));
                    let fired = timer::run(host, function, trigger, stop).map(Ok);
                    parts.spawn(fired.in_current_span());
                }
                Trigger::Cosmos(trigger) => {
                    let (function, trigger) = (Arc::clone(function), Arc::clone(trigger));
                    let fired = cosmos::run(host, function, trigger, stop).map(Ok);
                    parts.spawn(fired.in_current_span());
                }
                Trigger::Http(trigger) => {
                    tracing::info!("{}: {}{}", function.name, self.url, trigger.route);
                }
            }
        }
    }
}
