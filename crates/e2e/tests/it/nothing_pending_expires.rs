//! INVARIANT nothing-pending-expires: only a processed event has a time to live.

use crate::support::{document, states};
use anyhow::Result;
use e2e::topic::Tail;
use e2e::world::World;

const A_YEAR: u64 = 365 * 24 * 60 * 60;

#[tokio::test]
async fn nothing_pending_expires_however_long_the_relay_is_away() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let order = world.client.place("A-17", 3).await?;
    let event = document(&world, &order, &format!("{order}.1")).await?.expect("the event stands");
    assert!(event.get("ttl").is_none());

    world.emulator.advance(A_YEAR).await?;
    states(&world.client, &order, &["pending"]).await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    world.relay.start().await?;
    assert_eq!(world.client.change(&order, 4).await?.status, 200);
    let ids: Vec<_> =
        tail.take(2).await?.into_iter().filter_map(|a| a.message.message_id).collect();
    assert_eq!(ids, [format!("{order}.1"), format!("{order}.2")]);
    Ok(())
}

#[tokio::test]
async fn a_processed_event_expires_after_its_retention() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    world.relay.set("RELAY_RETENTION", "1h");
    world.relay.start().await?;
    let order = world.client.place("A-17", 3).await?;
    states(&world.client, &order, &["processed"]).await?;
    world.emulator.advance(59 * 60).await?;
    states(&world.client, &order, &["processed"]).await?;
    world.emulator.advance(2 * 60).await?;
    states(&world.client, &order, &[]).await?;
    assert_eq!(world.client.get(&format!("/api/orders/{order}")).await?.status, 200);
    Ok(())
}
