//! Child processes: started from the binaries just built, ended with their owner.

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// One of our programs, running. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    /// Copies standard output to the log behind the ready line.
    drains: JoinSet<()>,
}

impl Process {
    /// Starts `program` with these arguments and, beside our own, these variables.
    ///
    /// What it writes goes to `<name>.log` in `logs`.
    pub fn start(name: &str, program: &str, launch: Launch<'_>, logs: &Path) -> Result<Self> {
        let mut command = bounded(&binary(program)?, launch.file_blocks_max);
        command.args(launch.arguments);
        Self::spawn(name, command, launch, logs)
    }

    /// Starts `program` with these variables and no other, not even our own.
    pub fn start_bare(program: &str, variables: &[(&str, String)], logs: &Path) -> Result<Self> {
        let mut command = Command::new(binary(program)?);
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
        let launch =
            Launch { arguments: &[], variables: &[], is_piped: false, file_blocks_max: None };
        Self::spawn(program, command, launch, logs)
    }

    fn spawn(name: &str, mut command: Command, launch: Launch<'_>, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let child = command
            .envs(launch.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(if launch.is_piped { Stdio::piped() } else { file.try_clone()?.into() })
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, log, drains: JoinSet::new() })
    }

    /// Waits for the one JSON line by which a program says that it serves.
    pub async fn ready(&mut self) -> Result<Value> {
        let stdout = self.child.stdout.take().context("standard output is not piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(READY_WITHIN, lines.next_line()).await;
        let line =
            line.with_context(|| format!("{} is not ready:\n{}", self.name, self.tail()))??;
        let Some(line) = line else {
            let status = self.child.wait().await?;
            bail!("{} ended ({status}) before it was ready:\n{}", self.name, self.tail());
        };
        self.drains.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        serde_json::from_str(&line).with_context(|| format!("not a ready line: {line}"))
    }

    /// The process id.
    pub fn pid(&self) -> Result<i32> {
        let pid = self.child.id().with_context(|| format!("{} has ended", self.name))?;
        Ok(i32::try_from(pid)?)
    }

    /// Stops it where it is (SIGSTOP), as a machine does that is paused.
    pub fn pause(&self) -> Result<()> {
        Ok(kill(Pid::from_raw(self.pid()?), Signal::SIGSTOP)?)
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        Ok(kill(Pid::from_raw(self.pid()?), Signal::SIGCONT)?)
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("cannot kill {}", self.name))
    }

    /// Asks it to stop (SIGTERM) and waits for its end; kills it if that takes too long.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        if let Ok(pid) = self.pid() {
            kill(Pid::from_raw(pid), Signal::SIGTERM)?;
        }
        if let Ok(status) = tokio::time::timeout(STOP_WITHIN, self.child.wait()).await {
            return Ok(status?);
        }
        self.kill().await?;
        bail!("{} did not stop within {STOP_WITHIN:?}:\n{}", self.name, self.tail())
    }

    /// Waits for it to end by itself.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let ended = tokio::time::timeout(READY_WITHIN, self.child.wait()).await;
        Ok(ended.with_context(|| format!("{} still runs", self.name))??)
    }

    /// Everything it has written so far.
    pub fn written(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// The last lines that it has written.
    pub fn tail(&self) -> String {
        let written = self.written();
        let lines: Vec<&str> = written.lines().collect();
        let first = lines.len().saturating_sub(TAIL_LINES);
        lines.get(first..).unwrap_or_default().join("\n")
    }
}

/// How to start a program.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    /// Its arguments.
    pub arguments: &'a [String],
    /// Variables set beside our own.
    pub variables: &'a [(String, String)],
    /// Whether its standard output is ours to read, for [`Process::ready`].
    pub is_piped: bool,
    /// As many blocks of 512 bytes as a file of it may hold: beyond, a write fails as it does on
    /// a disk that is full. No bound where there is none.
    pub file_blocks_max: Option<u32>,
}

/// The program itself, or a shell that bounds it and becomes it.
fn bounded(path: &Path, file_blocks_max: Option<u32>) -> Command {
    let Some(blocks) = file_blocks_max else { return Command::new(path) };
    let mut shell = Command::new("sh");
    let script = format!(r#"trap "" XFSZ; ulimit -f {blocks}; exec "$0" "$@""#);
    shell.arg("-c").arg(script).arg(path);
    shell
}

/// Kills any process by its id as `kill -9` does, such as a handler that a host started.
pub fn kill_pid(pid: i32) -> Result<()> {
    ensure!(0 < pid, "{pid} is no process id");
    kill(Pid::from_raw(pid), Signal::SIGKILL).with_context(|| format!("cannot kill process {pid}"))
}

/// Resolves when this program is to end: Ctrl-C, SIGTERM, or its terminal is closed.
pub async fn asked_to_end() {
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut heard = JoinSet::new();
    for mut stream in signals.into_iter().filter_map(|kind| signal(kind).ok()) {
        heard.spawn(async move { stream.recv().await });
    }
    heard.join_next().await;
}

/// A loopback address that was free a moment ago, for programs that must know it beforehand.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// The folder of the binaries that were built together with this one.
pub fn binaries() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folders = this.ancestors().skip(1).take(2);
    let found = folders.map(Path::to_path_buf).find(|folder| folder.join("emulator").is_file());
    found.context("the binaries are not built; run `cargo xtask e2e`, which builds them")
}

fn binary(name: &str) -> Result<PathBuf> {
    let path = binaries()?.join(name);
    ensure!(path.is_file(), "{} is not built; `cargo xtask e2e` builds it", path.display());
    Ok(path)
}

/// Bounds a start: far above what any machine needs, below a test's own limit.
const READY_WITHIN: Duration = Duration::from_secs(30);
const STOP_WITHIN: Duration = Duration::from_secs(20);
const TAIL_LINES: usize = 30;
