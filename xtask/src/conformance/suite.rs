//! One suite: a script run against an emulator of its own, and what its last line says.

use super::emulator::{self, Emulator};
use super::runtime::Runtime;
use crate::run;
use anyhow::{Context, Result, bail};
use std::fmt;
use std::fs::{self, File};
use std::ops::Add;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Where the scripts are.
pub(crate) const SCRIPTS: &str = "crates/emulator/conformance";
/// Most of a suite's time is its own waiting; one that takes this long hangs.
const ENDS_WITHIN: Duration = Duration::from_mins(5);
/// How often a running suite is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// A script, and what runs it.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) runtime: Runtime,
    /// From the folder of the scripts.
    pub(crate) script: &'static str,
    /// The emulator's `--config`, from the folder of the scripts.
    pub(crate) config: Option<&'static str>,
}

/// How many features hold.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

/// A suite that has ended, and what it said.
pub(crate) struct Ran<'a> {
    suite: &'a Suite,
    text: String,
    tally: Result<Tally>,
    started: Instant,
}

impl Suite {
    /// Runs it by `command`, against an emulator of its own.
    pub(crate) fn run(&self, mut command: Command, folder: &Path) -> Result<Ran<'_>> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let started = Instant::now();
        let slug = self.script.replace(['/', '.'], "-");
        let told = folder.join(format!("{slug}.txt"));
        let output =
            File::create(&told).with_context(|| format!("cannot write {}", told.display()))?;
        let config = self.config.map(|config| Path::new(SCRIPTS).join(config));
        let log = folder.join(format!("{slug}.emulator.log"));
        let emulator = Emulator::start(&log, config.as_deref())?;
        let mut process = command
            .arg(Path::new(SCRIPTS).join(self.script))
            .envs(emulator.variables())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stderr(output.try_clone().context("cannot share the output file")?)
            .stdout(output)
            .spawn()
            .with_context(|| format!("cannot start {}", self.script))?;
        let ended = wait(&mut process);
        let text = fs::read_to_string(&told).unwrap_or_default();
        let tally = ended.and_then(|()| Tally::of(&text));
        Ok(Ran { suite: self, text, tally, started })
    }
}

impl Ran<'_> {
    /// Shows what failed, or with `is_verbose` every feature.
    pub(crate) fn tell(self, is_verbose: bool) -> Result<Tally> {
        let Self { suite, text, tally, started } = self;
        let is_shown = |line: &&str| is_verbose || !line.starts_with("ok ");
        if is_verbose || tally.as_ref().is_ok_and(|tally| 0 < tally.failed) {
            text.lines().filter(is_shown).for_each(|line| println!("{line}"));
        }
        let tally = tally.with_context(|| format!("{}; its output:\n{text}", suite.script))?;
        run::step(&format!("{}: {tally}", suite.name), started);
        Ok(tally)
    }
}

/// Waits for a suite's end, and ends it where it hangs.
fn wait(process: &mut Child) -> Result<()> {
    let started = Instant::now();
    while process.try_wait().context("cannot wait for a suite")?.is_none() {
        if ENDS_WITHIN < started.elapsed() {
            emulator::end(process);
            bail!("it hangs: no end within {} s", ENDS_WITHIN.as_secs());
        }
        thread::sleep(GLANCE);
    }
    Ok(())
}

impl Tally {
    /// What the last line of a suite's output says.
    fn of(text: &str) -> Result<Self> {
        let last = text.lines().next_back().unwrap_or_default();
        let number = |part: Option<&str>, word: &str| part?.strip_suffix(word)?.parse().ok();
        let mut parts = last.split(", ");
        let passed = number(parts.next(), " passed");
        let failed = number(parts.next(), " failed");
        match (passed, failed) {
            (Some(passed), Some(failed)) => Ok(Self { passed, failed }),
            _ => bail!("it broke off: its last line is not `N passed, N failed`"),
        }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let tally = Tally::of("ok  a\nFAIL b\n1 passed, 1 failed\n").unwrap();
        assert_eq!(tally, Tally { passed: 1, failed: 1 });
        assert_eq!(tally.to_string(), "1 passed, 1 failed");
    }

    #[test]
    fn a_suite_that_broke_off_has_not_passed() {
        for text in ["", "ok  a\n", "1 passed, 0 failed\nTraceback\n", "x passed, 0 failed"] {
            assert!(Tally::of(text).is_err(), "{text:?}");
        }
    }
}
