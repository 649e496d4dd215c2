//! A machine with `az` logged in to the local Azure, on which `cargo xtask` is run.

use crate::login::CLIENT;
use crate::server::Azure;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::MutexGuard;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The machine, and the Azure that it knows.
pub(crate) struct Machine {
    azure: Azure,
    folder: TempDir,
}

/// What a verb said.
pub(crate) struct Said {
    /// Whether it went well.
    pub(crate) is_fine: bool,
    /// Its stdout.
    pub(crate) out: String,
    /// Its stderr.
    pub(crate) err: String,
}

impl Machine {
    /// One that is logged in.
    pub(crate) fn logged_in() -> Self {
        let machine = Self::new();
        let home = format!("https://localhost:{}", machine.world().port);
        let register =
            ["cloud", "register", "--name", "Local", "--endpoint-resource-manager", &home];
        machine.az(&register);
        machine.az(&["cloud", "set", "--name", "Local"]);
        let login =
            ["login", "--service-principal", "--username", CLIENT.0, "--password", CLIENT.1];
        machine.az(&[&login[..], &["--tenant", "adfs"]].concat());
        machine
    }

    /// One that is not.
    pub(crate) fn new() -> Self {
        let (azure, folder) = (Azure::start(), tempfile::tempdir().unwrap());
        let at = |name: &str| folder.path().join(name);
        fs::write(at("ca.pem"), &azure.certificate).unwrap();
        for name in ["bin", "azure", "packages"] {
            fs::create_dir(at(name)).unwrap();
        }
        let settings = "[core]\ninstance_discovery = false\ncollect_telemetry = false\n";
        fs::write(at("azure/config"), settings).unwrap();
        let bicep = format!("#!{}/bin/python\n{}", venv().display(), include_str!("bicep.py"));
        fs::write(at("bin/bicep"), bicep).unwrap();
        fs::set_permissions(at("bin/bicep"), fs::Permissions::from_mode(0o755)).unwrap();
        for app in ["api", "relay"] {
            package(&at("packages").join(format!("{app}.zip")), app, b"#!/bin/sh\n");
        }
        Self { azure, folder }
    }

    /// What its Azure holds.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.azure.world()
    }

    /// As if the resources were there already.
    pub(crate) fn provisioned(&self) {
        self.world().provisioned("shop", parameters());
    }

    /// Another relay than before.
    pub(crate) fn new_relay(&self) {
        package(&self.folder.path().join("packages/relay.zip"), "relay", b"#!/bin/sh\nexit 1\n");
    }

    /// Deploys the ready packages, with these flags too.
    pub(crate) fn deploy(&self, flags: &[&str]) -> Said {
        let packages = self.folder.path().join("packages");
        let packages = packages.to_str().unwrap();
        let fixed = ["deploy", "--resource-group", "shop", "--location", "westeurope"];
        self.xtask(&[&fixed[..], &["--packages", packages], flags].concat())
    }

    /// Runs a verb.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Said {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = self.run(xtask.args(arguments));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let is_fine = output.status.success();
        Said { is_fine, out: text(output.stdout), err: text(output.stderr) }
    }

    fn az(&self, arguments: &[&str]) {
        let output = self.run(Command::new("az").args(arguments));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "az {arguments:?}: {said}");
    }

    fn run(&self, command: &mut Command) -> Output {
        let at = |name: &str| self.folder.path().join(name);
        let path = std::env::var("PATH").unwrap();
        let bins = [at("bin"), venv().join("bin")];
        let bins = bins.into_iter().chain(std::env::split_paths(&path));
        // A command is looked for on the path of who starts it, so it is set by `env`.
        let mut env = Command::new("env");
        env.arg(format!("PATH={}", std::env::join_paths(bins).unwrap().to_str().unwrap()));
        env.arg(command.get_program()).args(command.get_args());
        env.env("AZURE_CONFIG_DIR", at("azure"))
            .env("AZURE_BICEP_USE_BINARY_FROM_PATH", "true")
            .env("REQUESTS_CA_BUNDLE", at("ca.pem"))
            .env("CURL_CA_BUNDLE", at("ca.pem"))
            .env("DEPLOY_PACE", "0.005");
        env.output().unwrap()
    }
}

/// Where `cargo xtask infra test` installs `az`.
fn venv() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let venv = root.join("target/local-azure/az");
    assert!(venv.join("bin/az").exists(), "no az: these are run by `cargo xtask infra test`");
    venv
}

/// A small package: the functions of the app, and a stand-in for its binary.
fn package(to: &Path, app: &str, binary: &[u8]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let functions = root.join("crates").join(app).join("functions");
    let mut zip = ZipWriter::new(fs::File::create(to).unwrap());
    let mode = |mode| SimpleFileOptions::default().unix_permissions(mode);
    zip.start_file(app, mode(0o755)).unwrap();
    zip.write_all(binary).unwrap();
    zip.start_file("host.json", mode(0o644)).unwrap();
    zip.write_all(&fs::read(functions.join("host.json")).unwrap()).unwrap();
    for entry in fs::read_dir(functions).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            let name = format!("{}/function.json", entry.file_name().to_str().unwrap());
            zip.start_file(name, mode(0o644)).unwrap();
            zip.write_all(&fs::read(entry.path().join("function.json")).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap();
}

/// What `main.bicepparam` gives, read without any of the code under test.
pub(crate) fn parameters() -> BTreeMap<String, Value> {
    let text = include_str!("../../../infra/bicep/main.bicepparam");
    let given = text.lines().filter_map(|line| line.strip_prefix("param ")?.split_once(" = "));
    let value = |text: &str| serde_json::from_str(&text.replace('\'', "\"")).unwrap();
    given.map(|(name, text)| (name.to_owned(), value(text))).collect()
}
