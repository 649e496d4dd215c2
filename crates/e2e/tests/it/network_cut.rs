//! Two relays, each in a container with one way out: the way of one is cut, then the other one is
//! killed. Nothing is lost, and nothing overtakes.

use crate::support::container_at;
use anyhow::{Context, Result, ensure};
use cosmos::{Query, Within};
use e2e::client::Client;
use e2e::container::{Container, Network, Output, Spec, unique};
use e2e::ledger::Ledger;
use e2e::process;
use e2e::topic::Tail;
use e2e::wait;
use e2e::world::{App, COSMOS_KEY};
use serde_json::Value;
use std::path::Path;
use tokio::task::JoinSet;

/// Both services on a bridge; from this machine they are reached on loopback.
struct Azure {
    cosmos: String,
    servicebus: String,
    container: Container,
}

impl Azure {
    fn start(bridge: &str, logs: &Path) -> Result<Self> {
        let arguments = ["--cosmos", "0.0.0.0:8081", "--servicebus", "0.0.0.0:5672"];
        let arguments = arguments.map(str::to_owned);
        let network = Network::Bridge(bridge);
        let spec = Spec { network, ports: &[8081, 5672], ..Spec::of("emulator", &arguments) };
        let container = Container::start(&spec, Some(log(logs, "emulator")))?;
        let cosmos = format!("http://127.0.0.1:{}", container.port(8081)?);
        let servicebus = connection(container.port(5672)?);
        Ok(Self { cosmos, servicebus, container })
    }

    /// Who owns the one lease that there is.
    async fn owner(&self) -> Result<Option<String>> {
        let query = Query::new("SELECT * FROM c");
        let container = container_at(&self.cosmos, "leases")?;
        let range = container.ranges().await?.pop().context("a range")?;
        for lease in container.query_all(&query, Within::Range(&range.id)).await?.documents {
            let lease: Value = serde_json::from_str(lease.get())?;
            if let Some(owner) = lease.get("Owner").and_then(Value::as_str) {
                return Ok(Some(owner.to_owned()));
            }
        }
        Ok(None)
    }

    /// Waits until somebody else than this one owns it.
    async fn taken_from(&self, loser: Option<&str>) -> Result<String> {
        wait::until(&format!("the lease is taken from {loser:?}"), async || {
            Ok(self.owner().await?.filter(|owner| Some(owner.as_str()) != loser))
        })
        .await
    }
}

/// A relay, and the gate through which alone it reaches anything.
struct Relay {
    gate: Container,
    relay: Container,
}

impl Relay {
    fn start(azure: &Azure, bridge: &str, logs: &Path) -> Result<Self> {
        let at = &azure.container.name;
        let ways = [8081, 5672].map(|port| format!("127.0.0.1:{port}={at}:{port}"));
        let arguments = [&["gate".to_owned()][..], &ways].concat();
        let network = Network::Bridge(bridge);
        let gate = Spec { network, ..Spec::of("emulator", &arguments) };
        let gate = Container::start(&gate, Some(log(logs, "gate")))?;
        let connection = connection(5672);
        let variables = [
            ("COSMOS_ENDPOINT", "http://127.0.0.1:8081"),
            ("COSMOS_KEY", COSMOS_KEY),
            ("SERVICEBUS_CONNECTION", &connection),
            ("RELAY_LEASE_ACQUIRE", "1s"),
            ("RELAY_LEASE_RENEW", "1s"),
            ("RELAY_LEASE_EXPIRE", "5s"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let spec = Spec { network: Network::Of(&gate), variables, ..Spec::of("relay", &[]) };
        let relay = Container::start(&spec, Some(log(logs, "relay")))?;
        Ok(Self { gate, relay })
    }
}

fn log(logs: &Path, name: &str) -> Output {
    Output { log: logs.join(format!("{name}.log")), lines: None }
}

fn connection(port: u16) -> String {
    format!(
        "Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;\
         SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )
}

/// The life of one order.
async fn write(client: Client) -> Result<(String, u32)> {
    let order = client.place("A-17", 1).await?;
    for quantity in 2..=12 {
        ensure!(client.change(&order, quantity).await?.status == 200);
    }
    Ok((order, 12))
}

async fn settle(
    mut load: JoinSet<Result<(String, u32)>>,
    tail: &mut Tail,
    ledger: &mut Ledger,
) -> Result<()> {
    while let Some(written) = load.join_next().await {
        let (order, version) = written??;
        ledger.acknowledge(&order, version);
    }
    tail.fill(ledger).await?;
    ensure!(ledger.verdict().is_clean(), "{:?}", ledger.verdict());
    Ok(())
}

#[tokio::test]
async fn a_relay_that_is_cut_off_and_one_that_is_killed_lose_nothing() -> Result<()> {
    let (logs, bridge) = (tempfile::tempdir()?, unique("bridge"));
    let azure = Azure::start(&bridge, logs.path())?;
    let store = [("COSMOS_ENDPOINT", azure.cosmos.as_str()), ("COSMOS_KEY", COSMOS_KEY)];
    let mut api = App::new("api", "/api/health/ready", &store, logs.path())?;
    api.start().await?;
    let client = Client::new(&api.base);
    let load = || (0..6).map(|_| write(client.clone())).collect::<JoinSet<_>>();
    let mut tail = Tail::start(&azure.servicebus, "all")?;
    let mut ledger = Ledger::default();

    let first = Relay::start(&azure, &bridge, logs.path())?;
    let owner = azure.taken_from(None).await?;
    let second = Relay::start(&azure, &bridge, logs.path())?;
    settle(load(), &mut tail, &mut ledger).await?;
    ensure!(azure.owner().await? == Some(owner.clone()), "two relays and one lease: no theft");

    let writers = load();
    first.gate.disconnect(&bridge).await?;
    let heir = azure.taken_from(Some(&owner)).await?;
    settle(writers, &mut tail, &mut ledger).await?;

    first.gate.connect(&bridge).await?;
    let writers = load();
    second.relay.kill().await?;
    ensure!(azure.taken_from(Some(&heir)).await? == owner, "the first one is back");
    settle(writers, &mut tail, &mut ledger).await?;

    let (store, broker) = (azure.cosmos.as_str(), azure.servicebus.as_str());
    let variables =
        [("COSMOS_ENDPOINT", store), ("COSMOS_KEY", COSMOS_KEY), ("SERVICEBUS_CONNECTION", broker)];
    wait::until("the audit is clean, and nothing is pending", async || {
        let (code, out, _) = process::run("relay", &["audit", "--json"], &variables).await?;
        let audit: Value = serde_json::from_slice(&out)?;
        let status = process::run("relay", &["status", "--json"], &variables).await?;
        let status: Value = serde_json::from_slice(&status.1)?;
        let pending = status["pending"]["count"].as_u64().context("how many are pending")?;
        ensure!(code == 0 && audit["isConserved"] == true && pending == 0, "{audit} {status}");
        Ok(Some(()))
    })
    .await
}
