//! Both programs with the identity that Azure gives them, and no key: tokens from the identity
//! endpoint, shown to both services, and renewed before they expire.

use crate::support::not_ready;
use anyhow::Result;
use e2e::identity::{Answer, COSMOS, Identity, SERVICEBUS};
use e2e::ledger::Ledger;
use e2e::topic::Tail;
use e2e::world::World;
use std::time::Duration;

/// The local Azure, and both programs ready to be started with nothing but an identity.
async fn keyless(identity: &Identity) -> Result<World> {
    let mut world = World::at_rest().await?;
    let namespace = world.emulator.servicebus_address().to_owned();
    for app in [&mut world.api, &mut world.relay] {
        app.set("COSMOS_KEY", "");
        app.set("SERVICEBUS_CONNECTION", "");
        app.set("SERVICEBUS_NAMESPACE", &namespace);
        for (name, value) in identity.variables() {
            app.set(name, value);
        }
    }
    Ok(world)
}

async fn start(world: &mut World) -> Result<()> {
    world.api.start().await?;
    world.relay.start().await
}

#[tokio::test]
async fn tokens_are_renewed_before_they_expire_and_no_request_fails() -> Result<()> {
    let identity = Identity::start(Duration::from_secs(8)).await?;
    let mut world = keyless(&identity).await?;
    start(&mut world).await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let (mut ledger, mut number) = (Ledger::default(), 0);
    // Two programs have two tokens for Cosmos DB; the relay has one for Service Bus.
    while identity.seen(COSMOS) < 6 || identity.seen(SERVICEBUS) < 3 {
        number += 1;
        ledger.acknowledge(&world.client.place("A-17", number).await?, 1);
    }
    tail.fill(&mut ledger).await?;
    assert!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    let said = world.relay.process().expect("it runs").written();
    assert!(!said.contains("no link"), "the link went with its token:\n{said}");
    Ok(())
}

#[tokio::test]
async fn an_identity_that_falters_is_asked_again() -> Result<()> {
    let identity = Identity::start(Duration::from_hours(1)).await?;
    identity.then([Answer::Status(429), Answer::Status(500), Answer::Status(503)]);
    let mut world = keyless(&identity).await?;
    start(&mut world).await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    world.client.place("A-17", 3).await?;
    tail.take(1).await?;
    assert_eq!(identity.left(), 0);
    Ok(())
}

#[tokio::test]
async fn a_wrong_header_is_said_and_crashes_nobody() -> Result<()> {
    let identity = Identity::start(Duration::from_hours(1)).await?;
    let mut world = keyless(&identity).await?;
    for app in [&mut world.api, &mut world.relay] {
        app.set("IDENTITY_HEADER", "another");
        app.launch()?;
    }
    not_ready(&world.api, "/api/health/ready", "cannot be reached").await?;
    not_ready(&world.relay, "/health/ready", "cannot be reached").await?;
    assert!(0 < identity.seen("wrong header"));
    assert_eq!(identity.seen(COSMOS) + identity.seen(SERVICEBUS), 0);
    for app in [&mut world.api, &mut world.relay] {
        let process = app.process().expect("it was launched");
        assert!(process.pid().is_ok(), "it ended:\n{}", process.written());
        app.kill().await?;
    }
    Ok(())
}

/// Each client gets a token that its service refuses, and replaces it, although it was said to be
/// good for an hour.
async fn check(refused: Answer) -> Result<()> {
    let identity = Identity::start(Duration::from_hours(1)).await?;
    let mut world = keyless(&identity).await?;
    identity.then([refused]);
    world.api.start().await?;
    identity.then([refused; 2]);
    world.relay.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    world.client.place("A-17", 3).await?;
    tail.take(1).await?;
    assert_eq!(identity.left(), 0);
    Ok(())
}

#[tokio::test]
async fn a_token_for_another_service_is_replaced() -> Result<()> {
    check(Answer::ForAnother).await
}

#[tokio::test]
async fn an_expired_token_is_replaced_whatever_the_identity_says_of_it() -> Result<()> {
    check(Answer::Expired).await
}

#[tokio::test]
async fn an_identity_that_opens_nothing_is_said_with_the_reason() -> Result<()> {
    let identity = Identity::start(Duration::from_hours(1)).await?;
    identity.then([Answer::ForAnother; 1_000]);
    let mut world = keyless(&identity).await?;
    world.api.launch()?;
    world.relay.launch()?;
    not_ready(&world.api, "/api/health/ready", "https://another.example").await?;
    not_ready(&world.relay, "/health/ready", "InvalidAudience").await?;
    Ok(())
}
