//! What a binary is made of, as `CycloneDX` 1.5 JSON, from what cargo resolved for it.
//!
//! No serial number and no time: the same tree has the same bill. Crates that only build or test it
//! are left out.

use crate::run;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What `cargo metadata` says, as far as it matters here.
#[derive(Deserialize)]
pub(crate) struct Resolved {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

/// Asks cargo.
pub(crate) fn resolved() -> Result<Resolved> {
    let platform = "--filter-platform=x86_64-unknown-linux-musl";
    let mut command = run::cargo(&["metadata", "--locked", "--format-version=1", platform]);
    let output = command.output().context("cannot start `cargo metadata`")?;
    if !output.status.success() {
        bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("cannot read what `cargo metadata` says")
}

/// The bill of one package.
pub(crate) fn bill(resolved: &Resolved, name: &str) -> Result<String> {
    let packages: BTreeMap<&str, &Package> =
        resolved.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let is_meant = |package: &&Package| package.name == name && package.source.is_none();
    let own = resolved.packages.iter().find(is_meant);
    let own = own.with_context(|| format!("there is no package {name}"))?;
    let edges = edges(resolved, &own.id);
    let packages_of = |ids: &BTreeSet<&str>| {
        let found = ids.iter().filter_map(|id| packages.get(id));
        let mut found: Vec<&Package> = found.copied().collect();
        found.sort_by_key(|package| reference(package));
        found
    };
    let all = packages_of(&edges.keys().copied().collect());
    let parts = all.iter().filter(|package| package.id != own.id);
    let dependencies = all.iter().map(|package| {
        let on = edges.get(package.id.as_str()).map(packages_of).unwrap_or_default();
        let on: Vec<String> = on.into_iter().map(reference).collect();
        json!({ "ref": reference(package), "dependsOn": on })
    });
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(own, "application") },
        "components": parts.map(|package| component(package, "library")).collect::<Vec<_>>(),
        "dependencies": dependencies.collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&bill).context("cannot write the bill")?;
    Ok(text + "\n")
}

/// What each package that goes into the binary depends on.
fn edges<'a>(resolved: &'a Resolved, from: &'a str) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let nodes: BTreeMap<&str, &Node> =
        resolved.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut edges = BTreeMap::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if edges.contains_key(id) {
            continue;
        }
        let dependencies = nodes.get(id).map_or(&[][..], |node| &node.deps);
        let linked = dependencies.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|dependency| dependency.kind.is_none())
        });
        let on: BTreeSet<&str> = linked.map(|dependency| dependency.pkg.as_str()).collect();
        open.extend(on.iter().copied());
        edges.insert(id, on);
    }
    edges
}

fn component(package: &Package, of: &str) -> Value {
    let Package { name, version, license, .. } = package;
    let reference = reference(package);
    // `MIT/Apache-2.0` is how cargo once wrote an `OR`.
    let license =
        license.iter().map(|license| json!({ "expression": license.replace('/', " OR ") }));
    json!({
        "type": of,
        "bom-ref": reference,
        "name": name,
        "version": version,
        "purl": reference,
        "licenses": license.collect::<Vec<_>>(),
    })
}

fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
        list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap()).collect()
    }

    /// What the `CycloneDX` 1.5 schema demands of what is written here.
    fn check(bill: &Value) {
        assert_eq!(bill["bomFormat"], "CycloneDX");
        assert_eq!(bill["specVersion"], "1.5");
        assert_eq!(bill["version"], 1);
        let own = &bill["metadata"]["component"];
        assert_eq!(own["type"], "application");
        let mut references = texts(&bill["components"], "bom-ref");
        references.push(own["bom-ref"].as_str().unwrap());
        let unique: BTreeSet<&str> = references.iter().copied().collect();
        assert_eq!(unique.len(), references.len(), "a bom-ref stands twice");
        for component in bill["components"].as_array().unwrap() {
            assert_eq!(component["type"], "library");
            assert_eq!(component["purl"], component["bom-ref"]);
            assert!(component["licenses"].as_array().unwrap().len() <= 1, "{component}");
            assert!(!component["name"].as_str().unwrap().is_empty());
        }
        let told: BTreeSet<&str> = texts(&bill["dependencies"], "ref").into_iter().collect();
        assert_eq!(told, unique);
        for dependency in bill["dependencies"].as_array().unwrap() {
            for on in dependency["dependsOn"].as_array().unwrap() {
                assert!(unique.contains(on.as_str().unwrap()), "{on} is no component");
            }
        }
    }

    #[test]
    fn the_bill_of_each_app_is_whole_and_the_same_each_time() {
        let (once, again) = (resolved().unwrap(), resolved().unwrap());
        for app in crate::package::APPS {
            let text = bill(&once, app).unwrap();
            assert_eq!(text, bill(&again, app).unwrap());
            let bill: Value = serde_json::from_str(&text).unwrap();
            check(&bill);
            let names = texts(&bill["components"], "name");
            assert!(names.contains(&"tokio") && names.contains(&"cosmos"), "{names:?}");
            assert!(!names.contains(&"proptest"), "what only tests is in the bill");
            assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "a path of this machine");
        }
    }
}
