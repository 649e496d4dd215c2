//! The dependencies form a star: what ARCHITECTURE.md says is absent stays absent.

use super::Source;

/// Who must not depend on what (in `[dependencies]`; tests may know more).
const ABSENT: &[(&str, &[&str])] = &[
    ("domain", &["serde", "serde_json", "tokio", "reqwest", "warp", "cosmos", "servicebus"]),
    ("cosmos", &["servicebus", "warp", "fe2o3-amqp", "relay", "api", "emulator"]),
    ("servicebus", &["cosmos", "warp", "relay", "api", "emulator"]),
    ("api", &["servicebus", "relay", "emulator"]),
    ("relay", &["api", "emulator"]),
    ("simulation", &["cosmos", "servicebus", "api", "emulator", "warp", "reqwest"]),
    ("emulator", &["domain", "cosmos", "servicebus", "api", "relay", "warp"]),
    ("xtask", &["tokio", "reqwest", "warp", "domain", "cosmos", "servicebus"]),
];

/// One line for each dependency that must not be there.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (package, absent) in ABSENT {
        let manifest = [format!("crates/{package}/Cargo.toml"), format!("{package}/Cargo.toml")];
        let Some(source) = sources.iter().find(|source| manifest.contains(&source.path)) else {
            wrong.push(format!("{package}: has no Cargo.toml"));
            continue;
        };
        let forbidden = dependencies(&source.text).filter(|name| absent.contains(name));
        let complaint = |name| format!("{}: {package} must not know {name}", source.path);
        wrong.extend(forbidden.map(complaint));
    }
    wrong
}

fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifests(domain: &str) -> Vec<Source> {
        let plain = "[dependencies]\nthiserror.workspace = true\n";
        let manifest = |(package, _): &(&str, _)| Source {
            path: format!("crates/{package}/Cargo.toml"),
            text: if *package == "domain" { domain } else { plain }.to_owned(),
        };
        ABSENT.iter().map(manifest).collect()
    }

    #[test]
    fn a_dependency_that_must_be_absent_is_found() {
        let with = "[dependencies]\njiff = \"1\"\ntokio = { workspace = true }\n";
        let found = check(&manifests(with));
        assert_eq!(found, ["crates/domain/Cargo.toml: domain must not know tokio"]);
    }

    #[test]
    fn tests_may_know_more() {
        let with = "[dependencies]\njiff = \"1\"\n\n[dev-dependencies]\ntokio = \"1\"\n";
        assert!(check(&manifests(with)).is_empty());
    }
}
