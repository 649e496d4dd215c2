//! Never leaves a handler behind: on Linux the kernel kills it when the host's process ends,
//! however it ends.
//!
//! The wish must be stated by the child itself, between fork and exec, which safe Rust cannot do
//! in a foreign program. So the host starts itself once more; that process states the wish, which
//! survives exec, and then becomes the handler. Elsewhere the handler is started directly, and
//! only an orderly end of the host ends it.
//!
//! The kernel watches the thread that started the child, not the whole process. That thread is a
//! worker of the runtime, which ends with the runtime; so nothing here may call `block_in_place`,
//! which lets a worker go earlier.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

/// The hidden verb of the emulator's command line that becomes a handler.
pub const VERB: &str = "become-handler";

/// The command that runs `executable`, ended with this process.
pub(super) fn command(executable: &Path) -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new(executable);
    }
    // Not current_exe: the link is right even if the file was replaced since.
    let mut command = Command::new("/proc/self/exe");
    command.arg(VERB).arg(std::process::id().to_string()).arg("--").arg(executable);
    command
}

/// Becomes `executable`, to be killed when `host` ends. Returns only if that failed.
///
/// # Errors
/// Always: why the executable could not be run.
pub fn become_handler(host: u32, executable: PathBuf, arguments: Vec<OsString>) -> io::Error {
    if let Err(error) = die_with(host) {
        return error;
    }
    Command::new(&executable).args(arguments).arg0(executable).exec()
}

/// Asks to be killed when `host` ends.
#[cfg(target_os = "linux")]
fn die_with(host: u32) -> io::Result<()> {
    use nix::{sys::prctl::set_pdeathsig, sys::signal::Signal, unistd::getppid};

    set_pdeathsig(Signal::SIGKILL)?;
    // The host may have ended before the wish was stated.
    match u32::try_from(getppid().as_raw()) {
        Ok(parent) if parent == host => Ok(()),
        Ok(_) | Err(_) => Err(io::Error::other("the host has ended")),
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_host: u32) -> io::Result<()> {
    Ok(())
}
