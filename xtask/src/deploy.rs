//! `cargo xtask deploy`: from a clone to a running system on Azure, and to the same again.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | preflight | what must be so, before anything is touched | [`preflight`] |
//! | what-if | what would be made, changed and deleted; asked about, unless `--yes` | [`plan`] |
//! | provision | `az deployment group create`, watched; left out where nothing would change | [`provision`] |
//! | publish | each zip to its SCM site, until the host lists its functions | [`mod@publish`] |
//! | smoke test | an order placed, its event read back as processed | [`smoke`] |
//!
//! Every step finds what an earlier run did, so the same command goes on where one stopped. What is
//! told on the way goes to stderr; the outcome to stdout, as lines or (`--json`) one document.

pub(crate) mod cloud;
mod pause;
mod plan;
pub(crate) mod preflight;
mod provision;
mod publish;
mod rights;
mod smoke;
pub(crate) mod trouble;
mod web;

use crate::package;
use anyhow::{Context, Result};
use cloud::Cloud;
use indicatif::{ProgressBar, ProgressStyle};
use provision::Outputs;
use publish::{App, Published};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use trouble::Trouble;

/// What to deploy, and where.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The resource group; it is made where it is not there
    #[arg(long, value_parser = group_name)]
    pub(crate) resource_group: String,
    /// The region, as `az account list-locations` names it
    #[arg(long, value_parser = region_name)]
    location: String,
    /// Which parameter file
    #[arg(long, value_enum, default_value = "dev")]
    environment: Environment,
    /// Only say what would change
    #[arg(long)]
    what_if: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// One JSON document on stdout, for pipelines; asks nothing, so --yes or --what-if is needed
    #[arg(long)]
    json: bool,
    /// Take api.zip and relay.zip from here instead of packaging them
    #[arg(long, value_name = "DIR")]
    packages: Option<PathBuf>,
}

/// The shapes of `infra/bicep`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Environment {
    /// Serverless, nothing locked
    Dev,
    /// Autoscale, zones, locks
    Prod,
}

impl Environment {
    fn parameters(self) -> &'static str {
        match self {
            Self::Dev => "infra/bicep/main.bicepparam",
            Self::Prod => "infra/bicep/main.prod.bicepparam",
        }
    }
}

/// As Azure has it: letters, digits, `_-.()`, at most 90, no full stop at the end.
pub(crate) fn group_name(name: &str) -> Result<String, String> {
    let is_fine = |letter: char| letter.is_alphanumeric() || "_-.()".contains(letter);
    if (1..=90).contains(&name.chars().count()) && name.chars().all(is_fine) && !name.ends_with('.')
    {
        return Ok(name.to_owned());
    }
    Err("1 to 90 letters, digits and _-.(), without a full stop at the end".to_owned())
}

fn region_name(name: &str) -> Result<String, String> {
    if !name.is_empty() && name.chars().all(|l| l.is_ascii_lowercase() || l.is_ascii_digit()) {
        return Ok(name.to_owned());
    }
    Err("a region is written in lower case and without blanks: westeurope".to_owned())
}

/// Deploys, and tells the outcome.
pub(crate) fn deploy(arguments: &Arguments, root: &Path) -> Result<()> {
    let outcome = whole(arguments, root);
    if arguments.json {
        let document = outcome.as_ref().map_or_else(Trouble::document, Clone::clone);
        println!("{document}");
    }
    outcome.map(drop)
}

fn whole(arguments: &Arguments, root: &Path) -> Result<Value> {
    if arguments.json && !arguments.yes && !arguments.what_if {
        let what = "--json asks nothing";
        return Err(Trouble::early(what, "say --yes, or --what-if to change nothing"));
    }
    let parameters = arguments.environment.parameters();
    let parameters = fs::read_to_string(parameters).with_context(|| format!("no {parameters}"))?;
    let cloud = preflight::login()?;
    let is_there = preflight::check(&cloud, arguments, &parameters)?;
    if !is_there {
        if arguments.what_if {
            say("what would change: the resource group and all of infra/bicep would be made");
            return Ok(json!({"outcome": "whatIf", "resourceGroup": "created"}));
        }
        confirm(arguments, &format!("make the resource group {}", arguments.resource_group))?;
        provision::make_group(&cloud, arguments)?;
    }
    let plan = provision::foresee(arguments)?;
    say(format!("what would change:\n{plan}"));
    preflight::names(&cloud, &plan)?;
    if arguments.what_if {
        return Ok(json!({"outcome": "whatIf", "resources": tally(&plan)}));
    }
    let packages = packages(arguments, root)?;
    let known = if plan.is_empty() { provision::outputs(&cloud, arguments)? } else { None };
    let is_known = known.is_some();
    let outputs = if let Some(outputs) = known {
        outputs
    } else {
        confirm(arguments, "deploy that")?;
        provision::provision(&cloud, arguments)?
    };
    let published = publish(&cloud, arguments, &outputs, &packages)?;
    let is_same = is_known && published.iter().all(|(_, how, _)| *how == Published::Before);
    let group = cloud.group(&arguments.resource_group);
    let key = smoke::key(&cloud, &group, &outputs.api)?;
    smoke::order(&cloud, &outputs, &key, &order_id(&outputs, &published))?;
    let waiting = smoke::waiting(&cloud, &group, &outputs)?;
    let mut told = tell(arguments, &outputs, is_same);
    if let Some(told) = told.as_object_mut() {
        told.insert("resources".to_owned(), tally(&plan));
        told.insert("waitingMessages".to_owned(), json!(waiting));
        told.insert("waitedSeconds".to_owned(), json!(cloud.waits.waited().as_secs()));
    }
    Ok(told)
}

