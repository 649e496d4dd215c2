//! INVARIANT poison-holds-only-its-order: what can never be sent is parked with its reason, what
//! is behind it waits, and all other orders flow.

use crate::support::{document, states};
use anyhow::Result;
use e2e::topic::Tail;
use e2e::world::World;
use serde_json::json;

#[tokio::test]
async fn poison_holds_only_its_order_and_says_why() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let poisoned = world.client.place("A-17", 3).await?;
    let refuse = json!({"target": "servicebus", "entity": "orders", "operation": "transfer",
        "action": "reject", "condition": "com.microsoft:argument-error", "count": 1});
    world.emulator.fault(refuse).await?;
    world.relay.start().await?;
    states(&world.client, &poisoned, &["parked"]).await?;

    assert_eq!(world.client.change(&poisoned, 4).await?.status, 200);
    let mut others = Vec::new();
    for number in 1..=10 {
        others.push(format!("{}.1", world.client.place("A-18", number).await?));
    }
    let mut arrived: Vec<_> =
        tail.take(10).await?.into_iter().filter_map(|a| a.message.message_id).collect();
    arrived.sort_unstable();
    others.sort_unstable();
    assert_eq!(arrived, others);
    states(&world.client, &poisoned, &["parked", "pending"]).await?;

    let event = document(&world, &poisoned, &format!("{poisoned}.1")).await?.expect("it stands");
    let reason = event["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("com.microsoft:argument-error"), "{reason:?}");
    assert!(event["parkedAt"].is_string());
    assert!(event.get("ttl").is_none());
    Ok(())
}
