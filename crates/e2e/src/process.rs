//! Child processes: started from the binaries just built, ended with their owner. In a run against
//! local images each is a container instead.

use crate::backend::Backend;
use crate::container::{self, Container, Spec};
use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// One of our programs, running. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    body: Body,
    log: PathBuf,
    /// Copies standard output to the log behind the ready line.
    drains: JoinSet<()>,
}

#[derive(Debug)]
enum Body {
    Child(Child),
    Container { container: Container, lines: mpsc::UnboundedReceiver<String> },
}

impl Process {
    /// Starts `program` with these arguments and, beside our own, these variables.
    ///
    /// What it writes goes to `<name>.log` in `logs`.
    pub fn start(name: &str, program: &str, launch: Launch<'_>, logs: &Path) -> Result<Self> {
        Self::spawn((name, program), launch, logs, |_| {})
    }

    /// Starts `program` with these variables and no other, not even our own.
    pub fn start_bare(program: &str, variables: &[(&str, String)], logs: &Path) -> Result<Self> {
        let own = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let variables: Vec<_> = variables.iter().map(own).collect();
        let launch = Launch {
            arguments: &[],
            variables: &variables,
            is_piped: false,
            file_blocks_max: None,
        };
        Self::spawn((program, program), launch, logs, |command| {
            command.env_clear();
        })
    }

    fn spawn(
        (name, program): (&str, &str),
        launch: Launch<'_>,
        logs: &Path,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let body = match Backend::of_this_run()? {
            Backend::Processes | Backend::MicrosoftImages => {
                let mut command = bounded(&binary(program)?, launch.file_blocks_max);
                prepare(&mut command);
                child(name, command, launch, &log)?
            }
            Backend::LocalImages => contained(program, launch, &log)?,
            Backend::Azure => bail!("a deployed system runs by itself: nothing is started here"),
        };
        Ok(Self { name: name.to_owned(), body, log, drains: JoinSet::new() })
    }

    /// A container that runs already.
    pub(crate) fn of(container: Container, log: PathBuf) -> Self {
        let (_, lines) = mpsc::unbounded_channel();
        let name = container.name.clone();
        Self { name, body: Body::Container { container, lines }, log, drains: JoinSet::new() }
    }

    /// Waits for the one JSON line by which a program says that it serves.
    pub async fn ready(&mut self) -> Result<Value> {
        let line = tokio::time::timeout(READY_WITHIN, self.first_line()).await;
        let line =
            line.with_context(|| format!("{} is not ready:\n{}", self.name, self.tail()))??;
        let Some(line) = line else {
            let status = self.ended().await?;
            bail!("{} ended ({status}) before it was ready:\n{}", self.name, self.tail());
        };
        serde_json::from_str(&line).with_context(|| format!("not a ready line: {line}"))
    }

    async fn first_line(&mut self) -> Result<Option<String>> {
        match &mut self.body {
            Body::Child(child) => {
                let stdout = child.stdout.take().context("standard output is not piped")?;
                let mut lines = BufReader::new(stdout).lines();
                let line = lines.next_line().await?;
                self.drains.spawn(discard(lines));
                Ok(line)
            }
            Body::Container { lines, .. } => Ok(lines.recv().await),
        }
    }

    /// The process id.
    pub fn pid(&self) -> Result<i32> {
        match &self.body {
            Body::Child(child) => {
                Ok(i32::try_from(child.id().with_context(|| format!("{} ended", self.name))?)?)
            }
            Body::Container { .. } => bail!("{} is a container, and no process of ours", self.name),
        }
    }

    /// Stops it where it is (SIGSTOP), as a machine does that is paused.
    pub fn pause(&self) -> Result<()> {
        match &self.body {
            Body::Child(_) => Ok(kill(Pid::from_raw(self.pid()?), Signal::SIGSTOP)?),
            Body::Container { container, .. } => container.pause(),
        }
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        match &self.body {
            Body::Child(_) => Ok(kill(Pid::from_raw(self.pid()?), Signal::SIGCONT)?),
            Body::Container { container, .. } => container.resume(),
        }
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub async fn kill(&mut self) -> Result<()> {
        let killed = match &mut self.body {
            Body::Child(child) => child.kill().await.map_err(Into::into),
            Body::Container { container, .. } => container.kill().await,
        };
        killed.with_context(|| format!("cannot kill {}", self.name))
    }

    /// Asks it to stop (SIGTERM) and waits for its end; kills it if that takes too long.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        let pid = self.pid();
        let child = match &mut self.body {
            Body::Child(child) => child,
            Body::Container { container, .. } => {
                let status = code(container.stop(STOP_WITHIN).await?);
                ensure!(status != code(KILLED), "{} did not stop:\n{}", self.name, self.tail());
                return Ok(status);
            }
        };
        if let Ok(pid) = pid {
            kill(Pid::from_raw(pid), Signal::SIGTERM)?;
        }
        if let Ok(status) = tokio::time::timeout(STOP_WITHIN, child.wait()).await {
            return Ok(status?);
        }
        self.kill().await?;
        bail!("{} did not stop within {STOP_WITHIN:?}:\n{}", self.name, self.tail())
    }

    /// Waits for it to end by itself.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let ended = async {
            match &mut self.body {
                Body::Child(child) => Ok(child.wait().await?),
                Body::Container { container, .. } => Ok(code(container.ended().await?)),
            }
        };
        let ended: Result<Result<ExitStatus>, _> = tokio::time::timeout(READY_WITHIN, ended).await;
        ended.with_context(|| format!("{} still runs", self.name))?
    }

    /// Everything it has written so far.
    pub fn written(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Result<bool> {
        match &mut self.body {
            Body::Child(child) => Ok(child.try_wait()?.is_some()),
            Body::Container { container, .. } => container.has_ended(),
        }
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

async fn discard(mut lines: Lines<BufReader<ChildStdout>>) {
    while let Ok(Some(_)) = lines.next_line().await {}
}

fn child(name: &str, mut command: Command, launch: Launch<'_>, log: &Path) -> Result<Body> {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
    let child = command
        .args(launch.arguments)
        .envs(launch.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(if launch.is_piped { Stdio::piped() } else { file.try_clone()?.into() })
        .stderr(file)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    Ok(Body::Child(child))
}

fn contained(program: &str, launch: Launch<'_>, log: &Path) -> Result<Body> {
    ensure!(launch.file_blocks_max.is_none(), "a shell bounds files, and an image has none");
    let (sender, lines) = mpsc::unbounded_channel();
    let variables = launch.variables.to_vec();
    let spec = Spec { variables, ..Spec::of(program, launch.arguments) };
    let log = log.to_owned();
    let output = container::Output { log, lines: launch.is_piped.then_some(sender) };
    Ok(Body::Container { container: Container::start(&spec, Some(output))?, lines })
}

/// The exit status of a code.
fn code(code: i32) -> ExitStatus {
    ExitStatus::from_raw(code << 8)
}

/// Runs one of our programs to its end: its exit code, standard output and standard error.
pub async fn run(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<(i32, Vec<u8>, Vec<u8>)> {
    let variables = variables.iter().copied();
    if Backend::of_this_run()? == Backend::LocalImages {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables = variables.map(own).collect();
        return Container::run(&Spec { variables, ..Spec::of(program, &arguments) }).await;
    }
    let mut command = Command::new(binary(program)?);
    command.args(arguments).envs(variables).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await?;
    Ok((output.status.code().context("it was killed")?, output.stdout, output.stderr))
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
/// The exit code of a container that had to be killed: 128 and the signal's number.
const KILLED: i32 = 137;
const TAIL_LINES: usize = 30;
