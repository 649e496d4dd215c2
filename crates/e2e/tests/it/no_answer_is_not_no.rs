//! INVARIANT no-answer-is-not-no: a commit whose answer was lost is never reported as failed when
//! it happened, nor done twice.

use anyhow::Result;
use e2e::world::World;
use serde_json::{Value, json};

async fn lose_answers(world: &World, count: u32) -> Result<()> {
    let lost =
        json!({"target": "cosmos", "operation": "batch", "action": "drop-after", "count": count});
    world.emulator.fault(lost).await
}

#[tokio::test]
async fn no_answer_is_not_no_to_a_placement() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    for lost in 1..=3 {
        lose_answers(&world, lost).await?;
        let order = json!({"orderId": format!("o-{lost}"), "accountNumber": "A-17", "quantity": 3});
        assert_eq!(world.client.post(&order).await?.status, 201);
        assert_eq!(world.client.states(&format!("o-{lost}")).await?, ["pending"]);
        world.emulator.mend().await?;
    }
    Ok(())
}

#[tokio::test]
async fn no_answer_is_not_no_to_a_change() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let order = world.client.place("A-17", 3).await?;
    lose_answers(&world, 1).await?;
    let changed = world.client.change(&order, 4).await?;
    assert_eq!((changed.status, &changed.body["version"]), (200, &json!(2)));
    lose_answers(&world, 1).await?;
    let shipped = world.client.deed(&order, "ship").await?;
    assert_eq!((shipped.status, &shipped.body["version"]), (200, &json!(3)));
    let events = world.client.events(&order).await?;
    let types: Vec<&str> = events.iter().filter_map(|event| event["eventType"].as_str()).collect();
    assert_eq!(types, ["OrderPlaced", "OrderQuantityChanged", "OrderShipped"]);
    Ok(())
}

#[tokio::test]
async fn a_repeat_after_503_leads_to_one_order() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let down = json!({"target": "cosmos", "action": "drop-after", "count": 100_000});
    world.emulator.fault(down).await?;
    let order = json!({"orderId": "o-1", "accountNumber": "A-17", "quantity": 3});
    let first = world.client.post(&order).await?;
    assert_eq!(first.status, 503, "{first:?}");
    assert_eq!(first.body["orderId"], json!("o-1"), "it says what may have been written");
    world.emulator.mend().await?;
    let second = world.client.post(&order).await?;
    assert_eq!(second.status, 200, "it had been written: {second:?}");
    let version: &Value = &second.body["version"];
    assert_eq!(version, &json!(1));
    Ok(())
}
