//! A system that is deployed: it is used as its users and its operators use it, and nothing is
//! killed there. Its messages are left to its consumers: what was published is read from the marks.

use crate::support::states;
use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::process;
use serde_json::Value;

fn client() -> Result<Client> {
    let base = std::env::var("E2E_API").context("E2E_API is not set")?;
    let client = Client::new(base.trim_end_matches('/'));
    Ok(match std::env::var("E2E_API_KEY") {
        Ok(key) => client.with_key(key),
        Err(_) => client,
    })
}

async fn operated(arguments: &[&str]) -> Result<Value> {
    let (code, out, err) = process::run("relay", arguments, &[]).await?;
    let said = String::from_utf8_lossy(&err);
    ensure!(code == 0, "relay {arguments:?}: {said} {}", String::from_utf8_lossy(&out));
    Ok(serde_json::from_slice(&out)?)
}

#[tokio::test]
async fn every_event_of_an_order_is_published_and_marked() -> Result<()> {
    let client = client()?;
    let order = client.place("e2e", 3).await?;
    ensure!(client.change(&order, 4).await?.status == 200);
    ensure!(client.deed(&order, "ship").await?.status == 200);
    states(&client, &order, &["processed", "processed", "processed"]).await?;
    let shown = operated(&["show", &order, "--json"]).await?;
    let events = shown["events"].as_array().context("events")?;
    ensure!(events.len() == 3 && events.iter().all(|one| one["state"] == "processed"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn its_topic_and_its_containers_are_made_as_promised() -> Result<()> {
    let said = operated(&["check", "--json"]).await?;
    ensure!(said["isFine"] == true, "{said}");
    Ok(())
}
