//! INVARIANT same-id-on-repeat: a message whose settlement was lost is sent again under the same
//! MessageId, and the broker drops it.

use crate::support::{count, states};
use anyhow::Result;
use e2e::topic::Tail;
use e2e::world::World;
use serde_json::json;

#[tokio::test]
async fn same_id_on_repeat_when_the_settlement_is_lost() -> Result<()> {
    let world = World::start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let lost = json!({"target": "servicebus", "entity": "orders", "operation": "transfer", "action": "drop-after", "count": 3});
    world.emulator.fault(lost).await?;

    let order = world.client.place("A-17", 3).await?;
    states(&world.client, &order, &["processed"]).await?;
    let next = world.client.place("A-17", 4).await?;
    let ids: Vec<_> =
        tail.take(2).await?.into_iter().filter_map(|a| a.message.message_id).collect();
    assert_eq!(ids, [format!("{order}.1"), format!("{next}.1")]);
    assert_eq!(count(&world, "/servicebus/entities/orders/duplicatesDropped").await?, 3);
    Ok(())
}
