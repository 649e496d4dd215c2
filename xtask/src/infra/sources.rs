//! Which variables a binary reads: texts that look like one, in its own sources and in those of the
//! workspace's crates that it is built of. Tests aside.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The variables, each with the first place that names it.
pub(crate) fn variables(root: &Path, app: &str) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for package in packages(root, app)? {
        let folder = format!("crates/{package}/src");
        for path in rust_files(root, &folder)? {
            let text = read(root, &path)?;
            for (line, name) in named(&text) {
                variables.entry(name.to_owned()).or_insert_with(|| format!("{path}:{line}"));
            }
        }
    }
    Ok(variables)
}

/// The code of a package in one text, comments and tests aside.
pub(crate) fn code(root: &Path, package: &str) -> Result<String> {
    let mut code = String::new();
    for path in rust_files(root, &format!("crates/{package}/src"))? {
        let text = read(root, &path)?;
        let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        for line in lines.filter(|line| !line.trim_start().starts_with("//")) {
            code.push_str(line);
            code.push('\n');
        }
    }
    Ok(code)
}

/// The package and those of the workspace that it depends on, over any number of steps.
fn packages(root: &Path, app: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open = vec![app.to_owned()];
    while let Some(package) = open.pop() {
        let manifest = read(root, &format!("crates/{package}/Cargo.toml"))?;
        let lines = manifest.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
        let names = lines
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split(['.', ' ', '=']).next());
        let is_ours = |name: &&str| !name.is_empty() && root.join("crates").join(name).exists();
        open.extend(names.filter(is_ours).filter(|name| !found.contains(*name)).map(str::to_owned));
        found.insert(package);
    }
    Ok(found)
}

fn rust_files(root: &Path, folder: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let listed =
        fs::read_dir(root.join(folder)).with_context(|| format!("cannot list {folder}"))?;
    for entry in listed {
        let entry = entry.with_context(|| format!("cannot list {folder}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() && name != "tests" {
            files.extend(rust_files(root, &path)?);
        } else if Path::new(&name).extension().is_some_and(|of| of == "rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whole texts that are names of variables, with their lines, up to the tests of the file.
fn named(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    let is_code = |(_, line): &(usize, &str)| !line.trim_start().starts_with("//");
    lines.filter(is_code).flat_map(|(index, line)| {
        let texts = line.split('"').skip(1).step_by(2);
        let is_compiled_in = line.contains("env!(");
        texts
            .filter(move |text| !is_compiled_in && is_name(text))
            .map(move |text| (index + 1, text))
    })
}

fn is_name(text: &str) -> bool {
    let is_of_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(is_of_name)
        && text.trim_end_matches('_').contains('_')
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_texts_of_the_code_are_variables() {
        let text = "//! \"IN_A_COMMENT\"\nlet a = var(\"COSMOS_KEY\").or(get(\"RUST_LOG\"));\n\
            let b = (env!(\"CARGO_PKG_VERSION\"), \"POST\", \"COSMOS_KEY is wrong\");\n\
            #[cfg(test)]\nlet c = var(\"IN_A_TEST\");\n";
        assert_eq!(named(text).collect::<Vec<_>>(), [(2, "COSMOS_KEY"), (2, "RUST_LOG")]);
    }
}
