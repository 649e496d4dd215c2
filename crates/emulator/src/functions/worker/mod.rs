//! The handler's process: started, found ready, watched, started again.

mod life;
pub(crate) mod orphan;
mod process;

use self::{
    life::{End, Life, Next},
    process::Process,
};
use super::{load::App, settings::Settings};
use crate::clock::Clock;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// The handler as the rest of the host sees it.
#[derive(Debug)]
pub(crate) struct Worker {
    state: watch::Sender<State>,
    /// The run that shall be ended because a function timed out in it.
    recycle: watch::Sender<u32>,
}

/// Where the handler stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It has not answered yet.
    Starting,
    /// It answers.
    Ready(Running),
    /// It ended and is not started again.
    Down,
}

/// One run of the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) at: SocketAddr,
    /// How often it has been started, this time included.
    pub(crate) starts: u32,
}

/// The handler does not take invocations now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    #[error("the handler ended and is not started again")]
    Down,
    #[error("the handler was not ready within {0:?}")]
    Late(Duration),
}

/// Why the host gives up.
#[derive(Debug, thiserror::Error)]
#[error("the handler failed {errors} times within 30 minutes, so the host stops; the last time: {end}", errors = life::ERRORS_MAX)]
pub struct HandlerFailed {
    end: String,
}

/// Four initialization timeouts, after which Azure gives up on an early invocation.
const READY_WAIT: Duration = Duration::from_mins(2);
/// How often an unready handler is asked.
const PROBE_PAUSE: Duration = Duration::from_millis(25);

impl Worker {
    /// A handler that is not started.
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(State::Starting), recycle: watch::Sender::new(0) }
    }

    /// Where the handler stands now.
    pub(crate) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// The run that takes invocations, once there is one.
    pub(crate) async fn ready(&self) -> Result<Running, Unready> {
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| *state != State::Starting);
        match tokio::time::timeout(READY_WAIT, settled).await {
            Ok(Ok(state)) => match *state {
                State::Ready(running) => Ok(running),
                State::Starting | State::Down => Err(Unready::Down),
            },
            Ok(Err(_)) => Err(Unready::Down),
            Err(_) => Err(Unready::Late(READY_WAIT)),
        }
    }

    /// Ends this run, with all its invocations, and starts the next one.
    pub(crate) fn recycle(&self, running: Running) {
        self.recycle.send_replace(running.starts);
    }

    /// Keeps the handler running until `stop`.
    pub(crate) async fn run(
        &self,
        app: &App,
        settings: &Settings,
        clock: &Clock,
        stop: &CancellationToken,
    ) -> Result<(), HandlerFailed> {
        let mut life = Life::default();
        let mut starts = 0;
        loop {
            starts += 1;
            self.state.send_replace(State::Starting);
            let end = self.run_once(app, settings, starts, stop).await;
            if stop.is_cancelled() {
                return Ok(());
            }
            match life.after(&end, clock.now()) {
                Next::Start => tracing::warn!("{end}; starting it again"),
                Next::StayDown => {
                    self.stay_down(&end, stop).await;
                    return Ok(());
                }
                // Not down: what waits for the handler is ended by the host's own end.
                Next::StopHost => return Err(HandlerFailed { end: end.to_string() }),
            }
        }
    }

    /// Invocations fail from now on, as on Azure, where only a new host starts the handler again.
    async fn stay_down(&self, end: &End, stop: &CancellationToken) {
        tracing::error!("{end}");
        self.state.send_replace(State::Down);
        stop.cancelled().await;
    }

    /// Starts the handler and waits for its end, which comes at the latest with `stop`: a host is
    /// not gone before its handler is.
    async fn run_once(
        &self,
        app: &App,
        settings: &Settings,
        starts: u32,
        stop: &CancellationToken,
    ) -> End {
        let (mut process, at) = match start(app, settings).await {
            Ok(started) => started,
            Err(error) => return End::NotStarted(error.to_string()),
        };
        let limit = app.host.handler.initialization_timeout;
        let is_ready = tokio::select! {
            end = process.ended() => return end,
            () = stop.cancelled() => false,
            ready = tokio::time::timeout(limit, answered(at)) => ready.is_ok(),
        };
        if !is_ready {
            process.kill().await;
            return End::NotReady(limit);
        }
        let running = Running { pid: process.pid(), at, starts };
        tracing::info!("the handler is ready at {at}, process {}", running.pid);
        self.state.send_replace(State::Ready(running));
        let mut recycle = self.recycle.subscribe();
        let recycled = async { recycle.wait_for(|run| *run == starts).await.map(drop) };
        tokio::select! {
            end = process.ended() => return end,
            () = stop.cancelled() => {}
            _ = recycled => {}
        }
        process.kill().await;
        End::Recycled
    }
}

/// Starts the handler, and says where it shall listen.
async fn start(app: &App, settings: &Settings) -> io::Result<(Process, SocketAddr)> {
    let port = match app.host.handler.port {
        Some(port) => port,
        None => free_port().await?,
    };
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Ok((Process::start(app, settings, port)?, at))
}

/// A port that is free now. The handler binds it a moment later, as on Azure.
async fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port())
}

/// Asks `GET /` until anything is answered.
async fn answered(at: SocketAddr) {
    loop {
        let began = Instant::now();
        if probe(at).await.is_ok_and(|first| 0 < first) {
            return;
        }
        tokio::time::sleep_until(began + PROBE_PAUSE).await;
    }
}

/// How many bytes of an answer came first. The rest is read too, so that no handler sees its
/// answer cut off, but not waited for.
async fn probe(at: SocketAddr) -> io::Result<usize> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let first = stream.read(&mut [0; 64]).await?;
    let mut nowhere = tokio::io::sink();
    let rest = tokio::io::copy(&mut stream, &mut nowhere);
    tokio::time::timeout(PROBE_PAUSE, rest).await.ok();
    Ok(first)
}
