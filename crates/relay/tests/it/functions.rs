//! What is deployed beside the binary fits it: names, times and the promise to retry for ever.

use relay::app::SWEEP_TIME;
use relay::round::ROUND_TIME_MAX;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_host_starts_this_binary_and_outlasts_its_sweep() {
    let host = read("host.json");
    let start = &host["customHandler"]["description"]["defaultExecutablePath"];
    assert_eq!(start, env!("CARGO_PKG_NAME"));
    assert_eq!(host["functionTimeout"], "00:05:00");
    assert!(SWEEP_TIME + ROUND_TIME_MAX < Duration::from_mins(5) * 2 / 3);
}

#[test]
fn a_page_that_fails_is_repeated_for_ever() {
    let function = read("Relay/function.json");
    assert_eq!(function["retry"]["maxRetryCount"], -1);
    let trigger = &function["bindings"][0];
    assert_eq!(trigger["name"], "documents");
    assert_eq!(trigger["startFromBeginning"], true);
    assert_eq!(trigger["maxItemsPerInvocation"], 100);
    // With Entra ID the host may not create it, and would not start.
    assert_eq!(trigger["createLeaseContainerIfNotExists"], false);
}

#[test]
fn the_sweep_comes_every_minute() {
    let timer = json!({ "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 */1 * * * *" });
    assert_eq!(read("Sweep/function.json"), json!({ "bindings": [timer] }));
}
