//! Mistakes in the environment: all at once at the start, or by name in the readiness.

use crate::support::not_ready;
use anyhow::Result;
use e2e::process::{self, Process};
use e2e::world::World;

#[tokio::test]
async fn every_mistake_of_the_api_is_named_at_once() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.set("COSMOS_ENDPOINT", "http://shop.documents.azure.com");
    world.api.set("COSMOS_DATABASE", "a/b");
    world.api.set("LISTEN", "everywhere");
    world.api.launch()?;
    let process = world.api.process().expect("it was launched");
    assert_eq!(process.ended().await?.code(), Some(1));
    let said = process.written();
    for name in ["COSMOS_ENDPOINT", "COSMOS_DATABASE", "LISTEN"] {
        assert!(said.contains(name), "{name} is not named in:\n{said}");
    }
    Ok(())
}

#[tokio::test]
async fn every_mistake_of_the_relay_is_named_at_once() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.relay.set("SERVICEBUS_CONNECTION", "Endpoint=http://x");
    world.relay.set("RELAY_RETENTION", "a week");
    world.relay.set("RELAY_POLL", "1s..5ms");
    world.relay.set("RELAY_IN_FLIGHT", "0");
    world.relay.launch()?;
    let process = world.relay.process().expect("it was launched");
    assert_eq!(process.ended().await?.code(), Some(1));
    let said = process.written();
    for name in ["SERVICEBUS_CONNECTION", "RELAY_RETENTION", "RELAY_POLL", "RELAY_IN_FLIGHT"] {
        assert!(said.contains(name), "{name} is not named in:\n{said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_is_said_by_the_readiness_and_not_in_the_answers() -> Result<()> {
    let mut world = World::at_rest().await?;
    let wrong = format!("{}==", "d3Jvbmc".repeat(12) + "AA");
    world.api.set("COSMOS_KEY", &wrong);
    world.api.launch()?;
    not_ready(&world.api, "/api/health/ready", "check the key").await?;
    let order = serde_json::json!({"accountNumber": "A-17", "quantity": 3});
    let answer = world.client.post(&order).await?;
    assert_eq!(answer.status, 503);
    assert!(!answer.body.to_string().contains(&wrong), "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn a_missing_container_and_a_missing_topic_are_named() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.set("COSMOS_CONTAINER", "nowhere");
    world.api.launch()?;
    not_ready(&world.api, "/api/health/ready", "nowhere").await?;
    world.relay.set("SERVICEBUS_TOPIC", "silence");
    world.relay.launch()?;
    not_ready(&world.relay, "/health/ready", "silence").await
}

/// Starts a program as a host does whose app settings are empty; returns what it said at its end.
async fn with_nothing(program: &str) -> Result<String> {
    let logs = tempfile::tempdir()?;
    let host = [("FUNCTIONS_CUSTOMHANDLER_PORT", process::free_address()?.port().to_string())];
    let mut process = Process::start_bare(program, &host, logs.path())?;
    assert_eq!(process.ended().await?.code(), Some(1));
    Ok(process.written())
}

#[tokio::test]
async fn a_handler_without_settings_names_all_that_are_missing() -> Result<()> {
    for (program, names) in [
        ("api", &["COSMOS_ENDPOINT"][..]),
        ("relay", &["COSMOS_ENDPOINT", "SERVICEBUS_NAMESPACE", "SERVICEBUS_CONNECTION"]),
    ] {
        let said = with_nothing(program).await?;
        for name in names {
            assert!(said.contains(name), "{name} is not named by {program}:\n{said}");
        }
    }
    Ok(())
}
