//! `cargo xtask tidy`: the house rules that no other tool checks.
//!
//! | rule | why |
//! |---|---|
//! | each Rust file opens with `//!` | a reader meets the purpose first |
//! | no file over 400 lines, tests included | what is longer holds two things |
//! | nothing unfinished is committed | finished or not there |
//! | no path of a machine, no registry host | a clone builds anywhere |
//! | the dependencies form the star of ARCHITECTURE.md | what is absent stays absent |
//! | each promise is named in code and by a test | see [`promises`] |
//! | each row of the emulator's fidelity table is proved by a test | see [`fidelity`] |

mod fidelity;
mod promises;
mod star;

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// A file of the tree: its path from the root, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Checks every rule on every file that git tracks, and reports all that break one.
pub(crate) fn tidy(root: &Path) -> Result<()> {
    let sources = tracked(root)?;
    let mut wrong: Vec<String> = sources.iter().flat_map(file_rules).collect();
    wrong.extend(star::check(&sources));
    wrong.extend(promises::check(&sources));
    wrong.extend(fidelity::check(&sources));
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("tidy found {}:\n{}", wrong.len(), wrong.join("\n"))
}

fn tracked(root: &Path) -> Result<Vec<Source>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("cannot start `git ls-files`")?;
    let names = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let read = |path: &str| {
        let text = std::fs::read_to_string(root.join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    };
    Ok(names.split_terminator('\0').filter_map(read).collect())
}

fn file_rules(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let mut wrong = Vec::new();
    let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
    if is_rust && !text.starts_with("//!") {
        wrong.push(format!("{path}:1: opens without `//!`; say what the file is for"));
    }
    let lines = text.lines().count();
    if is_rust && LINES_MAX < lines {
        wrong.push(format!("{path}: has {lines} lines; split it, {LINES_MAX} are the most"));
    }
    for (number, line) in (1..).zip(text.lines()) {
        let forbidden = FORBIDDEN.iter().filter(|(parts, _)| line.contains(&parts.concat()));
        for (_, why) in forbidden {
            wrong.push(format!("{path}:{number}: {why}"));
        }
    }
    wrong
}

const LINES_MAX: usize = 400;

/// In two parts each, so that this file does not break its own rule.
const FORBIDDEN: &[([&str; 2], &str)] = &[
    (["TO", "DO"], "unfinished; finish it or take it out"),
    (["FIX", "ME"], "unfinished; finish it or take it out"),
    (["unimple", "mented!"], "unfinished; finish it or take it out"),
    (["#[ig", "nore"], "a test that does not run proves nothing"),
    (["#[al", "low("], "use `#[expect(…, reason = …)]`"),
    (["/wor", "k/"], "a path of one machine"),
    (["/tm", "p/w"], "a path of one machine"),
    (["index.crates", ".io"], "the host of a package registry"),
    (["registry.npm", "js.org"], "the host of a package registry"),
    (["pypi", ".org"], "the host of a package registry"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(path: &str, text: &str, expect: Expect) {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        expect.assert_eq(&file_rules(&source).join("\n"));
    }

    #[test]
    fn a_file_in_order_is_silent() {
        check("a.rs", "//! A file.\n\nfn a() {}\n", expect![""]);
    }

    #[test]
    fn a_file_without_its_purpose_is_found() {
        check(
            "a.rs",
            "fn a() {}\n",
            expect!["a.rs:1: opens without `//!`; say what the file is for"],
        );
        check("a.py", "print()\n", expect![""]);
    }

    #[test]
    fn a_file_of_401_lines_is_found() {
        let text = format!("//! Long.\n{}", "\n".repeat(400));
        check("a.rs", &text, expect!["a.rs: has 401 lines; split it, 400 are the most"]);
    }

    #[test]
    fn unfinished_work_is_found_with_its_line() {
        let text = format!("//! A file.\n// {}: later\n", ["TO", "DO"].concat());
        check("a.rs", &text, expect!["a.rs:2: unfinished; finish it or take it out"]);
    }

    #[test]
    fn this_tree_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        tidy(root).unwrap();
    }
}
