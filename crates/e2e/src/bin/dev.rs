//! Everything started and left running, with the lines to play with it and every message as it
//! arrives. Started by `cargo xtask dev`; Ctrl-C stops all of it.
#![expect(clippy::print_stdout, reason = "the playground talks to a person")]

use anyhow::Result;
use e2e::emulator::{Emulator, Setup};
use e2e::functions::FunctionApp;
use e2e::process::asked_to_end;
use e2e::topic::Tail;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let played = tokio::select! {
        played = play() => played,
        () = asked_to_end() => Ok(()),
    };
    match played {
        Ok(()) => {
            println!("\nstopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("\ndev failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play() -> Result<()> {
    let logs = tempfile::tempdir()?;
    let config = logs.path().join("Config.json");
    std::fs::write(&config, CONFIG)?;
    let addresses = ["127.0.0.1:8081", "127.0.0.1:5672", "127.0.0.1:8090", "127.0.0.1:5300"];
    let setup = Setup { addresses, config: Some(&config), ..Setup::default() };
    let azure = Emulator::start(setup, logs.path()).await?;
    let api = FunctionApp::start("api", "127.0.0.1:7071", &azure, logs.path()).await?;
    let relay = FunctionApp::start("relay", "127.0.0.1:7072", &azure, logs.path()).await?;
    greet(&azure, &api, &relay, &logs);
    let mut tail = Tail::start(&azure.servicebus, "tail")?;
    loop {
        println!("{}", tail.next().await?);
    }
}

fn greet(azure: &Emulator, api: &FunctionApp, relay: &FunctionApp, logs: &tempfile::TempDir) {
    println!("Cosmos DB     {}  (public emulator key)", azure.cosmos);
    println!("Service Bus   {}", azure.servicebus);
    println!("api           {}  {}", api.base, api.loaded.join(" "));
    println!("relay         {}  {}", relay.base, relay.loaded.join(" "));
    println!("logs          {}", logs.path().display());
    println!("\nPlace an order, change it, ship it, and ask where its events are:\n");
    let base = &api.base;
    let json = "-H 'content-type: application/json'";
    println!("  curl -i {base}/api/orders {json} \\");
    println!("       -d '{{\"orderId\":\"order-1\",\"accountNumber\":\"A-17\",\"quantity\":3}}'");
    println!("  curl -i -X PATCH {base}/api/orders/order-1 {json} -d '{{\"quantity\":4}}'");
    println!("  curl -i -X POST {base}/api/orders/order-1/ship");
    println!("  curl -s {base}/api/orders/order-1/events");
    println!(
        "\nEvery message that reaches the topic is shown below, from a subscription of its own;"
    );
    println!("subscription `all` is yours to receive from. Ctrl-C stops everything.\n");
}

/// Topic `orders` as the emulator makes it by itself, and a second subscription for this program.
const CONFIG: &str = r#"{
  "UserConfig": {
    "Namespaces": [{
      "Name": "sbemulatorns",
      "Topics": [{
        "Name": "orders",
        "Properties": { "RequiresDuplicateDetection": true, "DuplicateDetectionHistoryTimeWindow": "PT5M" },
        "Subscriptions": [
          { "Name": "all", "Properties": { "RequiresSession": true, "MaxDeliveryCount": 10 } },
          { "Name": "tail", "Properties": { "RequiresSession": true, "MaxDeliveryCount": 10 } }
        ]
      }]
    }]
  }
}"#;
