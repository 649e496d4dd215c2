//! The Docker engine: whether there is one, and a socket by which testcontainers can talk to it.
//!
//! testcontainers asks for the newest version of the engine's interface and does not negotiate; the
//! engines of Debian and Ubuntu are older and refuse that. What is asked here is the same in all of
//! them, so the socket writes the engine's own version into the first line of each request.

use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// A socket that leads to the engine; removed with this value.
pub(crate) struct Engine {
    socket: PathBuf,
}

impl Engine {
    /// Looks for the engine; says what to do where there is none.
    pub(crate) fn find() -> Result<Self> {
        let asked = Command::new("docker")
            .args(["version", "--format", "{{.Server.APIVersion}}"])
            .output()
            .context(format!("there is no program `docker`; {ADVICE}"))?;
        if !asked.status.success() {
            let said = String::from_utf8_lossy(&asked.stderr).trim().to_owned();
            bail!("no Docker engine answers: {said}; {ADVICE}");
        }
        let version = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
        let host = env::var("DOCKER_HOST").unwrap_or_else(|_| SOCKET.to_owned());
        let Some(target) = host.strip_prefix("unix://").map(PathBuf::from) else {
            bail!("DOCKER_HOST is {host}; right would be a socket of this machine, as {SOCKET}");
        };
        let socket = env::temp_dir().join(format!("e2e-docker-{}.sock", std::process::id()));
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("cannot listen on {}", socket.display()))?;
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                lead(client, &target, &version);
            }
        });
        Ok(Self { socket })
    }

    /// What `DOCKER_HOST` is to be.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Its folder is for what may stay.
        let _ = fs::remove_file(&self.socket);
    }
}

fn lead(client: UnixStream, target: &Path, version: &str) {
    let Ok(engine) = UnixStream::connect(target) else { return };
    let (Ok(to_client), Ok(to_engine)) = (client.try_clone(), engine.try_clone()) else { return };
    let version = version.to_owned();
    thread::spawn(move || pass(client, to_engine, |chunk| with_version(chunk, &version)));
    thread::spawn(move || pass(engine, to_client, <[u8]>::to_vec));
}

/// Copies until either side ends.
fn pass(mut from: UnixStream, mut to: UnixStream, change: impl Fn(&[u8]) -> Vec<u8>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut buffer) {
        let chunk = buffer.get(..count).unwrap_or_default();
        if chunk.is_empty() || to.write_all(&change(chunk)).is_err() {
            break;
        }
    }
    // It may have ended already.
    let _ = to.shutdown(Shutdown::Write);
}

/// A request is sent when the one before was answered, so each begins a chunk.
fn with_version(chunk: &[u8], version: &str) -> Vec<u8> {
    let changed = || {
        let line_end = chunk.iter().position(|byte| *byte == b'\r')?;
        let (line, rest) = chunk.split_at_checked(line_end)?;
        let (method, path) = str::from_utf8(line).ok()?.split_once(" /v")?;
        let (asked, path) = path.split_once('/')?;
        let is_method = method.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_version = asked.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let head = format!("{method} /v{version}/{path}");
        (is_method && is_version).then(|| [head.as_bytes(), rest].concat())
    };
    changed().unwrap_or_else(|| chunk.to_vec())
}

const SOCKET: &str = "unix:///var/run/docker.sock";
const ADVICE: &str = "on Debian: apt-get install docker.io, then start `dockerd` as root";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_request_is_the_engines() {
        let request = b"POST /v1.53/containers/create?name=x HTTP/1.1\r\nHost: a\r\n\r\n/v1.53/";
        let expected = b"POST /v1.41/containers/create?name=x HTTP/1.1\r\nHost: a\r\n\r\n/v1.53/";
        assert_eq!(with_version(request, "1.41"), expected);
        for other in
            [&b"{\"a\": \"GET /v1.53/\"}"[..], b"GET /_ping HTTP/1.1\r\n", b"\xff /v1/\r\n"]
        {
            assert_eq!(with_version(other, "1.41"), other);
        }
    }
}
