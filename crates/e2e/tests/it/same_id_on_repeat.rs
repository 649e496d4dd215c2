//! INVARIANT same-id-on-repeat: a message whose settlement was lost is sent again under the same
//! MessageId, and the broker drops it; beyond the window of duplicate detection it is delivered
//! again, the same in everything.

use crate::support::{count, states};
use anyhow::Result;
use e2e::emulator::Setup;
use e2e::ledger::{Ledger, Verdict};
use e2e::topic::{Arrival, Tail};
use e2e::world::World;
use serde_json::json;
use std::path::Path;

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

/// A relay that publishes and cannot mark: each of its marks is refused.
async fn publish_without_marks(world: &mut World, order: &str) -> Result<Vec<Arrival>> {
    let refused =
        json!({"target": "cosmos", "operation": "batch", "action": "status", "count": 100_000});
    world.emulator.fault(refused).await?;
    world.relay.launch()?;
    // Its own consumer: the clock is about to jump, and locks would not outlast that.
    let arrived = Tail::start(&world.emulator.servicebus, "all")?.take(3).await?;
    world.relay.kill().await?;
    world.emulator.mend().await?;
    states(&world.client, order, &["pending"; 3]).await?;
    Ok(arrived)
}

/// An order with three events, in a world whose topic remembers ids for five minutes.
async fn with_three_events(folder: &Path) -> Result<(World, String)> {
    let config = folder.join("Config.json");
    std::fs::write(&config, SHORT_WINDOW)?;
    let setup = Setup { config: Some(&config), ..Setup::default() };
    let mut world = World::at_rest_on(setup).await?;
    world.api.start().await?;
    let order = world.client.place("A-17", 3).await?;
    for quantity in 4..6 {
        assert_eq!(world.client.change(&order, quantity).await?.status, 200);
    }
    Ok((world, order))
}

#[tokio::test]
async fn a_repeat_inside_the_window_is_dropped_and_one_beyond_it_comes_again_as_it_was()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut world, order) = with_three_events(folder.path()).await?;
    let mut arrived = publish_without_marks(&mut world, &order).await?;
    // Beyond the window: everything is published, taken and delivered once more.
    world.emulator.advance(400).await?;
    arrived.extend(publish_without_marks(&mut world, &order).await?);
    // Inside it, of the second publication: dropped. What comes next is what is new.
    world.relay.start().await?;
    states(&world.client, &order, &["processed"; 3]).await?;
    assert_eq!(world.client.change(&order, 6).await?.status, 200);
    arrived.extend(Tail::start(&world.emulator.servicebus, "all")?.take(1).await?);

    let ids: Vec<_> = arrived.iter().filter_map(|one| one.message.message_id.as_deref()).collect();
    let expected = [1, 2, 3, 1, 2, 3, 4].map(|sequence| format!("{order}.{sequence}"));
    assert_eq!(ids, expected);
    let mut ledger = Ledger::default();
    ledger.acknowledge(&order, 4);
    for one in &arrived {
        ledger.deliver(&one.message)?;
    }
    let Verdict { missing, overtaken, repeated, altered } = ledger.verdict();
    assert_eq!((missing.len(), overtaken.len(), altered.len()), (0, 0, 0), "{altered:?}");
    assert_eq!(repeated, [1, 2, 3].map(|sequence| format!("{order}.{sequence}")));
    let dropped = count(&world, "/servicebus/entities/orders/duplicatesDropped").await?;
    assert!(3 <= dropped, "{dropped}");
    assert_eq!(world.operated(&["audit", "--json"]).await?["isConserved"], true);
    Ok(())
}

/// A window that no test outlasts, and the clock does.
const SHORT_WINDOW: &str = r#"{"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Topics": [{
    "Name": "orders",
    "Properties": {
        "RequiresDuplicateDetection": true, "DuplicateDetectionHistoryTimeWindow": "PT5M"
    },
    "Subscriptions": [{"Name": "all", "Properties": {"RequiresSession": true}}]
}]}]}}"#;
