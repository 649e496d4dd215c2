//! What alerts and the workbook search the log for is what the relay says there.

use super::finding::{Finding, Spot};
use super::sources;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// The files with queries.
const QUERIES: [&str; 2] =
    ["infra/bicep/modules/alerts.bicep", "infra/bicep/modules/workbook.json"];

/// Checks each field and each message that a query names.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let said = sources::code(root, "relay")?;
    let mut findings = Vec::new();
    for path in QUERIES {
        let text = fs::read_to_string(root.join(path));
        let text = text.with_context(|| format!("cannot read {path}"))?;
        let named = text.lines().enumerate().flat_map(|(line, text)| {
            named(text).into_iter().map(move |(column, name)| (line, column, name))
        });
        let unsaid = named.filter(|(_, _, name)| !says(&said, name));
        findings.extend(unsaid.map(|(line, column, name)| {
            let at = Spot { line: line + 1, column: column + 1 };
            let wrong = format!("a query looks for `{name}`, which the relay never logs");
            Finding::new(path, at, wrong)
        }));
    }
    Ok(findings)
}

/// Whether the code has this, not as a part of other words.
fn says(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        let after = code.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.into_iter().chain(after).any(is_of_word)
    })
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The fields that a line's queries read, and the messages that they compare with, by place.
fn named(line: &str) -> Vec<(usize, String)> {
    let fields = line.match_indices(FIELD).filter_map(|(at, _)| {
        let rest = line.get(at + FIELD.len()..)?;
        let name = rest.split(|c| !is_of_word(c)).next()?;
        // The text of an event has this name by itself.
        (name != "message").then(|| (at, name.to_owned()))
    });
    let messages = line.match_indices(MESSAGE).filter_map(|(at, _)| {
        let text = line.get(at + MESSAGE.len()..)?.split('"').nth(1)?;
        Some((at, text.trim_end_matches('\\').to_owned()))
    });
    fields.chain(messages).collect()
}

const FIELD: &str = "(line.";
const MESSAGE: &str = "(line.message)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_messages_are_found_in_bicep_and_in_json() {
        let bicep =
            r#"| where tostring(line.message) == "outbox swept" | max(toint(line.oldest_age_s))"#;
        let json =
            r#"where tostring(line.message) startswith \"event parked\"\n| tostring(line.event)"#;
        let texts = |line| named(line).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(texts(bicep), ["oldest_age_s", "outbox swept"]);
        assert_eq!(texts(json), ["event", "event parked"]);
    }
}
