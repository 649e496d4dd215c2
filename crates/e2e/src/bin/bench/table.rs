//! Tables in Markdown, and how figures are written.

use anyhow::{Context, Result};
use domain::Timestamp;
use std::time::Duration;

/// Says when and on what this was measured.
#[expect(clippy::disallowed_methods, reason = "the tables are dated")]
pub(crate) fn machine() -> Result<()> {
    let date = Timestamp::now().to_string();
    let date = date.split('T').next().unwrap_or_default();
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let total = memory.split_ascii_whitespace().nth(1).context("no MemTotal in /proc/meminfo")?;
    let gib = total.parse::<u64>()?.div_ceil(1024 * 1024);
    let cores = std::thread::available_parallelism()?;
    println!("Measured on {date}, {cores} cores, {gib} GiB, Linux.\n");
    Ok(())
}

/// Begins a table: the first column is text, the others are numbers.
pub(crate) fn head(columns: &[&str]) {
    println!("| {} |\n|---|{}", columns.join(" | "), "--:|".repeat(columns.len() - 1));
}

/// A line of a table.
pub(crate) fn line(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}

/// A figure that nothing was promised about.
pub(crate) fn row(figure: &str, value: impl AsRef<str>) {
    aimed(figure, value, "");
}

/// A figure and what it should be.
pub(crate) fn aimed(figure: &str, value: impl AsRef<str>, aim: &str) {
    println!("| {figure} | {} | {aim} |", value.as_ref());
}

/// So many per second.
pub(crate) fn rate(count: u32, elapsed: Duration) -> String {
    let whole = format!("{:.0}", f64::from(count) / elapsed.as_secs_f64());
    let (head, tail) = whole.split_at(whole.len().saturating_sub(3));
    if head.is_empty() { whole } else { format!("{head},{tail}") }
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Microseconds for each of so many.
pub(crate) fn each(time: Duration, count: u32) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e6 / f64::from(count))
}

/// Mebibytes.
pub(crate) fn mib(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
}

/// Bytes that each of so many takes.
pub(crate) fn bytes_each(kib: u64, count: u32) -> String {
    format!("{}", kib * 1024 / u64::from(count))
}

/// A power of ten with separators.
pub(crate) fn thousands(count: u32) -> String {
    match (count / 1_000_000, count / 1_000) {
        (0, thousands) => format!("{thousands},000"),
        (millions, _) => format!("{millions},000,000"),
    }
}
