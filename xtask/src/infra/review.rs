//! `cargo xtask infra review`: the Bicep files under the rules of Checkov, which we did not write.
//!
//! What it finds is mended, or stays for a reason that stands in `infra/review/README.md`. The table
//! there is exact: a finding without a row fails the review, and so does a row without a finding.

use crate::conformance::install_python;
use crate::run;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const HOME: &str = "target/infra-review";
const PINS: &str = "infra/review/requirements.txt";
const TABLE: &str = "infra/review/README.md";

/// Installs Checkov, unless it is there, and holds what it finds to the table.
pub(crate) fn review(root: &Path) -> Result<()> {
    install_python(Path::new(HOME), Path::new(PINS))?;
    let started = Instant::now();
    let report = checkov(&Path::new(HOME).join("bin"))?;
    let table = fs::read_to_string(root.join(TABLE));
    let table = table.with_context(|| format!("cannot read {TABLE}"))?;
    let wrong = judge(&report, &table);
    if !wrong.is_empty() {
        bail!("infra review found {}:\n{}", wrong.len(), wrong.join("\n"));
    }
    run::step("infra review", started);
    Ok(())
}

fn checkov(bin: &Path) -> Result<Value> {
    let mut command = Command::new(bin.join("python"));
    command.arg(bin.join("checkov")).args(["--directory", super::FOLDER, "--framework", "bicep"]);
    // Nothing is asked of its makers' service; what fails is told by us.
    command.args(["--skip-download", "--soft-fail", "--compact", "--output", "json"]);
    let output = command.stdin(Stdio::null()).output().context("cannot start Checkov")?;
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("Checkov ({}) gave no report:\n{told}", output.status))
}

/// What is wrong, a line each.
fn judge(report: &Value, table: &str) -> Vec<String> {
    let list = |name: &str| report.pointer(&format!("/results/{name}")).and_then(Value::as_array);
    let mut wrong: Vec<String> = list("parsing_errors")
        .into_iter()
        .flatten()
        .map(|file| format!("Checkov cannot read {file}"))
        .collect();
    if list("passed_checks").is_none_or(Vec::is_empty) {
        wrong.push("no check passed: Checkov looked at nothing".to_owned());
    }
    let rows: Vec<Row<'_>> = (1..).zip(table.lines()).filter_map(Row::read).collect();
    let found: Vec<Finding> =
        list("failed_checks").into_iter().flatten().map(Finding::read).collect();
    for finding in &found {
        if !rows.iter().any(|row| row.is_of(finding)) {
            let Finding { check, file, symbol, title, line } = finding;
            wrong.push(format!(
                "{}{file}:{line}: {check} of `{symbol}`: {title}; mend it, or give the reason in {TABLE}",
                super::FOLDER
            ));
        }
    }
    for row in &rows {
        let Row { number, check, file, symbol, reason } = row;
        if !found.iter().any(|finding| row.is_of(finding)) {
            wrong.push(format!(
                "{TABLE}:{number}: {check} of `{symbol}` in {file} is not found; take the row away"
            ));
        }
        if reason.is_empty() {
            wrong.push(format!("{TABLE}:{number}: {check} of `{symbol}` stays without a reason"));
        }
    }
    wrong
}

/// What Checkov found.
struct Finding {
    check: String,
    /// From the folder of the Bicep files, with the slash before it.
    file: String,
    symbol: String,
    title: String,
    line: u64,
}

impl Finding {
    fn read(failed: &Value) -> Self {
        let text = |name: &str| failed.get(name).and_then(Value::as_str).unwrap_or_default();
        let resource = text("resource");
        Self {
            check: text("check_id").to_owned(),
            file: text("file_path").to_owned(),
            symbol: resource.rsplit('.').next().unwrap_or(resource).to_owned(),
            title: text("check_name").to_owned(),
            line: failed.pointer("/file_line_range/0").and_then(Value::as_u64).unwrap_or_default(),
        }
    }
}

/// `| check | file | symbol | reason |`.
struct Row<'a> {
    number: usize,
    check: &'a str,
    file: &'a str,
    symbol: &'a str,
    reason: &'a str,
}

impl<'a> Row<'a> {
    fn read((number, line): (usize, &'a str)) -> Option<Self> {
        let mut cells = line.strip_prefix("| CKV")?.trim_end().strip_suffix('|')?.split('|');
        let mut cell = || cells.next().map(|cell| cell.trim().trim_matches('`'));
        let (_, file, symbol, reason) = (cell()?, cell()?, cell()?, cell()?);
        let check = line.get(2..)?.split(' ').next()?;
        Some(Self { number, check, file, symbol, reason })
    }

    fn is_of(&self, finding: &Finding) -> bool {
        let is_there = finding.file.ends_with(&format!("/{}", self.file));
        self.check == finding.check && self.symbol == finding.symbol && is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    const ROW: &str = "| CKV_1 | storage.bicep | `account` | it is a test |";

    fn report(failed: &[Value]) -> Value {
        json!({"results": {"passed_checks": [{}], "failed_checks": failed, "parsing_errors": []}})
    }

    fn open_door() -> Value {
        json!({"check_id": "CKV_1", "file_path": "/modules/storage.bicep", "check_name": "Shut it",
            "resource": "Microsoft.Storage/storageAccounts.account", "file_line_range": [31, 53]})
    }

    #[track_caller]
    fn check(report: &Value, table: &str, expect: Expect) {
        expect.assert_eq(&judge(report, table).join("\n"));
    }

    #[test]
    fn a_finding_with_its_reason_is_accepted() {
        check(&report(&[open_door()]), ROW, expect![""]);
    }

    #[test]
    fn a_finding_without_a_row_is_told_with_its_place() {
        check(
            &report(&[open_door()]),
            "| check | file | symbol | why it stays |\n|---|---|---|---|",
            expect![
                "infra/bicep/modules/storage.bicep:31: CKV_1 of `account`: Shut it; mend it, or give the reason in infra/review/README.md"
            ],
        );
    }

    #[test]
    fn a_row_without_a_finding_or_a_reason_is_found() {
        let table = format!("{ROW}\n| CKV_1 | cosmos.bicep | `account` | |\n");
        check(
            &report(&[open_door()]),
            &table,
            expect![[r"
                infra/review/README.md:2: CKV_1 of `account` in cosmos.bicep is not found; take the row away
                infra/review/README.md:2: CKV_1 of `account` stays without a reason"]],
        );
    }

    #[test]
    fn a_report_of_nothing_is_no_review() {
        let report = json!({"results": {"parsing_errors": ["/main.bicep"]}});
        check(
            &report,
            "",
            expect![[r#"
                Checkov cannot read "/main.bicep"
                no check passed: Checkov looked at nothing"#]],
        );
    }
}
