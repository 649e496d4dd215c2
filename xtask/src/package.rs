//! `cargo xtask package`: what is published to Azure, one zip an app, the same bytes each time.
//!
//! A zip holds `host.json`, the function folders and the executable, all at its root, as
//! `crates/<app>/functions` has them; beside it lies what the executable is made of (`CycloneDX`).

mod archive;
mod musl;
mod sbom;

use crate::run;
use anyhow::{Context, Result, bail};
use archive::Entry;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub(crate) use musl::{Profile, binaries};

/// What to package.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Build the emulator as a static binary too, for images made from nothing but it
    #[arg(long)]
    with_emulator: bool,
}

/// The function apps.
pub(crate) const APPS: [&str; 2] = ["api", "relay"];
/// Where the zips and what they are made of are put.
pub(crate) const FOLDER: &str = "target/package";
/// The most that a zip may be: what is larger takes longer to start on a new instance.
const BYTES_MAX: usize = 5_000_000;

/// Builds the apps and zips them.
pub(crate) fn package(arguments: &Arguments, root: &Path) -> Result<()> {
    let mut packages = APPS.to_vec();
    if arguments.with_emulator {
        packages.push("emulator");
    }
    let folder = binaries(root, &packages, Profile::Release)?;
    fs::create_dir_all(FOLDER).context("cannot make the folder of the packages")?;
    let resolved = sbom::resolved()?;
    for app in APPS {
        let started = Instant::now();
        let binary = folder.join(app);
        let entries = entries(&root.join("crates").join(app).join("functions"), app, &binary)?;
        let executable = entries.iter().find(|entry| entry.is_executable);
        let executable = executable.map_or(0, |entry| entry.bytes.len());
        let zip = archive::zip(entries)?;
        fs::write(path(app), &zip).with_context(|| format!("cannot write {app}.zip"))?;
        let bill = sbom::bill(&resolved, app)?;
        fs::write(Path::new(FOLDER).join(format!("{app}.cdx.json")), bill)
            .with_context(|| format!("cannot write {app}.cdx.json"))?;
        let size = format!("{app}.zip {} of {}", megabytes(zip.len()), megabytes(executable));
        run::step(&size, started);
        if BYTES_MAX < zip.len() {
            bail!("{app}.zip has {} bytes; {BYTES_MAX} are the most", zip.len());
        }
    }
    Ok(())
}

/// Where an app's zip is, once it is packaged.
pub(crate) fn path(app: &str) -> PathBuf {
    Path::new(FOLDER).join(format!("{app}.zip"))
}

/// What goes into an app's zip.
fn entries(functions: &Path, app: &str, binary: &Path) -> Result<Vec<Entry>> {
    let host = read(&functions.join("host.json"))?;
    let named: Value = serde_json::from_slice(&host).context("host.json is not JSON")?;
    let named = named.pointer("/customHandler/description/defaultExecutablePath");
    if named.and_then(Value::as_str) != Some(app) {
        bail!(
            "host.json of {app} starts {named:?}; right would be {app:?}, the executable beside it"
        );
    }
    let mut entries = vec![
        Entry { name: "host.json".into(), bytes: host, is_executable: false },
        Entry { name: app.into(), bytes: read(binary)?, is_executable: true },
    ];
    let listed =
        fs::read_dir(functions).with_context(|| format!("cannot list {app}'s functions"))?;
    for folder in listed {
        let folder = folder.with_context(|| format!("cannot list {app}'s functions"))?;
        if folder.path().is_dir() {
            let name = format!("{}/function.json", folder.file_name().to_string_lossy());
            let bytes = read(&functions.join(&name))?;
            entries.push(Entry { name, bytes, is_executable: false });
        }
    }
    Ok(entries)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn megabytes(bytes: usize) -> String {
    format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(app: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        root.join("crates").join(app).join("functions")
    }

    #[test]
    fn each_app_takes_its_host_json_its_functions_and_its_executable() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        fs::write(&binary, "ELF").unwrap();
        for (app, function) in [("api", "Orders/function.json"), ("relay", "Relay/function.json")] {
            let entries = entries(&functions(app), app, &binary).unwrap();
            let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            for name in ["host.json", app, function] {
                assert!(names.contains(&name), "{app}: {name} in {names:?}");
            }
            assert!(!names.contains(&"README.md"), "{names:?}");
            let executables = entries.iter().filter(|entry| entry.is_executable);
            assert_eq!(executables.map(|entry| entry.name.as_str()).collect::<Vec<_>>(), [app]);
        }
    }

    #[test]
    fn an_executable_that_host_json_does_not_start_is_not_packaged() {
        let error = entries(&functions("relay"), "api", Path::new("none")).unwrap_err();
        assert!(error.to_string().contains("right would be \"api\""), "{error}");
    }

    #[test]
    fn sizes_read_as_megabytes() {
        assert_eq!(megabytes(3_149_999), "3.14 MB");
    }
}
