//! Logs: JSON on stdout, one object a line, with the ids of the spans it was said in.
//!
//! Not on stderr: the Functions host takes every line there for an error.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// What is logged where `RUST_LOG` does not say.
const DEFAULT: &str = "info";

/// What to log, from `RUST_LOG`: levels by target. Not `EnvFilter`, whose filters by span and field
/// bring half a megabyte of regex engine.
///
/// # Errors
///
/// What is wrong with it, and what would be right.
pub fn filter(get: impl Fn(&str) -> Option<String>) -> Result<Targets, String> {
    let given = get("RUST_LOG").filter(|given| !given.trim().is_empty());
    let given = given.as_deref().unwrap_or(DEFAULT);
    given
        .parse()
        .map_err(|error| format!("RUST_LOG: {error}; right would be `info` or `info,relay=debug`"))
}

/// Logs on stderr for whoever works at a terminal: only what goes wrong, unless `RUST_LOG` says more.
///
/// # Errors
///
/// What is wrong with `RUST_LOG`.
pub fn start_for_operator(get: impl Fn(&str) -> Option<String>) -> Result<(), String> {
    let given = get("RUST_LOG").filter(|given| !given.trim().is_empty());
    let filter = filter(|_| Some(given.clone().unwrap_or_else(|| "error".to_owned())))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time();
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    Ok(())
}

/// Logs from here on.
pub fn start(filter: Targets) {
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
