//! Connections that break in the middle of a request: cut, reset, half closed, or with the answer
//! swallowed. Both clients, over real sockets; the promises hold all the same.

use anyhow::{Result, ensure};
use e2e::ledger::Ledger;
use e2e::proxy::{Proxy, Trouble};
use e2e::topic::Tail;
use e2e::wait;
use e2e::world::World;
use serde_json::json;
use std::time::Duration;

/// In the middle of a request of some 1.5 KB, whichever is the first on its connection.
const OF_HTTP: [Trouble; 9] = [
    Trouble::CutAfter(1),
    Trouble::CutAfter(300),
    Trouble::CutAfter(600),
    Trouble::ResetAfter(30),
    Trouble::ResetAfter(500),
    Trouble::HalfCloseAfter(200),
    Trouble::SwallowAnswerAfter(100),
    Trouble::SwallowAnswerAfter(600),
    Trouble::Delay(Duration::from_millis(50)),
];

/// In the handshake, while a link is attached, and among transfers.
const OF_AMQP: [Trouble; 9] = [
    Trouble::CutAfter(5),
    Trouble::CutAfter(400),
    Trouble::CutAfter(2_500),
    Trouble::ResetAfter(900),
    Trouble::ResetAfter(4_000),
    Trouble::HalfCloseAfter(2_000),
    Trouble::SwallowAnswerAfter(1_500),
    Trouble::SwallowAnswerAfter(4_000),
    Trouble::Delay(Duration::from_millis(50)),
];

#[tokio::test]
async fn no_answer_is_not_no_wherever_a_connection_to_the_store_breaks() -> Result<()> {
    let mut world = World::at_rest().await?;
    let proxy = Proxy::open(world.emulator.cosmos_address()).await?;
    world.api.set("COSMOS_ENDPOINT", &format!("http://{}", proxy.address));
    world.api.start().await?;
    for (number, trouble) in OF_HTTP.into_iter().enumerate() {
        let was = proxy.struck();
        meet(&proxy, trouble);
        let order = format!("o-{number}");
        let body = json!({"orderId": order, "accountNumber": "A-17", "quantity": 3});
        let first = world.client.post(&body).await?.status;
        ensure!([201, 503].contains(&first), "{trouble:?}: {first}");
        wait::until("a repeat is told that it is there", async || {
            let repeat = world.client.post(&body).await?.status;
            ensure!([200, 201].contains(&repeat), "{trouble:?}: {repeat}");
            ensure!(repeat == 200 || first == 503, "{trouble:?}: placed twice");
            Ok(Some(()))
        })
        .await?;
        assert_eq!(world.client.events(&order).await?.len(), 1, "{trouble:?}: both or neither");
        struck(&proxy, was, trouble).await?;
    }
    Ok(())
}

#[tokio::test]
async fn same_id_on_repeat_wherever_a_connection_to_the_broker_breaks() -> Result<()> {
    let mut world = World::at_rest().await?;
    let proxy = Proxy::open(world.emulator.servicebus_address()).await?;
    let direct = world.emulator.servicebus.clone();
    let way = direct.replace(world.emulator.servicebus_address(), &proxy.address.to_string());
    world.relay.set("SERVICEBUS_CONNECTION", &way);
    world.api.start().await?;
    world.relay.start().await?;
    let (mut tail, mut ledger) = (Tail::start(&direct, "all")?, Ledger::default());
    for trouble in OF_AMQP {
        let was = proxy.struck();
        meet(&proxy, trouble);
        for quantity in 1..=8 {
            let order = world.client.place("A-17", quantity).await?;
            assert_eq!(world.client.change(&order, quantity + 1).await?.status, 200);
            ledger.acknowledge(&order, 2);
        }
        tail.fill(&mut ledger).await?;
        assert!(ledger.verdict().is_clean(), "{trouble:?}: {:?}", ledger.verdict());
        struck(&proxy, was, trouble).await?;
    }
    Ok(())
}

/// The next connection, which has to be a new one, meets this trouble.
fn meet(proxy: &Proxy, trouble: Trouble) {
    proxy.cut();
    proxy.plan(trouble, 1);
    proxy.mend();
}

/// The trouble was met: without it the test would prove nothing.
async fn struck(proxy: &Proxy, was: usize, trouble: Trouble) -> Result<()> {
    if let Trouble::Delay(_) = trouble {
        return Ok(());
    }
    wait::until(&format!("{trouble:?} strikes"), async || Ok((was < proxy.struck()).then_some(())))
        .await
}
