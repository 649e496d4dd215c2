//! `cargo xtask mutants`: breaks promises on purpose, and sees that a test notices each.
//!
//! A mutation is a patch in `docs/mutants` under a head that says what it does and which tests
//! must fail. It is applied to a copy of the last commit; what is not committed is not looked at.

use crate::run;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Which promises to break.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only mutations with this in their name
    filter: Option<String>,
}

/// A patch, and what its head says.
struct Mutation {
    name: String,
    patch: PathBuf,
    /// What nextest is told to run.
    tests: Vec<String>,
}

/// Where the patches are.
const FOLDER: &str = "docs/mutants";
/// What nextest exits with where it ran tests and some failed.
const TESTS_FAILED: i32 = 100;

/// Applies each mutation, and reports those that no test notices.
pub(crate) fn mutants(arguments: &Arguments, root: &Path) -> Result<()> {
    let wanted = arguments.filter.as_deref().unwrap_or_default();
    let mutations = mutations(root)?.into_iter().filter(|one| one.name.contains(wanted));
    let mutations: Vec<Mutation> = mutations.collect();
    ensure!(!mutations.is_empty(), "no mutation in {FOLDER} has `{wanted}` in its name");
    let copy = Copy::of_last_commit(root)?;
    let mut survived = Vec::new();
    for mutation in &mutations {
        let started = Instant::now();
        let is_noticed = copy.with(mutation, root)?;
        run::step(&format!("{}: {}", mutation.name, verdict(is_noticed)), started);
        if !is_noticed {
            survived.push(mutation.name.as_str());
        }
    }
    println!("{} passed, {} failed", mutations.len() - survived.len(), survived.len());
    ensure!(survived.is_empty(), "no test notices: {}", survived.join(", "));
    Ok(())
}

fn verdict(is_noticed: bool) -> &'static str {
    if is_noticed { "noticed" } else { "NOT NOTICED" }
}

fn mutations(root: &Path) -> Result<Vec<Mutation>> {
    let folder = root.join(FOLDER);
    let listed = fs::read_dir(&folder).with_context(|| format!("cannot list {FOLDER}"))?;
    let paths = listed.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let patches = paths.into_iter().filter(|path| path.extension().is_some_and(|it| it == "patch"));
    let mut mutations = patches.map(mutation).collect::<Result<Vec<_>>>()?;
    mutations.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(mutations)
}

fn mutation(patch: PathBuf) -> Result<Mutation> {
    let text = fs::read_to_string(&patch);
    let text = text.with_context(|| format!("cannot read {}", patch.display()))?;
    let tests = text.lines().find_map(|line| line.strip_prefix("Tests: "));
    let tests = tests.with_context(|| format!("{} has no line `Tests: …`", patch.display()))?;
    let tests = tests.split_whitespace().map(str::to_owned).collect();
    let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Mutation { name, patch, tests })
}

/// A work tree of its own under `target`; it is gone with this value.
struct Copy {
    root: PathBuf,
    folder: PathBuf,
}

impl Copy {
    fn of_last_commit(root: &Path) -> Result<Self> {
        let copy = Self { root: root.to_owned(), folder: root.join("target/mutants") };
        copy.remove();
        let mut add = git(root);
        add.args(["worktree", "add", "--quiet", "--detach"]).arg(&copy.folder);
        run::quietly("copying the last commit", &mut add)?;
        Ok(copy)
    }

    /// Whether a test fails under a mutation; the copy is as before afterwards.
    fn with(&self, mutation: &Mutation, root: &Path) -> Result<bool> {
        run::quietly("applying", git(&self.folder).arg("apply").arg(&mutation.patch))?;
        let mut tests = run::cargo(&["nextest", "run", "--locked", "--no-fail-fast"]);
        tests.args(&mutation.tests).current_dir(&self.folder);
        let output = tests.env("CARGO_TARGET_DIR", root.join("target")).output();
        let output = output.context("cannot start `cargo nextest`")?;
        run::quietly("taking it back", git(&self.folder).args(["checkout", "--quiet", "."]))?;
        match output.status.code() {
            Some(0) => Ok(false),
            Some(TESTS_FAILED) => Ok(true),
            _ => {
                let told = String::from_utf8_lossy(&output.stderr);
                bail!("{}: its tests did not run ({}):\n{told}", mutation.name, output.status)
            }
        }
    }

    /// Removes the work tree, if there is one: a run that was broken off leaves it behind.
    fn remove(&self) {
        let mut remove = git(&self.root);
        remove.args(["worktree", "remove", "--force"]).arg(&self.folder);
        drop(remove.output());
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder);
    git
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutation_applies_to_the_tree_and_stands_in_the_list() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let list = fs::read_to_string(root.join(FOLDER).join("README.md")).unwrap();
        let mutations = mutations(root).unwrap();
        assert_eq!(mutations.len(), list.lines().filter(|line| line.starts_with("| `")).count());
        for Mutation { name, patch, tests } in mutations {
            assert!(list.contains(&format!("| `{name}` |")), "{name} is not in the list");
            assert!(!tests.is_empty(), "{name} names no tests");
            let output = git(root).args(["apply", "--check"]).arg(&patch).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
