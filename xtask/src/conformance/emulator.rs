//! An emulator of this tree, as a process of our own.

use crate::demo;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A running emulator on ports that it picked; it ends with this value.
pub(crate) struct Emulator {
    process: Child,
    at: Ready,
}

/// The one line that the emulator prints when it serves.
#[derive(Debug, Deserialize)]
struct Ready {
    cosmos: String,
    servicebus: String,
    control: String,
    admin: String,
}

/// It takes milliseconds; a machine that takes this long is not just busy.
const READY_WITHIN: Duration = Duration::from_secs(30);

impl Emulator {
    /// Starts it and waits until it serves; its log goes to `log`. `config` is its `--config`.
    pub(crate) fn start(log: &Path, config: Option<&Path>) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let any = "127.0.0.1:0";
        let mut command = demo::program("emulator", false);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let mut process = command
            .args(["--cosmos", any, "--servicebus", any, "--control", any, "--admin", any])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .context("cannot start the emulator")?;
        let ready = process.stdout.take().context("the emulator has no output").and_then(ready);
        match ready {
            Ok(at) => Ok(Self { process, at }),
            Err(error) => {
                end(&mut process);
                Err(error.context(format!("the emulator does not serve; see {}", log.display())))
            }
        }
    }

    /// What a suite is told by its environment.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 4] {
        [
            ("COSMOS_ENDPOINT", &self.at.cosmos),
            ("SERVICEBUS_CONNECTION", &self.at.servicebus),
            ("CONTROL", &self.at.control),
            ("ADMIN", &self.at.admin),
        ]
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Ends a process of ours and waits until it is gone; one that has ended already is fine.
pub(crate) fn end(process: &mut Child) {
    drop(process.kill());
    drop(process.wait());
}

/// Reads the ready line in a thread of its own, since a pipe cannot be read with a deadline.
fn ready(output: ChildStdout) -> Result<Ready> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line).map(|_| line);
        drop(send.send(read));
    });
    match receive.recv_timeout(READY_WITHIN) {
        Ok(line) => parse(&line.context("its output cannot be read")?),
        Err(_) => bail!("no ready line within {} s", READY_WITHIN.as_secs()),
    }
}

fn parse(line: &str) -> Result<Ready> {
    serde_json::from_str(line).with_context(|| format!("`{}` is no ready line", line.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_tells_every_address() {
        let line = r#"{"ready":true,"cosmos":"http://a","servicebus":"b","control":"http://c","admin":"http://d"}"#;
        let at = parse(line).unwrap();
        let found = [at.cosmos, at.servicebus, at.control, at.admin];
        assert_eq!(found, ["http://a", "b", "http://c", "http://d"]);
    }

    #[test]
    fn an_emulator_that_ended_has_no_ready_line() {
        assert_eq!(parse("").unwrap_err().to_string(), "`` is no ready line");
    }
}
