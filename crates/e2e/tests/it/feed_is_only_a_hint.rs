//! INVARIANT feed-is-only-a-hint: events that the feed never told of are found by the sweep.

use anyhow::Result;
use e2e::ledger::Ledger;
use e2e::topic::Tail;
use e2e::world::World;
use serde_json::json;

#[tokio::test]
async fn feed_is_only_a_hint_to_a_relay_that_starts_late() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut ledger = Ledger::default();
    for number in 1..=30 {
        let order = world.client.place("A-17", number).await?;
        assert_eq!(world.client.change(&order, number + 1).await?.status, 200);
        ledger.acknowledge(&order, 2);
    }
    // The feed is down all the while: only the sweep can find them.
    let down = json!({"target": "cosmos", "operation": "feed", "action": "status", "status": 503, "count": 100_000});
    world.emulator.fault(down).await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    world.relay.launch()?;
    tail.fill(&mut ledger).await?;
    assert!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    Ok(())
}
