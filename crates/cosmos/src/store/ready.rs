//! Whether the store can serve, and if not, what to mend.

use std::time::Duration;

use domain::Fault;

use super::fault::fault;
use crate::container::{Container, Definition};
use crate::verdict::Patience;

/// Reads the account document (which also renews the regions) and the container's
/// definition, and holds it against what this crate relies on.
pub(super) async fn ready(container: &Container) -> Result<(), Fault> {
    let learned = container.client().learn_regions(PROBE).await;
    learned.map_err(|failure| fault(container, failure))?;
    let definition = container.definition(PROBE).await;
    let definition = definition.map_err(|failure| fault(container, failure))?;
    wrong_with(&definition).map_or(Ok(()), |wrong| {
        Err(Fault::Misconfigured { problem: format!("{} {wrong}", container.link()) })
    })
}

fn wrong_with(definition: &Definition) -> Option<String> {
    let key = &definition.partition_key;
    if key.paths != [PARTITION_KEY_PATH] {
        let paths = key.paths.join(", ");
        return Some(format!(
            "is partitioned by {paths}; make it anew, partitioned by {PARTITION_KEY_PATH}"
        ));
    }
    if key.version != PARTITION_KEY_VERSION {
        return Some(format!(
            "has partition key version {}; make it anew with version {PARTITION_KEY_VERSION}",
            key.version
        ));
    }
    if definition.default_ttl.is_none() {
        return Some("never lets documents expire; set its defaultTtl to -1".to_owned());
    }
    None
}

/// Whoever asks wants to know how it is now, not whether it gets better: only a hiccup of
/// the network is tried again.
const PROBE: Patience = Patience { attempts_max: 2, total_max: Duration::from_secs(2) };
const PARTITION_KEY_PATH: &str = "/partitionKey";
/// Version 1 spreads keys by another hash, and marks would go to the wrong ranges.
const PARTITION_KEY_VERSION: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(definition: &str, expected: Option<&str>) {
        let wrong = wrong_with(&serde_json::from_str(definition).unwrap());
        assert_eq!(wrong.as_deref(), expected);
    }

    #[test]
    fn a_container_as_it_should_be_is_ready() {
        check(
            r#"{"partitionKey":{"paths":["/partitionKey"],"kind":"Hash","version":2},"defaultTtl":-1}"#,
            None,
        );
    }

    #[test]
    fn what_cannot_work_is_named_with_what_would() {
        check(
            r#"{"partitionKey":{"paths":["/id"],"version":2},"defaultTtl":-1}"#,
            Some("is partitioned by /id; make it anew, partitioned by /partitionKey"),
        );
        check(
            r#"{"partitionKey":{"paths":["/partitionKey"]},"defaultTtl":-1}"#,
            Some("has partition key version 1; make it anew with version 2"),
        );
        check(
            r#"{"partitionKey":{"paths":["/partitionKey"],"version":2}}"#,
            Some("never lets documents expire; set its defaultTtl to -1"),
        );
    }
}
