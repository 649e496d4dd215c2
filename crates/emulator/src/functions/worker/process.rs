//! One handler process: its environment, its log lines, its end.

use super::{life::End, orphan};
use crate::functions::{load::App, settings::Settings};
use futures_util::StreamExt;
use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::AsyncRead,
    process::{Child, Command},
    task::JoinSet,
};
use tokio_util::codec::{FramedRead, LinesCodec};
use tracing::Instrument;
use uuid::Uuid;

/// A running handler and the tasks that carry its log lines.
pub(super) struct Process {
    child: Child,
    logs: JoinSet<()>,
}

/// A longer line is cut: a handler that writes no line ends must not fill the host's memory.
const LINE_LEN_MAX: usize = 64 * 1024;

/// After the end, for lines that are still in the pipe.
const LAST_LINES_WAIT: Duration = Duration::from_secs(1);

impl Process {
    /// Starts the app's handler, which shall listen at `port`.
    pub(super) fn start(app: &App, settings: &Settings, port: u16) -> io::Result<Self> {
        let handler = &app.host.handler;
        let worker_id = Uuid::new_v4().to_string();
        let port = port.to_string();
        let mut command = orphan::command(&handler.executable);
        command
            .args(&handler.arguments)
            .current_dir(&handler.working_directory)
            .envs(settings.iter())
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", &port)
            .env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", &worker_id)
            .env("FUNCTIONS_HTTPWORKER_PORT", &port)
            .env("FUNCTIONS_HTTPWORKER_ID", &worker_id)
            .env("FUNCTIONS_APP_ROOT_PATH", &app.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = Command::from(command).kill_on_drop(true).spawn()?;
        let mut logs = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            logs.spawn(carry(stdout, log_info).in_current_span());
        }
        if let Some(stderr) = child.stderr.take() {
            logs.spawn(carry(stderr, log_error).in_current_span());
        }
        Ok(Self { child, logs })
    }

    /// The process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Waits for the end, and for the last log lines.
    pub(super) async fn ended(&mut self) -> End {
        let status = self.child.wait().await;
        let drained = async { while self.logs.join_next().await.is_some() {} };
        // What the handler started may hold its stdout open for ever.
        tokio::time::timeout(LAST_LINES_WAIT, drained).await.ok();
        match status {
            Ok(status) => end_of(status),
            Err(error) => End::NotStarted(error.to_string()),
        }
    }

    /// Kills it, without a grace period, as Azure does.
    pub(super) async fn kill(&mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!("cannot kill the handler: {error}");
        }
    }
}

/// A process ends with a code or by a signal.
fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exit(code),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    }
}

/// A line of stdout is information, whatever it says.
fn log_info(line: &str) {
    tracing::info!(target: "handler", "{line}");
}

/// Sorts a line of stderr as Azure does.
fn log_error(line: &str) {
    if line.to_ascii_lowercase().contains("warn") {
        tracing::warn!(target: "handler", "{line}");
    } else {
        tracing::error!(target: "handler", "{line}");
    }
}

/// Logs every line until the stream ends.
async fn carry(from: impl AsyncRead + Unpin, log: impl Fn(&str)) {
    let mut lines = FramedRead::new(from, LinesCodec::new_with_max_length(LINE_LEN_MAX));
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) => log(&line),
            Err(error) => tracing::warn!("a line of the handler's log is lost: {error}"),
        }
    }
}
