//! INVARIANT publish-before-mark: a relay that dies, or a broker that is away, delays events and
//! loses none.

use anyhow::Result;
use e2e::ledger::Ledger;
use e2e::proxy::Proxy;
use e2e::topic::Tail;
use e2e::world::World;
use serde_json::json;

#[tokio::test]
async fn publish_before_mark_when_the_relay_is_killed_in_the_middle_of_a_page() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.start().await?;
    let mut tail = Tail::start(&world.emulator.servicebus, "all")?;
    let mut ledger = Ledger::default();
    for number in 1..=60 {
        ledger.acknowledge(&world.client.place("A-17", number).await?, 1);
    }
    for _ in 0..4 {
        // Each mark is answered late: the relay dies between publishing and knowing.
        let late = json!({"target": "cosmos", "operation": "batch", "action": "delay", "delayMs": 2_000, "count": 1});
        world.emulator.fault(late).await?;
        world.relay.launch()?;
        let arrival = tail.take(1).await?.remove(0);
        let (order, sequence) = arrival.event()?;
        ledger.receive(order, sequence);
        world.relay.kill().await?;
        world.emulator.mend().await?;
        ledger.acknowledge(&world.client.place("A-17", 1).await?, 1);
    }
    world.relay.start().await?;
    tail.fill(&mut ledger).await?;
    assert!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    for order in ledger.orders() {
        crate::support::states(&world.client, order, &["processed"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_broker_that_is_away_and_comes_back_loses_nothing() -> Result<()> {
    let mut world = World::at_rest().await?;
    let proxy = Proxy::open(world.emulator.servicebus_address()).await?;
    let direct = world.emulator.servicebus.clone();
    let address = world.emulator.servicebus_address().to_owned();
    let way = direct.replace(&address, &proxy.address.to_string());
    world.relay.set("SERVICEBUS_CONNECTION", &way);
    world.api.start().await?;
    world.relay.start().await?;
    let mut tail = Tail::start(&direct, "all")?;
    let mut ledger = Ledger::default();
    ledger.acknowledge(&world.client.place("A-17", 1).await?, 1);
    tail.fill(&mut ledger).await?;

    proxy.cut();
    for number in 1..=20 {
        let order = world.client.place("A-17", number).await?;
        assert_eq!(world.client.change(&order, number + 1).await?.status, 200);
        ledger.acknowledge(&order, 2);
    }
    let relay = e2e::client::Client::new(&world.relay.base);
    e2e::wait::until("the relay says that the broker is away", async || {
        let ready = relay.get("/health/ready").await?;
        Ok((ready.status == 503).then_some(()))
    })
    .await?;
    proxy.mend();
    tail.fill(&mut ledger).await?;
    assert!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    Ok(())
}
