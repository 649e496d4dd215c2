//! Metrics: each that an alert or the workbook shows is one that Azure has, by the name it has there.
//!
//! Azure does not refuse a chart of a metric that it does not know: it stays empty.

use super::finding::{Finding, Spot};
use super::syntax::{Expr, File};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is measured, the category that the workbook has before its name, its name, and how it may
/// be put together: <https://learn.microsoft.com/azure/azure-monitor/reference/metrics-index>.
const METRICS: [(&str, &str, &str, &[&str]); 5] = [
    (BUS, "", "ActiveMessages", &["Average", "Minimum", "Maximum"]),
    (BUS, "", "DeadletteredMessages", &["Average", "Minimum", "Maximum"]),
    (BUS, "", "IncomingMessages", &["Total"]),
    (COSMOS, "Requests", "TotalRequests", &["Count"]),
    (COSMOS, "Requests", "TotalRequestUnits", &["Total", "Average", "Maximum"]),
];
const BUS: &str = "microsoft.servicebus/namespaces";
const COSMOS: &str = "microsoft.documentdb/databaseaccounts";

/// What the numbers of a workbook mean.
const AGGREGATIONS: [(u64, &str); 5] =
    [(1, "Total"), (2, "Minimum"), (3, "Maximum"), (4, "Average"), (7, "Count")];

const WORKBOOK: &str = "infra/bicep/modules/workbook.json";

/// Checks the alerts of all files, and the workbook.
pub(crate) fn check(root: &Path, files: &BTreeMap<String, File>) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = files.values().flat_map(alerts).collect();
    let text = fs::read_to_string(root.join(WORKBOOK));
    findings.extend(workbook(&text.with_context(|| format!("cannot read {WORKBOOK}"))?));
    Ok(findings)
}

fn alerts(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, block) in file.resources() {
        block.body.walk(&mut |part| findings.extend(alert(file, part)));
    }
    findings
}

fn alert(file: &File, criterion: &Expr) -> Option<Finding> {
    let name = criterion.property("metricName")?;
    let text = |key: &str| criterion.property(key).and_then(Expr::literal).unwrap_or_default();
    let (metric, of) = (text("metricName"), text("metricNamespace").to_lowercase());
    let wrong = wrong(|_, its, is| its == metric && is == of, &text("timeAggregation"));
    Some(file.finding(name.at, format!("`{metric}` of `{of}` {}", wrong?)))
}

fn workbook(text: &str) -> Vec<Finding> {
    // That it is JSON is checked where it is loaded.
    let book: Value = serde_json::from_str(text).unwrap_or_default();
    let list = |of: &Value, path: &str| of.pointer(path).and_then(Value::as_array).cloned();
    let items = list(&book, "/items").unwrap_or_default();
    let metrics = items.iter().filter_map(|item| list(item, "/content/metrics")).flatten();
    let findings = metrics.filter_map(|metric| {
        let said = |key: &str| metric.get(key).and_then(Value::as_str).unwrap_or_default();
        let (id, of) = (said("metric"), said("namespace"));
        let code = metric.get("aggregation").and_then(Value::as_u64);
        let by = AGGREGATIONS.iter().find(|(number, _)| Some(*number) == code);
        let is_meant = |category: &str, name: &str, is: &str| {
            is == of && id == format!("{is}-{category}-{name}")
        };
        let wrong = wrong(is_meant, by.map_or("", |(_, word)| word))?;
        let line = text.lines().position(|line| line.contains(&format!("\"{id}\"")));
        let at = Spot { line: line.unwrap_or_default() + 1, column: 1 };
        Some(Finding::new(WORKBOOK, at, format!("`{id}` of `{of}` {wrong}")))
    });
    findings.collect()
}

/// What is wrong with a metric that is told by category, name and namespace.
fn wrong(is_meant: impl Fn(&str, &str, &str) -> bool, aggregation: &str) -> Option<String> {
    let known = METRICS.iter().find(|(of, category, name, _)| is_meant(category, name, of));
    let Some((_, _, _, aggregations)) = known else {
        return Some("is no metric that is in xtask/src/infra/metrics.rs".to_owned());
    };
    let right = aggregations.join(" or ");
    let wrong = format!("is put together by `{aggregation}`; right would be {right}");
    (!aggregations.contains(&aggregation)).then_some(wrong)
}

#[cfg(test)]
mod tests {
    use crate::infra::tests::found;

    #[test]
    fn metrics_that_azure_does_not_have_are_found() {
        let (alerts, book) = ("infra/bicep/modules/alerts.bicep", super::WORKBOOK);
        found(&[
            (alerts, "'DeadletteredMessages'", "'DeadLetterMessages'", "is no metric that is in"),
            (
                alerts,
                "'Microsoft.ServiceBus/namespaces'",
                "'Microsoft.EventHub/namespaces'",
                "no metric",
            ),
            (
                alerts,
                "timeAggregation: 'Count'",
                "timeAggregation: 'Total'",
                "right would be Count",
            ),
            (
                book,
                "namespaces--Incoming",
                "namespaces-Incoming",
                "workbook.json:118:1: `microsoft",
            ),
            (book, "-Requests-TotalRequests", "--TotalRequests", "is no metric that is in"),
            (book, "\"aggregation\": 7", "\"aggregation\": 2", "put together by `Minimum`"),
        ]);
    }
}
