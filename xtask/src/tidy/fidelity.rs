//! The fidelity table of the emulator says nothing that no test proves: each name in its columns
//! «proved by» is the prefix of a feature of the conformance suites, a module with tests in it, or
//! (in a code span) a verb of `cargo xtask`.

use super::Source;

const TABLE: &str = "crates/emulator/README.md";
const SUITES: &str = "crates/emulator/conformance/";
const CRATE: &str = "crates/emulator/";

/// Names that prove nothing, and rows without a name.
pub(crate) fn check(sources: &[Source]) -> Vec<String> {
    let Some(table) = sources.iter().find(|source| source.path == TABLE) else { return Vec::new() };
    let mut wrong = Vec::new();
    let mut is_proof = false;
    for (number, line) in (1..).zip(table.text.lines()) {
        let Some(row) = line.strip_prefix('|').and_then(|row| row.trim_end().strip_suffix('|'))
        else {
            is_proof = false;
            continue;
        };
        let (what, proof) = (first(row), last(row));
        if proof == "proved by" {
            is_proof = true;
        } else if is_proof && !is_heading(what) {
            let unproved = names(proof).filter(|name| !proves(name, sources));
            let unproved =
                unproved.map(|name| format!("{TABLE}:{number}: no test is named {name}"));
            wrong.extend(unproved);
            if names(proof).next().is_none() {
                wrong.push(format!("{TABLE}:{number}: nothing proves «{what}»"));
            }
        }
    }
    wrong
}

fn first(row: &str) -> &str {
    row.split_once('|').map_or(row, |(first, _)| first).trim()
}

fn last(row: &str) -> &str {
    row.rsplit_once('|').map_or(row, |(_, last)| last).trim()
}

/// The line under the header, or the title of a part.
fn is_heading(what: &str) -> bool {
    what.starts_with("**") || what.chars().all(|letter| letter == '-')
}

/// The names of a cell; what stands in brackets says which suite, and is skipped.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    let outside = cell.split('(').map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
    outside.flat_map(|part| part.split(',')).map(str::trim).filter(|name| !name.is_empty())
}

fn proves(name: &str, sources: &[Source]) -> bool {
    let Some(code) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')) else {
        let opened = ["\"", "'", "`"].map(|quote| format!("{quote}{name}: "));
        let suites = sources.iter().filter(|source| source.path.starts_with(SUITES));
        return suites.into_iter().any(|suite| opened.iter().any(|open| suite.text.contains(open)));
    };
    match code.strip_prefix("cargo xtask ") {
        Some(verb) => sources.iter().any(|source| source.path == format!("xtask/src/{verb}.rs")),
        None => sources.iter().any(|source| is_module(source, code) && has_tests(&source.text)),
    }
}

/// Whether a file is the module of this path, or below it.
fn is_module(source: &Source, module: &str) -> bool {
    let module = format!("/{}/", module.trim_start_matches("it::").replace("::", "/"));
    let path = source.path.strip_prefix(CRATE).filter(|_| !source.path.starts_with(SUITES));
    let path = path.and_then(|path| path.strip_suffix(".rs"));
    path.is_some_and(|path| format!("{path}/").contains(&module))
}

fn has_tests(text: &str) -> bool {
    ["#[test]", "#[tokio::test", "proptest!"].iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(proof: &str, expect: Expect) {
        let table = format!(
            "| operation | state | proved by |\n|---|---|---|\n| **Items** | | |\n\
             | Read | done | {proof} |\n\n| variable | meaning |\n|---|---|\n| `X` | nothing |\n"
        );
        let sources = [
            (TABLE, table.as_str()),
            ("crates/emulator/conformance/cosmos/features/items.py", "@feature(\"items: read\")"),
            (
                "crates/emulator/src/cosmos/core/charge.rs",
                "#[cfg(test)] mod t { #[test] fn a() {} }",
            ),
            ("crates/emulator/src/cosmos/core/item.rs", "//! None."),
            ("crates/emulator/tests/it/faults.rs", "#[tokio::test] async fn a() {}"),
            ("xtask/src/fuzz.rs", "//! Fuzz."),
        ];
        let source = |(path, text): (&str, &str)| Source { path: path.into(), text: text.into() };
        expect.assert_eq(&super::check(&sources.map(source)).join("\n"));
    }

    #[test]
    fn features_modules_with_tests_and_verbs_prove_something() {
        check("items (Rust, `x`), `core::charge`, `it::faults`, `cargo xtask fuzz`", expect![""]);
    }

    #[test]
    fn what_is_no_test_is_found() {
        check(
            "item, `core::item`, `cargo xtask walk`",
            expect![[r"
                crates/emulator/README.md:4: no test is named item
                crates/emulator/README.md:4: no test is named `core::item`
                crates/emulator/README.md:4: no test is named `cargo xtask walk`"]],
        );
    }

    #[test]
    fn a_row_that_names_nothing_is_found() {
        check("", expect!["crates/emulator/README.md:4: nothing proves «Read»"]);
    }
}
