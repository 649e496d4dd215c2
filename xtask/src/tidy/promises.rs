//! Each promise of ARCHITECTURE.md is upheld somewhere and proved somewhere, both by its name.
//!
//! A promise is a row of the table whose first cell is `` `its-name` ``. Production code that
//! upholds it says `INVARIANT(its-name)`; a test that would fail without it is a function whose
//! name begins with `its_name`. The row's last cell names such tests, at least one, and all of
//! them exist.

use super::Source;
use std::collections::BTreeSet;

/// One line for each promise that is not upheld or not proved, and each mark without a promise.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let promises = promised(sources);
    let marked = marks(sources);
    let mut wrong = Vec::new();
    if promises.is_empty() {
        wrong.push("ARCHITECTURE.md: the table of promises is missing".to_owned());
    }
    for name in promises.difference(&marked) {
        wrong.push(format!("promise {name}: no code says INVARIANT({name})"));
    }
    for name in marked.difference(&promises) {
        wrong.push(format!("INVARIANT({name}): ARCHITECTURE.md promises no such thing"));
    }
    for (name, proofs) in rows(sources) {
        if proofs.is_empty() {
            wrong.push(format!("promise {name}: its row names no test"));
        }
        let unknown = proofs.iter().filter(|test| !is_test_of(name, test, sources));
        wrong.extend(unknown.map(|test| format!("promise {name}: no test of it is called {test}")));
    }
    wrong
}

fn promised(sources: &[Source]) -> BTreeSet<&str> {
    rows(sources).map(|(name, _)| name).collect()
}

/// The promises, each with the tests that its row names.
fn rows(sources: &[Source]) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let architecture = sources.iter().find(|source| source.path == "ARCHITECTURE.md");
    let lines = architecture.map_or("", |source| &source.text).lines();
    let section = lines.skip_while(|line| *line != "## Promises").skip(1);
    let rows = section.take_while(|line| !line.starts_with("## "));
    rows.filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`');
        let proofs = cells.nth(1).unwrap_or_default();
        Some((name, proofs.split('`').skip(1).step_by(2).collect()))
    })
}

fn marks(sources: &[Source]) -> BTreeSet<&str> {
    let code = sources.iter().filter(|source| is_production(&source.path));
    let pieces = code.flat_map(|source| source.text.split(MARK).skip(1));
    pieces.filter_map(|rest| rest.split_once(')')).map(|(name, _)| name).collect()
}

fn is_production(path: &str) -> bool {
    path.starts_with("crates/") && path.contains("/src/")
}

fn is_test_of(promise: &str, test: &str, sources: &[Source]) -> bool {
    let function = format!("fn {test}(");
    let is_there = |source: &Source| source.text.contains(&function);
    test.starts_with(&promise.replace('-', "_")) && sources.iter().any(is_there)
}

const MARK: &str = "INVARIANT(";

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check_tree(code: &str, test: &str, expect: Expect) {
        let source =
            |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let table = "## Promises\n\n|---|---|---|\n| `at-most-one` | … | `at_most_one_is_kept` |\n";
        let tree = [
            source("ARCHITECTURE.md", table),
            source("crates/a/src/lib.rs", code),
            source("crates/a/tests/it/main.rs", test),
        ];
        expect.assert_eq(&check(&tree).join("\n"));
    }

    #[test]
    fn a_promise_upheld_and_proved_is_silent() {
        check_tree(
            "// INVARIANT(at-most-one): here",
            "#[test] fn at_most_one_is_kept() {}",
            expect![""],
        );
    }

    #[test]
    fn a_promise_that_nothing_upholds_or_proves_is_found() {
        check_tree(
            "",
            "",
            expect![[r"
            promise at-most-one: no code says INVARIANT(at-most-one)
            promise at-most-one: no test of it is called at_most_one_is_kept"]],
        );
    }

    #[test]
    fn a_mark_without_a_promise_is_found() {
        check_tree(
            "// INVARIANT(at-most-one) // INVARIANT(at-most-two)",
            "#[test] fn at_most_one_is_kept() {}",
            expect!["INVARIANT(at-most-two): ARCHITECTURE.md promises no such thing"],
        );
    }
}
