//! INVARIANT refuse-early: what the broker would refuse never reaches the store.

use crate::support::count;
use anyhow::Result;
use e2e::world::World;
use serde_json::json;

const BATCHES: &str = "/cosmos/databases/shop/containers/orders/requests/batch/count";

#[tokio::test]
async fn refuse_early_what_is_too_large_or_badly_named() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    world.client.place("A-17", 3).await?;
    let before = count(&world, BATCHES).await?;
    let large = "x".repeat(64 * 1024);
    for (order, status) in [
        (json!({"accountNumber": large, "quantity": 3}), 413),
        (json!({"orderId": "x".repeat(65), "accountNumber": "A-17", "quantity": 3}), 422),
        (json!({"orderId": "a/b", "accountNumber": "A-17", "quantity": 3}), 422),
        (json!({"orderId": "注文", "accountNumber": "A-17", "quantity": 3}), 422),
        (json!({"accountNumber": "A-17", "quantity": 0}), 422),
        (json!({"accountNumber": "A-17", "quantity": 3, "note": "x"}), 422),
    ] {
        let answer = world.client.post(&order).await?;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(count(&world, BATCHES).await?, before, "nothing of it reached the store");
    Ok(())
}
