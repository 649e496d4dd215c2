//! Function folders: what their triggers name is made, and what their settings are is known.

use super::finding::{Finding, Spot, listed};
use super::types::Context;
use super::values::made;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The type of a database.
pub(crate) const DATABASE: &str = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases";
/// The type of a container.
pub(crate) const CONTAINER: &str = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers";
/// What an identity needs beside the name of a connection.
const OF_CONNECTION: [&str; 3] = ["accountEndpoint", "credential", "clientId"];
/// Properties of a Cosmos trigger that name what must be made.
const NAMES: [(&str, &str); 4] = [
    ("databaseName", DATABASE),
    ("containerName", CONTAINER),
    ("leaseDatabaseName", DATABASE),
    ("leaseContainerName", CONTAINER),
];

/// A `function.json`.
pub(crate) struct Trigger {
    /// Its folder's name.
    pub(crate) function: String,
    /// From the root.
    pub(crate) path: String,
    text: String,
    bindings: Vec<Value>,
}

/// The function folders of an app.
pub(crate) fn triggers(root: &Path, app: &str) -> Result<Vec<Trigger>> {
    let folder = format!("crates/{app}/functions");
    let mut triggers = Vec::new();
    let listed =
        fs::read_dir(root.join(&folder)).with_context(|| format!("cannot list {folder}"))?;
    for entry in listed {
        let entry = entry.with_context(|| format!("cannot list {folder}"))?;
        if !entry.path().is_dir() {
            continue;
        }
        let function = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{function}/function.json");
        let text =
            fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read {path}"))?;
        let json: Value =
            serde_json::from_str(&text).with_context(|| format!("{path} is not JSON"))?;
        let bindings = json.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
        triggers.push(Trigger { function, path, text, bindings });
    }
    triggers.sort_by(|one, other| one.function.cmp(&other.function));
    Ok(triggers)
}

impl Trigger {
    /// The settings that its bindings read: `%NAME%`, and those of each connection.
    pub(crate) fn settings(&self) -> impl Iterator<Item = String> {
        let properties = self.bindings.iter().filter_map(Value::as_object).flatten();
        let texts = properties.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        texts.flat_map(|(name, text)| match name {
            "connection" | "leaseConnection" => {
                OF_CONNECTION.iter().map(|part| format!("{text}__{part}")).collect()
            }
            _ => Vec::from_iter(of_setting(text).map(str::to_owned)),
        })
    }

    /// Finds what a Cosmos trigger names and nobody makes. `value` says what a setting comes to.
    pub(crate) fn check(
        &self,
        main: Context<'_>,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<Finding> {
        let is_feed = |binding: &&Value| {
            binding.get("type").and_then(Value::as_str) == Some("cosmosDBTrigger")
        };
        let mut findings = Vec::new();
        for binding in self.bindings.iter().filter(is_feed) {
            let names = NAMES.iter().filter_map(|(property, kind)| {
                Some((*property, *kind, binding.get(property)?.as_str()?))
            });
            findings.extend(names.filter_map(|name| self.unmade(name, main, value)));
        }
        findings
    }

    fn unmade(
        &self,
        (property, kind, text): (&str, &str, &str),
        main: Context<'_>,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Finding> {
        let named = match of_setting(text) {
            Some(setting) => value(setting).unwrap_or_default(),
            None => text.to_owned(),
        };
        let made = made(main, kind);
        if made.contains(&named) {
            return None;
        }
        let made = listed(made.iter().map(String::as_str));
        let wrong =
            format!("`{property}` is `{named}`, which no {kind} is named; there are: {made}");
        Some(Finding::new(&self.path, self.spot(property), wrong))
    }

    fn spot(&self, property: &str) -> Spot {
        let quoted = format!("\"{property}\"");
        let lines = self.text.lines().enumerate();
        let mut found = lines.filter_map(|(line, text)| Some((line, text.find(&quoted)?)));
        found
            .next()
            .map_or(Spot::START, |(line, column)| Spot { line: line + 1, column: column + 1 })
    }
}

/// The setting that a text stands for: `%NAME%`.
fn of_setting(text: &str) -> Option<&str> {
    text.strip_prefix('%')?.strip_suffix('%')
}
