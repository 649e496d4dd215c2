//! Both programs under the Functions host, from the folders that are deployed.

use crate::support::states;
use anyhow::Result;
use e2e::functions::Hosted;
use e2e::ledger::Ledger;
use e2e::topic::Tail;
use e2e::usage::usage;
use e2e::wait;

#[tokio::test]
async fn an_order_becomes_a_message_under_the_functions_host() -> Result<()> {
    let stage = Hosted::start().await?;
    let mut loaded = stage.relay.loaded.clone();
    loaded.sort_unstable();
    assert_eq!(loaded, ["Relay", "Sweep"]);
    assert_eq!(stage.client.get("/api/health/ready").await?.status, 200);
    assert_eq!(stage.client.get("/api/openapi.json").await?.status, 200);

    let wrong = stage.client.request(reqwest::Method::DELETE, "/api/orders").send().await?;
    assert_eq!(wrong.status(), 405, "the handler answers, not the host");
    assert!(wrong.headers().contains_key("allow"));

    let mut tail = Tail::start(&stage.azure.servicebus, "all")?;
    let order = stage.client.place("A-17", 3).await?;
    assert_eq!(stage.client.change(&order, 4).await?.status, 200);
    let ids: Vec<_> =
        tail.take(2).await?.into_iter().filter_map(|a| a.message.message_id).collect();
    assert_eq!(ids, [format!("{order}.1"), format!("{order}.2")]);
    states(&stage.client, &order, &["processed", "processed"]).await
}

#[tokio::test]
async fn a_handler_that_is_killed_is_started_again_and_loses_nothing() -> Result<()> {
    let stage = Hosted::start().await?;
    let mut tail = Tail::start(&stage.azure.servicebus, "all")?;
    let mut ledger = Ledger::default();
    for number in 1..=60 {
        if number == 30 {
            stage.kill_relay().await?;
        }
        ledger.acknowledge(&stage.client.place("A-17", number).await?, 1);
    }
    tail.fill(&mut ledger).await?;
    assert!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    assert!(stage.api.handler_pid().await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_host_that_is_stopped_leaves_no_handler_behind() -> Result<()> {
    let mut stage = Hosted::start().await?;
    let pid = wait::until("the api runs", || stage.api.handler_pid()).await?;
    assert!(usage(pid).is_ok(), "the handler runs");
    assert!(stage.api.host.stop().await?.success());
    assert!(usage(pid).is_err(), "the handler is gone before its host is");
    Ok(())
}

#[tokio::test]
async fn a_host_that_is_killed_takes_its_handler_with_it() -> Result<()> {
    let mut stage = Hosted::start().await?;
    let pid = wait::until("the api runs", || stage.api.handler_pid()).await?;
    stage.api.host.kill().await?;
    // Dead without memory, or gone: whoever inherits it may be slow to ask for its end.
    wait::until("the handler is gone", async || Ok(usage(pid).is_err().then_some(()))).await
}
