//! The interpreters of the suites, with the pinned SDKs installed under `target/`.

use super::suite::SCRIPTS;
use crate::run;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// What a suite is written in, and where its pins are.
#[derive(Clone, Copy)]
pub(crate) enum Runtime {
    /// Python, with `requirements.txt` for all suites.
    Python,
    /// Node.js, with the `package-lock.json` of a folder.
    Node {
        /// The folder, from that of the scripts.
        pins: &'static str,
    },
    /// Rust: a program of its own, outside the workspace, which holds the pins.
    Rust {
        /// Its folder, from that of the scripts.
        program: &'static str,
    },
}

impl Runtime {
    /// Installs what is pinned, unless it is installed already; a command that runs scripts with it.
    pub(crate) fn command(self, folder: &Path) -> Result<Command> {
        match self {
            Self::Python => {
                let home = folder.join("python");
                python(&home, &Path::new(SCRIPTS).join("requirements.txt"))?;
                Ok(Command::new(home.join("bin/python")))
            }
            Self::Node { pins } => {
                let home = folder.join(pins.replace('/', "-"));
                node(&home, &Path::new(SCRIPTS).join(pins))?;
                let mut command = Command::new("node");
                command.env("NODE_PATH", std::path::absolute(home.join("node_modules"))?);
                Ok(command)
            }
            Self::Rust { program } => {
                let home = folder.join(program);
                rust(&home, &Path::new(SCRIPTS).join(program))?;
                Ok(Command::new(home.join("debug/conformance")))
            }
        }
    }
}

/// Builds the program into a target folder of its own: cargo knows itself what is done already.
fn rust(home: &Path, program: &Path) -> Result<()> {
    let started = Instant::now();
    let mut build = run::cargo(&["build", "--locked", "--manifest-path"]);
    build.arg(program.join("Cargo.toml")).arg("--target-dir").arg(home);
    run::quietly("SDK for Rust", &mut build)?;
    run::step("SDK for Rust built", started);
    Ok(())
}

/// Installs what `pins` names into a venv at `home`, unless it is installed already.
pub(crate) fn python(home: &Path, pins: &Path) -> Result<()> {
    let key = format!("{}{}", version("python3")?, read(pins)?);
    install_once(home, &key, || {
        let started = Instant::now();
        run::quietly("venv", Command::new("python3").args(["-m", "venv"]).arg(home))?;
        let mut pip = Command::new(home.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--requirement"]).arg(pins);
        run::quietly("packages for Python", &mut pip)?;
        run::step("packages for Python installed", started);
        Ok(())
    })
}

/// Installs what `pins/package-lock.json` names into `home`, unless it is installed already.
pub(crate) fn node(home: &Path, pins: &Path) -> Result<()> {
    let lock = read(&pins.join("package-lock.json"))?;
    let key = format!("{}{lock}", version("node")?);
    install_once(home, &key, || {
        let started = Instant::now();
        fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(pins.join(file), home.join(file))
                .with_context(|| format!("cannot copy {file} to {}", home.display()))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(home);
        run::quietly("SDKs for JavaScript", &mut npm)?;
        run::step("SDKs for JavaScript installed", started);
        Ok(())
    })
}

/// Installs into an empty `home` unless what stands there was installed from the same `key`, which
/// is written last: what was broken off is done again from the start.
fn install_once(home: &Path, key: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let mark: PathBuf = home.join("installed-from");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == key) {
        return Ok(());
    }
    if home.exists() {
        fs::remove_dir_all(home).with_context(|| format!("cannot clear {}", home.display()))?;
    }
    install()?;
    fs::write(&mark, key).with_context(|| format!("cannot write {}", mark.display()))
}

/// What the interpreter says it is: another one needs another installation.
fn version(program: &str) -> Result<String> {
    let output = Command::new(program).arg("--version").output();
    let output = output.with_context(|| format!("{program} is needed, and does not start"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    fn install(home: &Path, key: &str) -> bool {
        let mut installed = false;
        let install = || {
            installed = true;
            fs::create_dir_all(home)?;
            Ok(())
        };
        install_once(home, key, install).unwrap();
        installed
    }

    #[test]
    fn the_same_pins_are_installed_once() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        assert!(install(&home, "a==1"));
        assert!(!install(&home, "a==1"));
    }

    #[test]
    fn other_pins_start_from_an_empty_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        install(&home, "a==1");
        fs::write(home.join("old"), "").unwrap();
        assert!(install(&home, "a==2"));
        assert!(!home.join("old").exists());
    }

    #[test]
    fn what_failed_is_installed_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        install_once(&home, "a==1", || bail!("no network")).unwrap_err();
        assert!(install(&home, "a==1"));
    }
}
