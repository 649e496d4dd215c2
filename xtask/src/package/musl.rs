//! Static binaries for Linux: they need nothing of the machine they run on, and name nothing of the
//! machine they were built on.

use crate::run;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const TARGET: &str = "x86_64-unknown-linux-musl";

/// How they are built.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// For Azure: small and fast.
    Release,
    /// For a test run: soon.
    Container,
}

/// Builds the binaries of these packages statically; says in which folder they are.
pub(crate) fn binaries(root: &Path, packages: &[&str], profile: Profile) -> Result<PathBuf> {
    let profile = match profile {
        Profile::Release => "release",
        Profile::Container => "container",
    };
    let has_compiler = Command::new("musl-gcc").arg("--version").output();
    if !has_compiler.is_ok_and(|output| output.status.success()) {
        bail!("musl-gcc is needed for the parts in C; `apt-get install musl-tools` has it");
    }
    // Says nothing and fetches nothing where it is there; without rustup cargo says what is missing.
    if Command::new("rustup").arg("--version").output().is_ok() {
        run::quietly("musl target", Command::new("rustup").args(["target", "add", TARGET]))?;
    }
    let started = Instant::now();
    let hidden = [(root.to_owned(), "."), (cargo_home()?, "cargo")];
    let mut build = run::cargo(&["build", "--locked", "--bins", "--target", TARGET]);
    build.args(["--profile", profile]);
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    build.env("CARGO_ENCODED_RUSTFLAGS", flags("--remap-path-prefix=", &hidden, "\u{1f}"));
    build.env(
        format!("CFLAGS_{}", TARGET.replace('-', "_")),
        flags("-ffile-prefix-map=", &hidden, " "),
    );
    run::quietly(&format!("building {} (static)", packages.join(", ")), &mut build)?;
    run::step(&format!("built {} (static)", packages.join(", ")), started);
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let folder = Path::new(&target).join(TARGET).join(profile);
    for package in packages {
        let bytes =
            fs::read(folder.join(package)).with_context(|| format!("cannot read {package}"))?;
        check(package, &bytes, &hidden)?;
    }
    Ok(folder)
}

fn cargo_home() -> Result<PathBuf> {
    let home = || Some(Path::new(&env::var_os("HOME")?).join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).context("HOME is not set")
}

fn flags(flag: &str, hidden: &[(PathBuf, &str)], between: &str) -> OsString {
    let mut flags = OsString::new();
    for (path, instead) in hidden {
        if !flags.is_empty() {
            flags.push(between);
        }
        flags.push(flag);
        flags.push(path);
        flags.push(format!("={instead}"));
    }
    flags
}

/// Refuses a binary that loads others, or that tells of the machine it was built on.
fn check(package: &str, bytes: &[u8], hidden: &[(PathBuf, &str)]) -> Result<()> {
    if has(bytes, b"/lib/ld-") || has(bytes, b"/lib64/ld-") {
        bail!("{package} is not static: it names a loader");
    }
    for (path, _) in hidden {
        let path = path.to_string_lossy();
        if has(bytes, path.as_bytes()) {
            bail!("{package} holds the path {path} of this machine");
        }
    }
    Ok(())
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_are_written_otherwise() {
        let hidden =
            [(PathBuf::from("/home/me/shop"), "."), (PathBuf::from("/home/me/.cargo"), "cargo")];
        let flags = flags("-ffile-prefix-map=", &hidden, " ");
        let expected = "-ffile-prefix-map=/home/me/shop=. -ffile-prefix-map=/home/me/.cargo=cargo";
        assert_eq!(flags, expected);
    }

    #[test]
    fn a_binary_that_tells_of_this_machine_or_needs_a_loader_is_refused() {
        let hidden = [(PathBuf::from("/home/me/shop"), ".")];
        check("api", b"ELF .. src/main.rs ..", &hidden).unwrap();
        for bytes in [&b"ELF /home/me/shop/src/main.rs"[..], b"ELF /lib64/ld-linux-x86-64.so.2"] {
            check("api", bytes, &hidden).unwrap_err();
        }
    }
}
