//! A program that is started again whenever it ends, for as long as it is kept.

use crate::conformance::end;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the program is looked at.
const GLANCE: Duration = Duration::from_millis(20);
/// How often it may end: more than any test ends it, and few enough that one that cannot run is
/// not started for ever.
const STARTS_MAX: usize = 20;

/// A running program; it ends with this value.
pub(crate) struct Kept {
    pub(crate) at: SocketAddr,
    pid_file: PathBuf,
    /// Dropped to have it ended.
    stop: Option<Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Kept {
    /// Starts it. Its log and the file with its process id are in `folder`, under `name`.
    pub(crate) fn start(
        mut command: Command,
        at: SocketAddr,
        folder: &Path,
        name: &str,
    ) -> Result<Self> {
        let path = folder.join(format!("{name}.log"));
        let log =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let pid_file = folder.join(format!("{name}.pid"));
        let child = spawn(&mut command, &pid_file)?;
        let (stop, stopped) = mpsc::channel();
        let written = pid_file.clone();
        let keeper = thread::spawn(move || keep(command, child, &written, &stopped));
        Ok(Self { at, pid_file, stop: Some(stop), keeper: Some(keeper) })
    }

    /// The file that holds the id of the process that runs now.
    pub(crate) fn pid_file(&self) -> &Path {
        &self.pid_file
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            drop(keeper.join());
        }
    }
}

fn spawn(command: &mut Command, pid_file: &Path) -> Result<Child> {
    let program = command.get_program().to_owned();
    let mut child =
        command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    // Whoever reads it meanwhile sees the old one or the new one, and never half of it.
    let new = pid_file.with_extension("new");
    let told = fs::write(&new, child.id().to_string()).and_then(|()| fs::rename(&new, pid_file));
    if let Err(error) = told {
        end(&mut child);
        return Err(error).with_context(|| format!("cannot write {}", pid_file.display()));
    }
    Ok(child)
}

/// Starts it again whenever it has ended, until it is to stop.
fn keep(mut command: Command, mut child: Child, pid_file: &Path, stopped: &Receiver<()>) {
    for _ in 0..STARTS_MAX {
        while let Ok(None) = child.try_wait() {
            if let Err(RecvTimeoutError::Disconnected) = stopped.recv_timeout(GLANCE) {
                return end(&mut child);
            }
        }
        match spawn(&mut command, pid_file) {
            Ok(next) => child = next,
            Err(_) => return,
        }
    }
    end(&mut child);
}
