//! Settings: each that an app reads is set, each that is set is read, and what they name is made.
//!
//! What an app reads is found in its own sources and those of the crates it is built of, in its
//! `function.json` files, and in the short list of what the Functions host reads.

use super::finding::{Finding, Spot, listed};
use super::functions::{self, Trigger};
use super::sources;
use super::syntax::{Block, Expr, Kind, Property, What};
use super::types::Context;
use super::values::{Scope, made};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Settings that name what must be made, and its type.
const NAMES: [(&str, &str); 4] = [
    ("COSMOS_DATABASE", functions::DATABASE),
    ("COSMOS_CONTAINER", functions::CONTAINER),
    ("COSMOS_LEASE_CONTAINER", functions::CONTAINER),
    ("SERVICEBUS_TOPIC", "Microsoft.ServiceBus/namespaces/topics"),
];

/// Checks the apps that `main.bicep` makes.
pub(crate) fn check(main: Context<'_>, root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut all_read = BTreeSet::new();
    for (declaration, block) in main.file.modules() {
        let Some(file) = main.module(&block.of).filter(|_| block.of.ends_with(MODULE)) else {
            continue;
        };
        let app = App {
            name: &declaration.name,
            at: declaration.at,
            main,
            inside: Context { file, ..main },
            block,
        };
        let triggers = functions::triggers(root, app.name)?;
        let read = app.read(root, &triggers)?;
        findings.extend(app.check_settings(&read));
        findings.extend(app.check_always_ready(&triggers));
        for trigger in &triggers {
            findings.extend(trigger.check(main, &|name| app.value(name)));
        }
        all_read.extend(read.into_keys());
    }
    for name in main.allowed.unset.keys().filter(|name| !all_read.contains(*name)) {
        let wrong = format!("`{name}` stands under `unset`, and no app reads it; take it away");
        findings.push(Finding::new("xtask/src/infra/allowed.json", Spot::START, wrong));
    }
    Ok(findings)
}

const MODULE: &str = "functionapp.bicep";

struct App<'a> {
    name: &'a str,
    at: Spot,
    main: Context<'a>,
    inside: Context<'a>,
    block: &'a Block,
}

impl<'a> App<'a> {
    /// What it reads, and where.
    fn read(&self, root: &Path, triggers: &[Trigger]) -> Result<BTreeMap<String, String>> {
        let mut read = sources::variables(root, self.name)?;
        for trigger in triggers {
            read.extend(trigger.settings().map(|name| (name, trigger.path.clone())));
        }
        let host = self.main.allowed.host_settings.iter();
        read.extend(host.map(|name| (name.clone(), "the Functions host".to_owned())));
        Ok(read)
    }

    /// What its module passes, and what the module adds for the host.
    fn set(&self) -> impl Iterator<Item = (&'a Property, Context<'a>)> {
        let (main, inside) = (self.main, self.inside);
        let passed = self.block.property("params").and_then(|params| params.property("settings"));
        let added = inside.file.named("hostSettings").and_then(|one| match &one.what {
            What::Var(value) => Some(value),
            What::Param { .. } | What::Resource(_) | What::Module(_) | What::Output { .. } => None,
        });
        let passed = passed.map_or(&[][..], Expr::properties).iter().map(move |one| (one, main));
        passed.chain(added.map_or(&[][..], Expr::properties).iter().map(move |one| (one, inside)))
    }

    /// What a setting comes to.
    fn value(&self, name: &str) -> Option<String> {
        let is_meant = |(one, _): &(&Property, _)| one.key.literal().as_deref() == Some(name);
        let (property, context) = self.set().find(is_meant)?;
        Scope::of(context).text(&property.value)
    }

    fn check_settings(&self, read: &BTreeMap<String, String>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut set = BTreeSet::new();
        for (property, context) in self.set() {
            let name = property.key.literal().unwrap_or_default();
            let wrong = if let Some(why) = self.main.allowed.unset.get(&name) {
                Some(format!("`{name}` must not be set: {why}"))
            } else if read.contains_key(&name) {
                self.names_nothing(&name)
            } else {
                Some(format!("`{name}` is set, and {} does not read it; take it away", self.name))
            };
            findings.extend(wrong.map(|wrong| context.file.finding(property.at, wrong)));
            set.insert(name);
        }
        let unset = &self.main.allowed.unset;
        for (name, place) in read.iter().filter(|(name, _)| !unset.contains_key(*name)) {
            if !set.contains(name) {
                let app = self.name;
                let wrong = format!(
                    "{app} reads `{name}` ({place}), and it is not set; set it in `settings`"
                );
                findings.push(self.main.file.finding(self.at, wrong));
            }
        }
        findings
    }

    fn names_nothing(&self, setting: &str) -> Option<String> {
        let (_, kind) = NAMES.iter().find(|(name, _)| *name == setting)?;
        let made = made(self.main, kind);
        let value = self.value(setting);
        if value.as_ref().is_some_and(|value| made.contains(value)) {
            return None;
        }
        let (value, made) = (value.unwrap_or_default(), listed(made.iter().map(String::as_str)));
        Some(format!("`{setting}` is `{value}`, which no {kind} is named; there are: {made}"))
    }

    /// Instances are kept ready for functions that exist.
    fn check_always_ready(&self, triggers: &[Trigger]) -> Vec<Finding> {
        let ready = self.block.property("params").and_then(|params| params.property("alwaysReady"));
        let Some(Expr { kind: Kind::Array(all), .. }) = ready else { return vec![] };
        let names = all.iter().filter_map(|one| one.property("name"));
        let wrong = names.filter_map(|name| {
            let text = name.literal()?;
            let function = text.strip_prefix("function:")?;
            let has = listed(triggers.iter().map(|trigger| trigger.function.as_str()));
            let is_there = triggers.iter().any(|trigger| trigger.function == function);
            let wrong = format!("{} has no function `{function}`; it has: {has}", self.name);
            (!is_there).then(|| self.main.file.finding(name.at, wrong))
        });
        wrong.collect()
    }
}