fn tally(plan: &plan::Plan) -> Value {
    let plan::Plan { created, changed, deleted, unforeseen, unchanged } = plan;
    let changed: Vec<&String> = changed.iter().map(|(id, _)| id).collect();
    json!({"created": created, "changed": changed, "deleted": deleted, "unknown": unforeseen,
        "unchanged": unchanged})
}

fn confirm(arguments: &Arguments, what: &str) -> Result<()> {
    if arguments.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        let what = "nobody is here to be asked (stdin is no terminal)";
        return Err(Trouble::early(what, "say --yes"));
    }
    say(format!("{what}? [y/N]"));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("no answer")?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Trouble::early("you said no", "the same command again, when you want it"))
}

/// The zips, by app in the order of publishing: readers of new forms come before their writers.
fn packages(arguments: &Arguments, root: &Path) -> Result<[PathBuf; 2]> {
    let order = ["relay", "api"];
    if let Some(folder) = &arguments.packages {
        let zips = order.map(|app| folder.join(format!("{app}.zip")));
        if let Some(missing) = zips.iter().find(|zip| !zip.is_file()) {
            let what = format!("--packages: no {}", missing.display());
            return Err(Trouble::early(what, "`cargo xtask package` writes to target/package"));
        }
        return Ok(zips);
    }
    if arguments.json {
        // Packaging tells its steps on stdout, which belongs to the document.
        let mut child = Command::new(std::env::current_exe().context("who am I?")?);
        crate::run::quietly("packaging", child.arg("package").current_dir(root))?;
    } else {
        package::package(&package::Arguments::default(), root)?;
    }
    Ok(order.map(package::path))
}

type Done = (String, Published, String);

fn publish(
    cloud: &Cloud,
    arguments: &Arguments,
    outputs: &Outputs,
    [relay, api]: &[PathBuf; 2],
) -> Result<[Done; 2]> {
    let group = cloud.group(&arguments.resource_group);
    let one = |name: &str, zip: &Path| {
        let app = App { group: &group, name, zip };
        Ok::<_, anyhow::Error>((name.to_owned(), app.publish(cloud)?, app.mark()?))
    };
    Ok([one(&outputs.relay, relay)?, one(&outputs.api, api)?])
}

/// An id for what is deployed: the same as long as that is the same.
fn order_id(outputs: &Outputs, published: &[Done; 2]) -> String {
    let short = |text: &str| text.chars().take(8).collect::<String>();
    let marks = published.iter().map(|(_, _, mark)| short(mark.trim_start_matches("outbox-")));
    let marks: Vec<String> = marks.collect();
    format!("smoke-{}-{}", short(&outputs.deployment), marks.join("-"))
}

fn tell(arguments: &Arguments, outputs: &Outputs, is_same: bool) -> Value {
    let lines = smoke::lines(arguments, outputs);
    if !arguments.json {
        let outcome = if is_same { "Nothing had to change: it runs." } else { "It runs." };
        println!("\n{outcome} To call it:\n\n  {}", lines.join("\n  "));
    }
    let outcome = if is_same { "unchanged" } else { "deployed" };
    json!({"outcome": outcome, "smokeTest": "processed", "outputs": smoke::places(outputs),
        "call": lines})
}

/// Says something on the way.
pub(crate) fn say(line: impl std::fmt::Display) {
    eprintln!("{line}");
}

/// A step that takes its time.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// Begins.
    pub(crate) fn start(title: &str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(title.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, started: Instant::now() }
    }

    /// Says how it stands.
    pub(crate) fn say(&self, how: &str) {
        self.bar.set_message(how.to_owned());
    }

    /// Ends without a word.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Ends with a line.
    pub(crate) fn done(&self, title: &str) {
        self.end();
        say(format!("{title:<44} {:>7.1} s", self.started.elapsed().as_secs_f64()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_regions_are_named_as_azure_has_them() {
        assert!(group_name("shop-dev_(1)").is_ok());
        assert!(group_name("").is_err() && group_name("a.").is_err() && group_name("a b").is_err());
        assert!(region_name("westeurope").is_ok() && region_name("eastus2").is_ok());
        assert!(region_name("West Europe").is_err() && region_name("").is_err());
    }
}
