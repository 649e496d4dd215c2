//! INVARIANT own-mark-is-silent: the relay's marks come back through the feed, and cause nothing.

use crate::support::{count, states};
use anyhow::Result;
use e2e::topic::Tail;
use e2e::world::World;

#[tokio::test]
async fn own_mark_is_silent_on_the_wire() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut orders = Vec::new();
    for number in 1..=20 {
        orders.push(world.client.place("A-17", number).await?);
    }
    tail.take(20).await?;
    for order in &orders {
        states(&world.client, order, &["processed"]).await?;
    }
    // The marks have come back once a later order has gone out: the feed keeps their order.
    world.client.place("A-17", 1).await?;
    tail.take(1).await?;
    assert_eq!(count(&world, "/servicebus/entities/orders/accepted").await?, 21);
    assert_eq!(count(&world, "/servicebus/entities/orders/duplicatesDropped").await?, 0);
    Ok(())
}
