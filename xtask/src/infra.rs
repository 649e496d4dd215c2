//! `cargo xtask infra check`: the Bicep files, held to what they may say and to the apps.
//!
//! | checked | where |
//! |---|---|
//! | every file parses, and uses only what is checked here | [`read`] |
//! | types, versions, properties and their types; what must be there | [`shapes`], `allowed.json` |
//! | names are declared, used and described; functions and files exist | [`names`] |
//! | what is passed to modules and by parameter files fits | [`modules`] |
//! | names are known before anything is made | [`foreseen`] |
//! | no output holds a secret; roles are ours and named | [`secrets`] |
//! | every setting that is read is set, every one that is set is read | [`settings`] |
//! | containers, databases and topics that apps name are made | [`settings`], [`functions`] |
//! | alerts and the workbook search for what the relay logs | [`logs`] |
//! | what they measure is a metric that Azure has | [`metrics`] |
//!
//! Where the real `bicep` is installed, it has the last word.

mod allowed;
mod finding;
mod foreseen;
mod functions;
#[cfg(test)]
mod local_azure;
mod logs;
mod metrics;
mod modules;
mod names;
mod read;
pub(crate) mod rehearsal;
mod review;
mod secrets;
mod settings;
mod shapes;
mod sources;
mod syntax;
#[cfg(test)]
mod tests;
mod types;
mod values;

use crate::run;
use allowed::Allowed;
use anyhow::{Context as _, Result, bail};
use finding::Finding;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use syntax::File;
use types::Context;

/// What to do with the infrastructure.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Hold the Bicep files to what they may say and to what the apps read
    Check,
    /// Hold the Bicep files to Checkov's rules, and what stays to its reasons in infra/review
    Review,
    /// Deploy to an Azure on this machine, with the real az, which is installed under target/ first
    Test(rehearsal::Arguments),
}

/// Runs the verb.
pub(crate) fn infra(verb: &Verb, root: &Path) -> Result<()> {
    match verb {
        Verb::Check => check(root),
        Verb::Review => review::review(root),
        Verb::Test(arguments) => rehearsal::test(arguments),
    }
}

/// Checks everything, and reports all that is wrong.
pub(crate) fn check(root: &Path) -> Result<()> {
    let started = Instant::now();
    let findings = findings(root)?;
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        bail!("infra check found {}:\n{}", lines.len(), lines.join("\n"));
    }
    run::step("infra check", started);
    real_bicep()
}

/// The folder of the Bicep files.
const FOLDER: &str = "infra/bicep";
const MAIN: &str = "infra/bicep/main.bicep";

/// All that is wrong, by file and place.
fn findings(root: &Path) -> Result<Vec<Finding>> {
    let allowed = Allowed::load()?;
    let mut findings = Vec::new();
    let (mut files, mut parameters) = (BTreeMap::new(), Vec::new());
    for folder in [FOLDER.to_owned(), format!("{FOLDER}/modules")] {
        for path in paths(root, &folder)? {
            let text = fs::read_to_string(root.join(&path));
            let text = text.with_context(|| format!("cannot read {path}"))?;
            if is_parameters(&path) {
                let (file, wrong) = read::parameters(&path, &text)?;
                findings.extend(wrong);
                parameters.push(file);
            } else {
                let (file, wrong) = read::bicep(&path, &text)?;
                findings.extend(wrong);
                files.insert(path, file);
            }
        }
    }
    // What cannot be read leaves gaps that would be told as faults of others.
    if findings.is_empty() {
        findings.extend(meaning(root, &files, &parameters, &allowed)?);
    }
    findings.sort();
    findings.dedup();
    Ok(findings)
}

fn meaning(
    root: &Path,
    files: &BTreeMap<String, File>,
    parameters: &[File],
    allowed: &Allowed,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in files.values() {
        let context = Context { file, files, allowed };
        findings.extend(names::check(context, root));
        findings.extend(shapes::check(context));
        findings.extend(modules::check(context));
        findings.extend(secrets::check(context));
    }
    for file in parameters {
        findings.extend(modules::check_parameters(Context { file, files, allowed }));
    }
    let file = files.get(MAIN).with_context(|| format!("there is no {MAIN}"))?;
    findings.extend(foreseen::check(Context { file, files, allowed }));
    findings.extend(settings::check(Context { file, files, allowed }, root)?);
    findings.extend(logs::check(root)?);
    findings.extend(metrics::check(root, files)?);
    Ok(findings)
}

fn paths(root: &Path, folder: &str) -> Result<Vec<String>> {
    let listed =
        fs::read_dir(root.join(folder)).with_context(|| format!("cannot list {folder}"))?;
    let names = listed.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names.collect::<Result<_>>()?;
    let is_ours = |name: &String| is_of(name, "bicep") || is_parameters(name);
    Ok(names.into_iter().filter(is_ours).map(|name| format!("{folder}/{name}")).collect())
}

fn is_parameters(name: &str) -> bool {
    is_of(name, "bicepparam")
}

fn is_of(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|of| of == extension)
}

/// Lets Microsoft's compiler say what it thinks, where it is installed.
fn real_bicep() -> Result<()> {
    let is_there = Command::new("bicep").arg("--version").output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    let started = Instant::now();
    run::quietly("bicep", Command::new("bicep").args(["build", MAIN, "--stdout"]))?;
    for path in paths(Path::new("."), FOLDER)?.iter().filter(|path| is_parameters(path)) {
        run::quietly("bicep", Command::new("bicep").args(["build-params", path, "--stdout"]))?;
    }
    run::step("bicep build", started);
    Ok(())
}
