//! Logs: JSON on stdout, one object a line, with the ids of the spans it was said in.
//!
//! Not on stderr: the Functions host takes every line there for an error.

use tracing_subscriber::EnvFilter;

/// What is logged where `RUST_LOG` does not say.
const DEFAULT: &str = "info";

/// What to log, from `RUST_LOG`.
///
/// # Errors
///
/// What is wrong with it, and what would be right.
pub fn filter(get: impl Fn(&str) -> Option<String>) -> Result<EnvFilter, String> {
    let given = get("RUST_LOG").filter(|given| !given.trim().is_empty());
    let given = given.as_deref().unwrap_or(DEFAULT);
    EnvFilter::try_new(given)
        .map_err(|error| format!("RUST_LOG: {error}; right would be `info` or `info,relay=debug`"))
}

/// Logs from here on.
pub fn start(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter)
        .init();
}
